import { parseVersion } from "../../../components/contract/versions";

/** etcd 3.7 and later can't read some entries that 3.5 writes to its log: see `isOldRequest`. */
export function readsOldLog(version: string): boolean {
  const v = parseVersion(version);
  return !v || v.major < 3 || (v.major === 3 && v.minor < 7);
}

export function oldLogProblem(oldEntry: number | undefined, version: string): string | undefined {
  if (oldEntry === undefined || readsOldLog(version)) return undefined;
  return (
    `its log has entries of etcd 3.5, up to entry ${oldEntry}, and etcd ${version} can't read them: ` +
    "declare 3.6 again"
  );
}
