import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { EtcdCluster } from "../../../components";
import type { EtcdClusterArgs } from "../../../components";
import type { Changed } from "../../../hack/offline/apply";
import { remove } from "../../../hack/offline/apply";
import type { Deployment } from "../../../hack/offline/deploy";
import { deployProgram, stateFile } from "../../../hack/offline/deploy";
import type { Rendered } from "../../../hack/offline/render";
import { render } from "../../../hack/offline/render";
import { readState } from "../../../hack/offline/state";
import { waitForVoters } from "../../../hack/wait-for-voters";
import type { Ran } from "../../../hack/kubectl";
import { kubectl } from "./lab";
import { eventually } from "./poll";
import { deployRelease } from "./release";
import { report } from "./report";

export const namespacePrefix = "e2e-";

/** A small cluster whose data is deleted with it. */
const testArgs: EtcdClusterArgs = {
  members: 3,
  allowDataDeletion: true,
  clients: [{ name: "app" }],
  resources: { cpuRequest: "50m", memoryLimit: "512Mi" },
  storage: { size: "1Gi" },
};

export interface MemberPod {
  readonly name: string;
  readonly uid: string;
  readonly ip: string | undefined;
  readonly node: string | undefined;
  readonly ready: boolean;
  readonly restarts: number;
  readonly revision: string | undefined;
}

interface PodObject {
  metadata: { name: string; uid: string; labels: Record<string, string> };
  spec: { nodeName?: string };
  status: {
    podIP?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { restartCount: number }[];
  };
}

/** The existing test clusters, for the report of a failure and for the end of the run. */
export const living = new Set<TestCluster>();

type Declared = EtcdClusterArgs & { readonly namespace: string };

let lastRendering: Promise<unknown> = Promise.resolve();

/** One after the other, because the SDK has one set of mocks for the whole process. */
function inTurn<T>(rendering: () => Promise<T>): Promise<T> {
  const rendered = lastRendering.then(rendering);
  lastRendering = rendered.catch(() => undefined);
  return rendered;
}

/** An `EtcdCluster` with its own namespace, keys and certificates. */
export class TestCluster {
  readonly name = "etcd";
  readonly namespace: string;
  private declared: Declared;
  private deployment: Deployment | undefined;

  private constructor(
    purpose: string,
    private readonly base: EtcdClusterArgs,
  ) {
    // The name is new each time, so that a run need not wait until the previous one has ended.
    this.namespace = `${namespacePrefix}${purpose}-${randomBytes(2).toString("hex")}`;
    this.declared = this.with({});
  }

  /** Creates the object without applying it. */
  static declare(purpose: string, args: EtcdClusterArgs = {}): TestCluster {
    return new TestCluster(purpose, { ...testArgs, ...args });
  }

  /** Applies the cluster and waits until the declared members are healthy voters. */
  static async deploy(purpose: string, args: EtcdClusterArgs = {}, seconds = 150): Promise<TestCluster> {
    const cluster = TestCluster.declare(purpose, args);
    try {
      await cluster.apply({});
      await cluster.waitForVoters(seconds);
    } catch (error) {
      // Most clusters are deployed in a hook. When that fails, Mocha calls no further hook that could report it.
      console.log(await report(cluster.namespace));
      throw error;
    }
    return cluster;
  }

  /** Selects the members' pods in this namespace only. */
  get label(): Record<string, string> {
    return { "e2e/cluster": this.namespace };
  }

  get members(): number {
    return this.declared.members ?? 3;
  }

  /** Applies the cluster with other arguments, and returns only what that changed. */
  async apply(args: EtcdClusterArgs): Promise<string[]> {
    living.add(this);
    this.declared = this.with(args);
    this.deployment = undefined;
    this.deployment = await this.applyDeclared();
    return inWords(this.deployment.changes);
  }

  /** Deploys it with the component as it was at a commit. The next `apply` upgrades it. */
  async deployRelease(commit: string): Promise<void> {
    living.add(this);
    await deployRelease(commit, this.name, this.declared);
  }

  /** Runs a program with the cluster that `apply` would apply with these arguments. Nothing is applied. */
  render<T>(args: EtcdClusterArgs, program: (create: () => EtcdCluster) => T): Promise<Rendered<T>> {
    const declared = this.with(args);
    return inTurn(() => {
      const { tls } = readState(this.stateFile);
      return render(() => program(() => new EtcdCluster(this.name, declared)), { tls });
    });
  }

  private with(args: EtcdClusterArgs): Declared {
    const own = { namespace: this.namespace, podMetadata: { labels: this.label } };
    return { ...this.base, ...args, ...own };
  }

  private applyDeclared(): Promise<Deployment> {
    return inTurn(() =>
      deployProgram(kubectl(), this.stateFile, () => new EtcdCluster(this.name, this.declared)),
    );
  }

  private get stateFile(): string {
    return stateFile(kubectl(), this.namespace);
  }

  /**
   * Waits as `make up` does, then until Kubernetes knows it too, because a readiness probe runs only every
   * few seconds. Returns what was deleted because it is no longer declared.
   */
  async waitForVoters(seconds = 120): Promise<string[]> {
    await waitForVoters(kubectl(), this.namespace, this.name, this.members, seconds);
    await eventually(
      "every member's pod is ready",
      async () => (await this.pods()).every((pod) => pod.ready) || undefined,
    );
    const deleted = (await this.deployment?.finish()) ?? [];
    this.deployment = undefined;
    return inWords(deleted);
  }

