/** The restore pod of the simulated namespace. Each such pod makes the declared generation once. */
import type { RestoreView } from "../../programs/controller/model";
import type { RestoreReport } from "../../programs/shared/protocol";
import type { LogEnd } from "../../programs/shared/disk";
import type { Cluster } from "./cluster";
import { urlOf } from "./etcd";
import type { Entry, MemberDir } from "./log";
import { copyDir } from "./log";

const writesOf = (log: readonly Entry[]) => log.flatMap((e) => (e.write === undefined ? [] : [e.write]));

export class RestorePod {
  /** The writes in the backup. They were acknowledged before it was taken. */
  backup: readonly number[] = [];
  private pod:
    { readonly uid: string; readonly generation: number; data?: MemberDir; from?: LogEnd } | undefined;

  private doneGeneration = 1;

  constructor(private readonly cluster: Cluster) {}

  tick(): void {
    const { desired } = this.cluster;
    if (!desired.rebuild || this.doneGeneration >= desired.generation) return;
    if (this.pod?.generation === desired.generation) return;
    this.pod = { uid: this.cluster.uid("restore"), generation: desired.generation };
    if (desired.rebuild.kind === "restore") this.pod.data = this.make(this.backup);
  }

  /** The controller reports that the generation is made. */
  done(): void {
    this.doneGeneration = this.pod?.generation ?? this.doneGeneration;
  }

  view(): RestoreView | undefined {
    if (!this.pod || !this.cluster.desired.rebuild) return undefined;
    const { uid, generation, data, from } = this.pod;
    const base = { podUid: uid, generation, atMs: this.cluster.nowMs };
    const report: RestoreReport = data
      ? {
          ...{ ...base, step: "ready", sha256: `of ${uid}`, ...idsOf(data), source: "a simulated snapshot" },
          ...{ revision: data.log.length, keys: data.log.length, from },
        }
      : { ...base, step: "receive" };
    return { pod: { uid, name: "etcd-restore" }, report };
  }

  /** The pod's node dies, and another pod starts over. */
  lose(): void {
    this.pod = undefined;
  }

  /** A gate uploads its directory. */
  lend(dir: MemberDir, url: string): void {
    if (!this.pod || this.pod.data || !url.endsWith(`/${this.pod.uid}`)) return;
    this.cluster.oracle.uploaded(dir);
    this.pod.data = this.make(writesOf(dir.log));
    const { length } = dir.log;
    this.pod.from = {
      ...{ memberId: dir.memberId, lastTerm: dir.log.at(-1)?.term ?? 0 },
      ...{ lastIndex: length, commit: length },
    };
  }

  /** A gate downloads the data. From then on nothing of the old generation may ever run. */
  take(url: string): MemberDir | undefined {
    const data = this.pod?.data;
    if (!data || !url.endsWith(`/${this.pod?.uid}`)) return undefined;
    this.cluster.oracle.remade(data, this.cluster.processes.length);
    return copyDir(data);
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
