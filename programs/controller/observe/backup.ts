/** The newest good backup as the plan sees it. */
import { newestOf } from "../../shared/backups/status";
import type { World } from "../model";

/** The manifest has the cluster ID in hex. The plan uses decimal IDs. */
export function backupView(status: Readonly<Record<string, string>> | undefined): World["backup"] {
  const newest = newestOf(status ?? {});
  return newest && { name: newest.name, clusterId: BigInt(`0x${newest.clusterId}`).toString() };
}
