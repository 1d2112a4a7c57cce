import { dirname, join } from "node:path";
import { Kubectl, run } from "../../../hack/kubectl";
import { root } from "../../../hack/root";

/** The local Kubernetes that the tests run on. */

let shared: Kubectl | undefined;
export const kubectl = (): Kubectl => (shared ??= new Kubectl());

/** The folder of the local Kubernetes. */
export const labFolder = () => join(dirname(kubectl().env.KUBECONFIG ?? ""), "..");

/** Runs `hack/cluster`, which also makes faults. */
export async function cluster(args: string[], env: Record<string, string> = {}): Promise<string> {
  const ran = await run(join(root, "hack", "cluster"), args, { env: { ...process.env, ...env } });
  if (ran.code !== 0) {
    throw new Error(`hack/cluster ${args.join(" ")}\n${ran.stdout}${ran.stderr}`);
  }
  return ran.stdout;
}

interface Node {
  metadata: { name: string; labels: Record<string, string> };
  spec: { unschedulable?: boolean };
}

/** The schedulable nodes by their number in `hack/cluster`. */
export async function nodes(): Promise<Map<number, string>> {
  const { items } = await kubectl().json<{ items: Node[] }>(["get", "nodes", "-l", "etcd-lab/node"]);
  return new Map(
    items
      .filter((node) => !node.spec.unschedulable)
      .map((node) => [Number(node.metadata.labels["etcd-lab/node"]), node.metadata.name] as const)
      .sort(([a], [b]) => a - b),
  );
}

export async function numberOf(name: string | undefined): Promise<number> {
  const found = [...(await nodes())].find(([, node]) => node === name)?.[0];
  if (found === undefined) throw new Error(`there is no node ${name} that pods may be put on`);
  return found;
}

/** Starts what is stopped, and adds nodes until there are `count`. */
export const bringUp = (count: number) => cluster(["up"], { NODES: String(count) });

/** The versions of etcd, such as 3.6.16, that the local Kubernetes has images of. */
export async function etcdVersions(): Promise<string[]> {
  return (await cluster(["versions"]))
    .trim()
    .split("\n")
    .map((line) => line.replace(/^.* v/, ""));
}
