import type { Api, PatchType, Verb } from "./api";
import { ApiError } from "./api";
import type { Claim, ConfigMap, Lease, List, Pod, StatefulSet } from "./objects";

/** Names of the objects in the one namespace that the controller may touch. */
export interface Names {
  readonly namespace: string;
  readonly statefulSet: string;
  readonly record: string;
  readonly status: string;
  readonly trust: string;
  readonly verdict: string;
  readonly lease: string;
  /** The ConfigMap about backups. Absent if no backups are declared. */
  readonly backups?: string;
}

/** Pulumi removes fields of managers whose name begins with `kubectl`. It keeps the fields of this one. */
export const fieldManager = "etcd-cluster-controller";

const READ_MS = 5000;

/** All requests of the controller. Each write has a precondition or is idempotent. */
export class Cluster {
  constructor(
    private readonly api: Api,
    private readonly names: Names,
  ) {}

  // Reads

  statefulSet(): Promise<StatefulSet | undefined> {
    return this.find<StatefulSet>(this.apps(this.names.statefulSet));
  }

  pods(labels: Readonly<Record<string, string>>): Promise<readonly Pod[]> {
    return this.list<Pod>("pods", { labelSelector: selector(labels) });
  }

  /**
   * PVCs by label, and those without the label by name. A StatefulSet labels only the PVCs that it creates, not one
   * that existed before. All PVCs of the namespace are never listed, because other applications may have thousands.
   */
  async claims(
    labels: Readonly<Record<string, string>>,
    names: readonly string[],
  ): Promise<readonly Claim[]> {
    const kind = "persistentvolumeclaims";
    const labelled = await this.list<Claim>(kind, { labelSelector: selector(labels) });
    const known = new Set(labelled.map((claim) => claim.metadata.name));
    const others = await Promise.all(
      names
        .filter((name) => !known.has(name))
        .map((name) => this.list<Claim>(kind, { fieldSelector: `metadata.name=${name}` })),
    );
    return [...labelled, ...others.flat()];
  }

  record(): Promise<ConfigMap | undefined> {
    return this.find<ConfigMap>(this.core("configmaps", this.names.record));
  }

  async backups(): Promise<ConfigMap | undefined> {
    const { backups } = this.names;
    return backups === undefined ? undefined : this.find<ConfigMap>(this.core("configmaps", backups));
  }

  lease(): Promise<Lease | undefined> {
    return this.find<Lease>(this.leases(this.names.lease));
  }

  // Writes to objects that only the controller writes

