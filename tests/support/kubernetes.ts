/** The API server of one namespace, request by request, and what it can be told to do wrong. */
import { setTimeout as sleep } from "node:timers/promises";
import { annotationKeys } from "../../components/contract/names";
import type { Api, Request } from "../../programs/shared/kubernetes/api";
import { ApiError } from "../../programs/shared/kubernetes/api";
import type {
  Claim,
  ConfigMap,
  Lease,
  Meta,
  Pod,
  StatefulSet,
} from "../../programs/shared/kubernetes/objects";
import type { ControllerRecord, Desired } from "../../programs/controller/model";

/** `GET configmaps`, `PATCH leases`, `watch`. */
export type RequestKind = string;
export type Answer = "hangs" | number;

export const labels = { app: "etcd" };

export class Kubernetes implements Pick<Api, "call" | "watch"> {
  statefulSet: StatefulSet;
  pods: readonly Pod[] = [];
  claims: readonly Claim[] = [];
  record: ConfigMap | undefined;
  lease: Lease = { metadata: this.meta("etcd-controller") };
  status: Readonly<Record<string, string>> = {};
  readonly wrong = new Map<RequestKind, Answer>();
  /** Requests so far, as kinds. */
  readonly asked: RequestKind[] = [];
  private version = 100;

  constructor(desired: Desired | object, record: ControllerRecord | object) {
    this.statefulSet = {
      metadata: {
        ...this.meta("etcd"),
        generation: 1,
        annotations: { [annotationKeys.desired]: JSON.stringify(desired) },
      },
      spec: { replicas: 3, selector: { matchLabels: labels } },
      status: { observedGeneration: 1, updateRevision: "new" },
    };
    this.record = { metadata: this.meta("etcd-record"), data: { record: JSON.stringify(record) } };
  }

  meta(name: string, more: Partial<Meta> = {}): Meta {
    return { name, uid: `${name}-uid`, resourceVersion: this.next(), ...more };
  }

  async call(what: Request, timeoutMs: number): Promise<unknown> {
    const [, kind = "", name] = /\/namespaces\/[^/]+\/([^/]+)(?:\/(.+))?$/.exec(what.path) ?? [];
    await this.fails(`${what.verb} ${kind}`, timeoutMs);
    switch (`${what.verb} ${kind}`) {
      case "GET statefulsets":
        return this.statefulSet;
      case "GET pods":
        return { items: this.pods };
      case "GET persistentvolumeclaims":
        return { items: this.claims.filter((claim) => selects(what.query ?? {}, claim.metadata)) };
      case "GET configmaps":
        if (!this.record) throw new ApiError(404, "NotFound", `configmaps "${name}" not found`);
        return this.record;
      case "GET leases":
        return this.lease;
      case "PATCH leases":
        return (this.lease = this.swapped(this.lease, what.body));
      case "POST configmaps":
        throw new ApiError(403, "Forbidden", "configmaps is forbidden: cannot create resource");
      case "PATCH configmaps":
        if (name !== "etcd-record") {
          this.status = (what.body as ConfigMap).data ?? {};
          return {};
        }
        if (!this.record) throw new ApiError(404, "NotFound", `configmaps "${name}" not found`);
        return (this.record = this.swapped(this.record, what.body));
      default:
        return {};
    }
  }

  async watch(_what: Request, forMs: number, signal: AbortSignal): Promise<void> {
    await this.fails("watch", forMs);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, forMs);
      signal.addEventListener("abort", () => resolve());
    });
  }

  private async fails(kind: RequestKind, timeoutMs: number): Promise<void> {
    this.asked.push(kind);
    const answer = this.wrong.get(kind);
    if (answer === undefined) return;
    if (answer === "hangs") await sleep(timeoutMs);
    throw answer === "hangs"
      ? new ApiError(0, "Unreachable", `${kind}: no answer in time`)
      : new ApiError(answer, "", `${kind}: HTTP ${answer}`);
  }

  private swapped<T extends { metadata: Meta }>(before: T, body: unknown): T {
    const next = body as T;
    if (next.metadata.resourceVersion !== before.metadata.resourceVersion)
      throw new ApiError(409, "Conflict", "it has changed");
    return { ...before, ...next, metadata: { ...before.metadata, resourceVersion: this.next() } };
  }

  private next(): string {
    return String(++this.version);
  }
}

function selects(query: Readonly<Record<string, string>>, { name, labels: own = {} }: Meta): boolean {
  const { labelSelector, fieldSelector } = query;
  if (fieldSelector !== undefined) return fieldSelector === `metadata.name=${name}`;
  const wanted = (labelSelector ?? "").split(",").filter((one) => one);
  return wanted.every((one) => one.split("=")[1] === own[one.split("=")[0] ?? ""]);
}
