/** The restore pod of the simulated namespace: makes what is declared, once for each pod of it. */
import type { RestoreReport, RestoreView } from "../../../../controller/model";
import type { Cluster } from "./cluster";
import { urlOf } from "./cluster";
import type { Entry, MemberDir } from "./raft";

const writesOf = (log: readonly Entry[]) => log.flatMap((e) => (e.write === undefined ? [] : [e.write]));

export class RestorePod {
  /** What a backup holds: acknowledged before it was taken. */
  backup: readonly number[] = [];
  private pod: { readonly uid: string; readonly generation: number; data?: MemberDir } | undefined;

  constructor(private readonly cluster: Cluster) {}

  tick(): void {
    const { desired, record } = this.cluster;
    const made = record.value && record.value.birth.state !== "unborn" && !record.value.rebuild;
    const wanted = desired.rebuild && !(made && (record.value?.generation ?? 0) >= desired.generation);
    if (!wanted) return;
    if (this.pod?.generation === desired.generation) return;
    this.pod = { uid: this.cluster.uid("restore"), generation: desired.generation };
    if (desired.rebuild?.kind === "restore") this.pod.data = this.make(this.backup);
  }

  view(): RestoreView | undefined {
    if (!this.pod || !this.cluster.desired.rebuild) return undefined;
    const { uid, generation, data } = this.pod;
    const base = { podUid: uid, generation, atMs: this.cluster.nowMs };
    const report: RestoreReport = data
      ? { ...base, step: "ready", sha256: `of ${uid}`, ...idsOf(data), source: "a simulated snapshot" }
      : { ...base, step: "receive" };
    return { pod: { uid, name: "etcd-restore" }, report };
  }

  /** Its node dies: another pod begins anew. */
  lose(): void {
    this.pod = undefined;
  }

  /** A gate sends its directory. What is committed for sure anywhere has to be in it. */
  lend(dir: MemberDir, url: string): void {
    if (!this.pod || this.pod.data || !url.endsWith(`/${this.pod.uid}`)) return;
    const has = new Set(writesOf(dir.log));
    for (const claim of this.cluster.claims) {
      const other = claim.volume.dir;
      if (!other || claim.deleting || claim.volume.broken || other.clusterId !== dir.clusterId) continue;
      if (this.cluster.destroyed.has(other.memberId)) continue;
      const left = writesOf(other.log.slice(0, other.commit)).find((w) => !has.has(w));
      if (left !== undefined)
        this.cluster.violated(`write ${left} is on a disk, and not in what is recovered`);
    }
    this.pod.data = this.make([...has]);
  }

  /** A gate fetches the data; from then on nothing of the old generation may ever run. */
  take(url: string): MemberDir | undefined {
    const data = this.pod?.data;
    if (!this.pod || !data || !url.endsWith(`/${this.pod.uid}`)) return undefined;
    const { cluster } = this;
    if (cluster.processes.length > 0) cluster.violated("data is taken while a member runs");
    for (const { volume } of cluster.claims) if (volume.dir) cluster.destroyed.add(volume.dir.memberId);
    cluster.destroyed.delete(data.memberId);
    const kept = new Set(writesOf(data.log));
    for (const write of [...cluster.acked]) if (!kept.has(write)) cluster.acked.delete(write);
    cluster.truth = { clusterId: data.clusterId, voters: [data.memberId] };
    cluster.sealed = true;
    return { ...data, log: [...data.log] };
  }

  private make(writes: readonly number[]): MemberDir {
    const id = this.cluster.newId();
    const conf = { op: "add" as const, id, url: urlOf(0) };
    const log: Entry[] = [{ term: 1, conf }, ...writes.map((write) => ({ term: 1, write }))];
    const { generation, etcdVersion: lastVersion } = this.cluster.desired;
    const clusterId = this.cluster.newId();
    return { memberId: id, clusterId, log, term: 1, commit: log.length, generation, lastVersion };
  }
}

const idsOf = ({ memberId, clusterId }: MemberDir) => ({ memberId, clusterId });
