/** A namespace with one etcd cluster: its parts, and what they have in common. */
import type { ControllerRecord, Desired } from "../../programs/controller/model";
import { stepProblem } from "../../programs/shared/etcd/upgrade";
import { WallClock } from "./clock";
import { exited, inTouch, Versions } from "./etcd";
import type { Door } from "./gate";
import type { Claim, Pod } from "./kubernetes";
import { kubelet, statefulSet } from "./kubernetes";
import type { MemberDir } from "./log";
import { canElect, seatsOf, votersOf } from "./log";
import { Members } from "./members";
import { Oracle } from "./oracle";
import type { Process, RaftHost } from "./raft";
import { Raft } from "./raft";
import { Random } from "./random";
import { Requests } from "./requests";
import { RestorePod } from "./restore";
import type { Volume } from "./volume";

export interface Template {
  readonly etcdVersion: string;
  readonly fault?: "image" | "crash" | "oom";
}

export interface Node {
  state: "up" | "dead" | "cut" | "gone";
  downSinceMs?: number;
  /** The longest that it was down, or gone, without a break. */
  longestDownMs: number;
  /** Its pods run on; no new one comes. */
  cordoned: boolean;
  readonly clock: WallClock;
}

const NODES = 8;
/** A gate with a whole disk may have to wait for so long, whatever the controller can't do. */
const KEPT_WAITING_MS = 240_000;

export class Cluster implements RaftHost {
  nowMs = 1_000_000;
  readonly oracle = new Oracle(this);
  readonly processes: Process[] = [];
  readonly raft = new Raft(this);
  readonly members = new Members(this.raft, () => this.nowMs);
  readonly restore = new RestorePod(this);
  readonly requests = new Requests(this);
  readonly versions = new Versions();
  readonly nodes: readonly Node[];
  pods: Pod[] = [];
  claims: Claim[] = [];
  replicas: number;
  stsVersion = 1;
  templates = new Map<string, Template>();
  revision = "r1";
  desired: Desired;
  record: { version: number; value?: ControllerRecord } = { version: 1 };
  /** All that were ever written. */
  readonly records: ControllerRecord[] = [];
  isolated = new Set<string>();
  hidden = new Set<string>();
  faults = 0;
  /** How long a new member gets its snapshot. */
  snapshotMs = 0;
  alarmed = false;
  door: Door = { answer: () => undefined };
  private readonly dice: Random;
  private readonly tokens = new Map<string, readonly [string, string]>();
  private uids = 0;
  private ids = 0n;

  constructor(seed: number, desired: Desired, template: Template) {
    this.dice = new Random(seed);
    this.desired = desired;
    this.replicas = desired.members;
    this.templates.set(this.revision, template);
    this.nodes = Array.from({ length: NODES }, () => ({
      state: "up",
      longestDownMs: 0,
      cordoned: false,
      clock: this.clock(),
    }));
  }

  random(): number {
    return this.dice.next();
  }

  /** Each drifts by a second in some hours at most. */
  clock(): WallClock {
    return new WallClock((this.random() - 0.5) * 1e-4);
  }

  uid(kind: string): string {
    return `${kind}-${++this.uids}`;
  }

  newId(): string {
    return ((1n << 63n) + ++this.ids).toString();
  }

  /** As etcd does: the same token gives the same IDs of member and cluster. */
  idsOf(token: string): readonly [string, string] {
    const ids = this.tokens.get(token) ?? ([this.newId(), this.newId()] as const);
    this.tokens.set(token, ids);
    return ids;
  }

  nodeTime(pod: Pod): number {
    return this.nodes[pod.node ?? 0]?.clock.at(this.nowMs) ?? this.nowMs;
  }

  reaches(a: Process, b: Process): boolean {
    return inTouch(this, a) && inTouch(this, b);
  }

  processOf(pod: Pod): Process | undefined {
    return this.processes.find((p) => p.pod === pod);
  }

  claimOf(pod: Pod): Claim | undefined {
    return this.claims.find((c) => c.uid === pod.claimUid);
  }

  disks(): readonly MemberDir[] {
    return this.claims.flatMap(({ volume, deleting }) =>
      volume.dir && !volume.broken && !deleting ? [volume.dir] : [],
    );
  }

  exit(p: Process, code: number): void {
    this.processes.splice(this.processes.indexOf(p), 1);
    if (this.pods.includes(p.pod)) exited(this, p.pod, code);
  }

  isHealthy(pod: Pod): boolean {
    const p = this.processOf(pod);
    if (!p?.served || pod.deleting || this.nowMs < p.busyUntilMs) return false;
    const leader = this.raft.leaderFor(p);
    return leader !== undefined && seatsOf(leader.dir).get(p.dir.memberId)?.learner === false;
  }

  /** Whether etcd allows data of that version to be started by a pod of this revision, as far as the gate can tell. */
  isStep(from: string, revision: string): boolean {
    return stepProblem(from, this.templates.get(revision)?.etcdVersion ?? "", undefined) === undefined;
  }

  tick(ms: number): void {
    this.nowMs += ms;
    for (const node of this.nodes) {
      if (node.downSinceMs !== undefined)
        node.longestDownMs = Math.max(node.longestDownMs, this.nowMs - node.downSinceMs);
    }
    statefulSet(this);
    for (const pod of [...this.pods]) kubelet(this, pod);
    this.restore.tick();
    this.raft.tick();
    this.versions.compare(this);
  }

  /** Whatever the controller can't do must not keep a whole member from starting. */
  noteWaiting(pod: Pod, volume: Volume): void {
    const { dir } = volume;
    const { truth } = this.oracle;
    const whole =
      dir &&
      !volume.broken &&
      !volume.full &&
      truth?.clusterId === dir.clusterId &&
      truth.voters.includes(dir.memberId) &&
      !this.oracle.isHarmed(dir.memberId) &&
      dir.generation === pod.generation &&
      !this.desired.rebuild &&
      dir.lastVersion === this.templates.get(pod.revision)?.etcdVersion;
    if (!whole || this.oracle.recordHarmed || pod.ordinal >= this.desired.members)
      pod.wholeSinceMs = undefined;
    else pod.wholeSinceMs ??= this.nowMs;
    if (this.nowMs - (pod.wholeSinceMs ?? this.nowMs) < KEPT_WAITING_MS) return;
    this.oracle.violated(`${pod.name}, whose disk is whole, is kept from starting`);
    pod.wholeSinceMs = this.nowMs;
  }

  /**
   * Whether the voters' disks that are left are a quorum, and one of them can still win an election: that a change of
   * the members was committed may have been known to a lost disk only.
   */
  recoverable(): boolean {
    const { truth } = this.oracle;
    return !truth || canElect(truth.voters, this.oracle.wholeVoters());
  }

  /** Whether what is declared can be made: from a backup always, from disks when no quorum of them is as it was. */
  canBeMade(): boolean {
    const { desired, oracle } = this;
    if (desired.generation === oracle.generation) return this.recoverable();
    if (desired.rebuild?.kind === "restore") return true;
    const left = this.disks().some((d) => d.clusterId === oracle.truth?.clusterId && isVoter(d));
    return left && !this.recoverable();
  }
}

const isVoter = (dir: MemberDir) => votersOf(dir).includes(dir.memberId);
