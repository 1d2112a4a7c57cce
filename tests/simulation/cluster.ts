/** A namespace with one etcd cluster: its parts, and the state that they share. */
import type { ControllerRecord, Desired } from "../../programs/controller/model";
import { stepProblem } from "../../components/contract/upgrade";
import { WallClock } from "./clock";
import { exited, inTouch, Versions } from "./etcd";
import type { ControllerServer } from "./gate";
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
  /** The longest time that the node was down or gone without a break. */
  longestDownMs: number;
  /** Its pods keep running, but no new pod is scheduled there. */
  cordoned: boolean;
  readonly clock: WallClock;
}

const NODES = 8;
/** How long a gate with an intact disk may have to wait, whatever the controller can't do. */
const LONGEST_WAIT_MS = 240_000;

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
  /** All records that were ever written. */
  readonly records: ControllerRecord[] = [];
  isolated = new Set<string>();
  hidden = new Set<string>();
  faults = 0;
  /** How long it takes a new member to receive its snapshot. */
  snapshotMs = 0;
  alarmed = false;
  server: ControllerServer = { answer: () => undefined };
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

  /** Each clock drifts by at most a second in a few hours. */
  clock(): WallClock {
    return new WallClock((this.random() - 0.5) * 1e-4);
  }

  uid(kind: string): string {
    return `${kind}-${++this.uids}`;
  }

  newId(): string {
    return ((1n << 63n) + ++this.ids).toString();
  }

  /** As in etcd, the same token gives the same member and cluster ID. */
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

  /** Whether a pod of this revision may start data of that version, as far as the gate can tell. */
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

  /** Whatever the controller can't do, an intact member must be able to start. */
  noteWaiting(pod: Pod, volume: Volume): void {
    const { dir } = volume;
    const { truth } = this.oracle;
    const intact =
      dir &&
      !volume.broken &&
      !volume.full &&
      truth?.clusterId === dir.clusterId &&
      truth.voters.includes(dir.memberId) &&
      !this.oracle.isHarmed(dir.memberId) &&
      dir.generation === pod.generation &&
      !this.desired.rebuild &&
      dir.lastVersion === this.templates.get(pod.revision)?.etcdVersion;
    if (!intact || this.oracle.recordHarmed || pod.ordinal >= this.desired.members)
      pod.intactSinceMs = undefined;
    else pod.intactSinceMs ??= this.nowMs;
    if (this.nowMs - (pod.intactSinceMs ?? this.nowMs) < LONGEST_WAIT_MS) return;
    this.oracle.violated(`${pod.name}, whose disk is intact, is kept from starting`);
    pod.intactSinceMs = this.nowMs;
  }

  /**
   * Whether the remaining voters' disks form a quorum and one of them can still win an election. They may
   * not: perhaps only a lost disk knew that a change of the members was committed.
   */
  recoverable(): boolean {
    const { truth } = this.oracle;
    return !truth || canElect(truth.voters, this.oracle.intactVoters());
  }

  /**
   * Whether the declared generation can be made: always from a backup, from disks only when no quorum of them
   * is intact.
   */
  canBeMade(): boolean {
    const { desired, oracle } = this;
    if (desired.generation === oracle.generation) return this.recoverable();
    if (desired.rebuild?.kind === "restore") return true;
    const left = this.disks().some((d) => d.clusterId === oracle.truth?.clusterId && isVoter(d));
    return left && !this.recoverable();
  }
}

const isVoter = (dir: MemberDir) => votersOf(dir).includes(dir.memberId);
