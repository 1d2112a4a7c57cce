import type { Ran } from "../../../hack/kubectl";
import type { MemberPod, TestCluster } from "./etcd-cluster";
import { kubectl } from "./lab";

/**
 * Drains only this cluster's members, because other pods on the node have their own budgets. Leaves the node
 * cordoned.
 */
export function drain(cluster: TestCluster, node: string, seconds: number): Promise<Ran> {
  const selector = Object.entries(cluster.label).map((label) => label.join("="));
  return kubectl().try(["drain", node, `--pod-selector=${selector.join()}`, `--timeout=${seconds}s`]);
}

export const cordon = (...names: string[]) => kubectl().run(["cordon", ...names]);
export const uncordon = (...names: string[]) => kubectl().run(["uncordon", ...names]);

export async function memberOn(cluster: TestCluster, node: string): Promise<MemberPod | undefined> {
  return (await cluster.pods()).find((pod) => pod.node === node);
}
