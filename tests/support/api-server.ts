/** One lease and one record, as the API server keeps them, and a clock that only the test moves. */
import { ApiError } from "../../programs/shared/kubernetes/api";
import type { ConfigMap, Lease } from "../../programs/shared/kubernetes/objects";

export class ApiServer {
  nowMs = 0;
  lease: Lease | undefined = { metadata: { name: "l", uid: "l", resourceVersion: "1" } };
  record: ConfigMap = { metadata: { name: "r", uid: "r", resourceVersion: "1" } };
  reachable = true;
  private version = 1;

  readonly clock = () => this.nowMs;

  readLease(): Promise<Lease | undefined> {
    this.check();
    return Promise.resolve(this.lease);
  }

  writeLease(spec: Lease["spec"], version: string | undefined): Promise<Lease> {
    this.check();
    if (version !== this.lease?.metadata.resourceVersion)
      throw new ApiError(409, "Conflict", "it has changed");
    this.lease = { metadata: { name: "l", uid: "l", resourceVersion: this.next() }, spec };
    return Promise.resolve(this.lease);
  }

  writeRecord(text: string, version: string | undefined): Promise<ConfigMap> {
    this.check();
    if (version !== this.record.metadata.resourceVersion)
      throw new ApiError(409, "Conflict", "it has changed");
    this.record = { metadata: { name: "r", uid: "r", resourceVersion: this.next() }, data: { record: text } };
    return Promise.resolve(this.record);
  }

  private check(): void {
    if (!this.reachable) throw new ApiError(0, "Unreachable", "no route");
  }

  private next(): string {
    return String(++this.version);
  }
}
