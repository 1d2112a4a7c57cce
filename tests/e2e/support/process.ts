import type { TestCluster } from "./etcd-cluster";
import { cluster as lab, kubectl, numberOf } from "./lab";

interface PodObject {
  metadata: { name: string; uid: string };
  spec: { nodeName: string };
}

/** A pod's processes, which its node signals without Kubernetes. */
export class Processes {
  private constructor(
    readonly pod: string,
    /** The number of the node. */
    readonly node: number,
    private readonly uid: string,
  ) {}

  static async of(cluster: TestCluster, pod: string): Promise<Processes> {
    return Processes.ofPod(await cluster.json<PodObject>(["get", "pod", pod]));
  }

  /** The controller's pods that have a node. */
  static async ofController(cluster: TestCluster): Promise<Processes[]> {
    const label = "app.kubernetes.io/component=controller";
    const { items } = await cluster.json<{ items: PodObject[] }>(["get", "pods", "-l", label]);
    return Promise.all(items.filter((pod) => pod.spec.nodeName).map((pod) => Processes.ofPod(pod)));
  }

  private static async ofPod({ metadata, spec }: PodObject): Promise<Processes> {
    return new Processes(metadata.name, await numberOf(spec.nodeName), metadata.uid);
  }

  /**
   * Sends a signal to the processes of this program (`etcd`, `node`, `pause`) and returns the processes that it
   * found. `comm` doesn't tell: Node.js 24 calls its first thread MainThread. The pod's UID in the names of
   * cgroups has dashes or underscores.
   */
  async signal(name: string, signal: string): Promise<string[]> {
    const uid = this.uid.replaceAll("-", "[-_]");
    const script = `for d in $(grep -lE 'pod${uid}' /proc/[0-9]*/cgroup 2>/dev/null); do
      p=\${d#/proc/}; p=\${p%/cgroup}
      read -rd '' program 2>/dev/null <"/proc/$p/cmdline" || continue
      if [ "\${program##*/}" = '${name}' ]; then kill -${signal} $p 2>/dev/null && echo $p; fi
    done; true`;
    return (await lab(["node", String(this.node), "bash", "-c", script])).trim().split("\n").filter(Boolean);
  }

  /** Runs etcdctl in a member without Kubernetes. */
  async etcdctl(args: readonly string[]): Promise<string> {
    const [pid] = await this.running("etcd");
    const script = `env -i $(tr '\\0' '\\n' </proc/${pid}/environ | grep -E '^(ETCDCTL_|PATH=)') \
      "$(command -v nsenter)" -t ${pid} -m -n etcdctl ${args.map((arg) => `'${arg}'`).join(" ")}`;
    return lab(["node", String(this.node), "bash", "-c", script]);
  }

  /** The running processes of this name. */
  running(name: string): Promise<string[]> {
    return this.signal(name, "0");
  }
}

/** The name of the pod that holds the lease. */
export async function leaseHolder(cluster: TestCluster): Promise<string | undefined> {
  const ran = await kubectl().try([
    ...["-n", cluster.namespace, "get", "lease", `${cluster.name}-controller`],
    ...["-o", "jsonpath={.spec.holderIdentity}"],
  ]);
  return ran.stdout.split("_")[0] || undefined;
}
