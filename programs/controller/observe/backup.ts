/** The newest good backup as the plan sees it. */
import { newestOf } from "../../shared/backups/status";
import type { World } from "../model";

/** Its manifest says the cluster's ID as etcdctl prints it. */
export function backupView(told: Readonly<Record<string, string>> | undefined): World["backup"] {
  const newest = newestOf(told ?? {});
  return newest && { name: newest.name, clusterId: BigInt(`0x${newest.clusterId}`).toString() };
}