  /** Like `pulumi destroy`, deletes everything that was created, with the keys. Kubernetes keeps the claims. */
  async takeDown(): Promise<void> {
    const { objects } = readState(this.stateFile);
    await remove(kubectl(), [...objects].reverse());
    rmSync(this.stateFile);
    await eventually("no member's pod is left", async () => (await this.pods()).length === 0 || undefined);
  }

  /** Runs kubectl in the cluster's namespace. */
  kubectl(args: string[], options: { input?: string; timeoutMs?: number } = {}): Promise<string> {
    return kubectl().run(["-n", this.namespace, ...args], options);
  }

  json<T>(args: string[], options: { input?: string } = {}): Promise<T> {
    return kubectl().json<T>(["-n", this.namespace, ...args], options);
  }

  /** Runs etcdctl inside a member, as its administrator. */
  etcdctl(args: string[], ordinal = 0): Promise<string> {
    return this.kubectl(this.inMember(args, ordinal), { timeoutMs: 30_000 });
  }

  tryEtcdctl(args: string[], ordinal = 0): Promise<Ran> {
    return kubectl().try(["-n", this.namespace, ...this.inMember(args, ordinal)], { timeoutMs: 30_000 });
  }

  /** In one transaction, because every etcdctl process costs as much as all puts together. */
  async putAll(entries: readonly (readonly [key: string, value: string])[], ordinal = 0): Promise<void> {
    const puts = entries.map(([key, value]) => `put ${key} ${JSON.stringify(value)}`);
    await this.kubectl(["exec", "-i", ...this.inMember(["txn"], ordinal).slice(1)], {
      input: `\n${puts.join("\n")}\n\n\n`,
      timeoutMs: 30_000,
    });
  }

  private inMember(args: string[], ordinal: number): string[] {
    return ["exec", this.pod(ordinal), "-c", "etcd", "--", "etcdctl", ...args];
  }

  pod(ordinal: number): string {
    return `${this.name}-${ordinal}`;
  }

  host(ordinal: number): string {
    return `${this.pod(ordinal)}.${this.name}.${this.namespace}.svc.cluster.local`;
  }

  get serviceHost(): string {
    return `${this.name}-client.${this.namespace}.svc.cluster.local`;
  }

  get clientUrls(): string[] {
    return Array.from({ length: this.members }, (_, ordinal) => `https://${this.host(ordinal)}:2379`);
  }

  /** Member IDs by pod. They are text, because a number can't hold 64 bits. */
  async memberIds(ordinal = 0): Promise<Record<string, string>> {
    const lines = (await this.etcdctl(["member", "list"], ordinal)).trim().split("\n");
    return Object.fromEntries(
      lines.map((line) => {
        const [id, , name] = line.split(", ");
        return [name ?? "", id ?? ""];
      }),
    );
  }

  async pods(): Promise<MemberPod[]> {
    const { items } = await this.json<{ items: PodObject[] }>([
      "get",
      "pods",
      "-l",
      "app.kubernetes.io/component=member",
    ]);
    return items
      .map((pod) => ({
        name: pod.metadata.name,
        uid: pod.metadata.uid,
        ip: pod.status.podIP,
        node: pod.spec.nodeName,
        ready: pod.status.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false,
        restarts: pod.status.containerStatuses?.reduce((sum, c) => sum + c.restartCount, 0) ?? 0,
        revision: pod.metadata.labels["controller-revision-hash"],
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Waits until a pod of this name is ready that isn't `not`. */
  replacementOf(not: MemberPod, seconds = 120): Promise<MemberPod> {
    return eventually(
      `another ${not.name} is ready`,
      async () => (await this.pods()).find((p) => p.name === not.name && p.uid !== not.uid && p.ready),
      seconds,
    );
  }

  /** A member's metrics, read through the API server. */
  metrics(ordinal = 0): Promise<string> {
    return kubectl().run([
      "get",
      "--raw",
      `/api/v1/namespaces/${this.namespace}/pods/${this.pod(ordinal)}:2381/proxy/metrics`,
    ]);
  }

  async secret(name: string): Promise<Record<string, string>> {
    const { data } = await this.json<{ data: Record<string, string> }>(["get", "secret", name]);
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
    );
  }

  /** Deletes the cluster. With `wait`, it returns when the volumes are gone from the nodes too. */
  async destroy(options: { wait?: boolean } = {}): Promise<void> {
    if (options.wait) {
      // Without pods a namespace goes at once. With pods Kubernetes checks again only after half a minute.
      await this.kubectl(["delete", "statefulset", this.name, "--cascade=foreground", "--timeout=120s"]);
    }
    await kubectl().run(["delete", "namespace", this.namespace, "--ignore-not-found", "--wait=false"]);
    living.delete(this);
    rmSync(this.stateFile, { force: true });
    if (options.wait) {
      await eventually(
        `the volumes of ${this.namespace} are gone`,
        async () => {
          const { items } = await kubectl().json<{ items: { spec: { claimRef?: { namespace: string } } }[] }>(
            ["get", "pv"],
          );
          return items.every((pv) => pv.spec.claimRef?.namespace !== this.namespace) || undefined;
        },
        120,
      );
    }
  }
}

const inWords = (changes: readonly Changed[]) =>
  changes.filter((c) => c.change !== "unchanged").map((c) => `${c.change} ${c.ref.kind} ${c.ref.name}`);
