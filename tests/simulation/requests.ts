/** Requests that fail for a while or until they are repaired. */

export const REQUESTS = ["read", "record", "pods", "claims", "scale", "etcd"] as const;
export type Request = (typeof REQUESTS)[number];

/** `unknown`: the request is carried out and an error comes back all the same. */
type How = "refused" | "unknown";

const MESSAGES: Readonly<Record<Request, readonly string[]>> = {
  read: ["500 the server was unable to return a response in the time allotted"],
  record: [
    "403 configmaps is forbidden",
    "409 the object has been modified",
    "422 is invalid",
    "500 etcdserver: request timed out",
  ],
  pods: [
    "403 pods is forbidden",
    "500 This pod has more than one PodDisruptionBudget",
    "429 Cannot evict pod",
  ],
  claims: ["403 only dynamically provisioned pvc can be resized", "422 is invalid", "500 timed out"],
  scale: ["403 admission webhook denied the request", "409 the object has been modified"],
  etcd: ["etcdserver: request timed out", "14 UNAVAILABLE", "etcdserver: permission denied"],
};

interface Failing {
  readonly untilMs: number;
  readonly how: How;
  readonly message: string;
}

export class Requests {
  private readonly failing = new Map<Request, Failing>();

  constructor(private readonly host: { readonly nowMs: number }) {}

  /** The answer is lost, so the caller doesn't know whether the request was carried out. */
  lose(request: Request, forMs: number): void {
    this.failing.set(request, { untilMs: this.host.nowMs + forMs, how: "unknown", message: "500 timed out" });
  }

  fail(request: Request, forMs: number, which: number): void {
    const message = MESSAGES[request][which % MESSAGES[request].length] ?? "";
    this.failing.set(request, { untilMs: this.host.nowMs + forMs, how: "refused", message });
  }

  repair(): void {
    this.failing.clear();
  }

  /** Returns undefined when the caller is told that the request succeeded. */
  send(request: Request, work: () => string | undefined): string | undefined {
    const failing = this.failing.get(request);
    if (!failing || this.host.nowMs > failing.untilMs) return work();
    if (failing.how === "unknown") work();
    return failing.message;
  }
}
