/** The newest good backup as the plan sees it. */
import { newestOf } from "../../shared/backups/status";
import type { ControllerRecord, Desired, World } from "../model";
import { awaitsBackup } from "../plan/asides";

export function wantsBackup(
  desired: Desired | { readonly problem: string },
  record: ControllerRecord | { readonly problem: string } | undefined,
): boolean {
  return (
    !("problem" in desired) && record !== undefined && !("problem" in record) && awaitsBackup(desired, record)
  );
}

/** Its manifest says the cluster's ID as etcdctl prints it. */
export function backupView(told: Readonly<Record<string, string>> | undefined): World["backup"] {
  const newest = newestOf(told ?? {});
  return newest && { name: newest.name, clusterId: BigInt(`0x${newest.clusterId}`).toString() };
}