  /** Without a `resourceVersion` the object must not exist. */
  writeRecord(
    data: Readonly<Record<string, string>>,
    resourceVersion: string | undefined,
    timeoutMs: number,
  ): Promise<ConfigMap> {
    const { record } = this.names;
    return this.swap<ConfigMap>(
      this.core("configmaps", record),
      this.core("configmaps"),
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: record, resourceVersion }, data },
      timeoutMs,
    );
  }

  writeLease(spec: Lease["spec"], resourceVersion: string | undefined, timeoutMs: number): Promise<Lease> {
    const { lease } = this.names;
    return this.swap<Lease>(
      this.leases(lease),
      this.leases(),
      {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: lease, resourceVersion },
        spec,
      },
      timeoutMs,
    );
  }

  /** Writes one of the ConfigMaps that report observations. */
  async writeNotice(
    of: "status" | "trust" | "verdict",
    data: Readonly<Record<string, string>>,
  ): Promise<void> {
    const name = this.names[of];
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
    await this.patch(this.core("configmaps", name), body, READ_MS, "application/apply-patch+yaml");
  }

  async writeEvent(event: object): Promise<void> {
    const path = `/apis/events.k8s.io/v1/namespaces/${this.names.namespace}/events`;
    await this.call("POST", path, READ_MS, event);
  }

  // Actions

  async scale(replicas: number, uid: string, resourceVersion: string, timeoutMs: number): Promise<void> {
    const body = { metadata: { uid, resourceVersion }, spec: { replicas } };
    await this.patch(`${this.apps(this.names.statefulSet)}/scale`, body, timeoutMs);
  }

  async deletePod(name: string, uid: string, force: boolean, timeoutMs: number): Promise<void> {
    await this.remove(this.core("pods", name), uid, timeoutMs, force ? 0 : undefined);
  }

  async evictPod(name: string, uid: string, timeoutMs: number): Promise<void> {
    await this.call("POST", `${this.core("pods", name)}/eviction`, timeoutMs, {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name, namespace: this.names.namespace },
      deleteOptions: { preconditions: { uid } },
    });
  }

  async deleteClaim(name: string, uid: string, timeoutMs: number): Promise<void> {
    await this.remove(this.core("persistentvolumeclaims", name), uid, timeoutMs);
  }

  async growClaim(
    name: string,
    uid: string,
    resourceVersion: string,
    bytes: number,
    timeoutMs: number,
  ): Promise<void> {
    await this.patch(
      this.core("persistentvolumeclaims", name),
      {
        metadata: { uid, resourceVersion },
        spec: { resources: { requests: { storage: String(bytes) } } },
      },
      timeoutMs,
    );
  }

  // Watches: an event only wakes the loop

  watches(
    labels: Readonly<Record<string, string>>,
  ): readonly { path: string; query: Record<string, string> }[] {
    const { namespace, statefulSet } = this.names;
    return [
      {
        path: `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
        query: { fieldSelector: `metadata.name=${statefulSet}` },
      },
      { path: this.core("pods"), query: { labelSelector: selector(labels) } },
      { path: this.core("persistentvolumeclaims"), query: { labelSelector: selector(labels) } },
    ];
  }

  watch(
    what: { path: string; query: Record<string, string> },
    forMs: number,
    signal: AbortSignal,
    onEvent: () => void,
  ): Promise<void> {
    return this.api.watch({ verb: "GET", ...what }, forMs, signal, onEvent);
  }

  private core(kind: string, name?: string): string {
    return `/api/v1/namespaces/${this.names.namespace}/${kind}${name ? `/${name}` : ""}`;
  }

  private apps(name: string): string {
    return `/apis/apps/v1/namespaces/${this.names.namespace}/statefulsets/${name}`;
  }

  private leases(name?: string): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.names.namespace}/leases${name ? `/${name}` : ""}`;
  }

  private async list<T>(kind: string, query: Readonly<Record<string, string>>): Promise<readonly T[]> {
    return ((await this.call("GET", this.core(kind), READ_MS, undefined, query)) as List<T>).items;
  }

  private call(
    verb: Verb,
    path: string,
    timeoutMs: number,
    body?: unknown,
    query: Readonly<Record<string, string>> = {},
    patch?: PatchType,
  ): Promise<unknown> {
    const reads = verb === "GET" || verb === "DELETE";
    const all = reads ? query : { ...query, fieldManager };
    return this.api.call({ verb, path, body, patch, query: all }, timeoutMs);
  }

  private async find<T>(path: string): Promise<T | undefined> {
    try {
      return (await this.call("GET", path, READ_MS)) as T;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  private patch(
    path: string,
    body: object,
    timeoutMs: number,
    type: PatchType = "application/merge-patch+json",
  ): Promise<unknown> {
    const query: Record<string, string> = type === "application/apply-patch+yaml" ? { force: "true" } : {};
    return this.call("PATCH", path, timeoutMs, body, query, type);
  }

  /**
   * A merge patch keeps other writers' fields. With a resourceVersion, the server rejects it if the object has
   * changed.
   */
  private async swap<T>(one: string, all: string, body: Written, timeoutMs: number): Promise<T> {
    const exists = body.metadata.resourceVersion !== undefined;
    return (await (exists ? this.patch(one, body, timeoutMs) : this.call("POST", all, timeoutMs, body))) as T;
  }

  private async remove(path: string, uid: string, timeoutMs: number, grace?: number): Promise<void> {
    const options = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } };
    const body = grace === undefined ? options : { ...options, gracePeriodSeconds: grace };
    try {
      await this.call("DELETE", path, timeoutMs, body);
    } catch (error) {
      // The object is deleted already.
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }
}

interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly data?: object;
  readonly spec?: object;
}

function selector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
