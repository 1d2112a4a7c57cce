/** One story: a declared cluster, faults in between, then quiet. */
import type { Desired } from "../../../../controller/model";
import { Cluster, copyDir } from "./cluster";
import { Controller, Lease } from "./controller";
import type { Stage } from "./faults";
import { DISASTERS, FAULTS, nodeOn } from "./faults";
import type { MemberDir } from "./raft";

export interface Event {
  readonly fault: string;
  readonly a: number;
  readonly b: number;
  /** Ticks that follow. */
  readonly ticks: number;
}

export interface Story {
  readonly seed: number;
  readonly members: number;
  readonly nodeLossGraceSeconds?: number;
  /** Ticks before the first fault. */
  readonly warmUp: number;
  readonly events: readonly Event[];
  /** For the first controller. */
  readonly killAt?: Controller["killAt"];
}

export interface Outcome {
  readonly violations: readonly string[];
  readonly converged: boolean;
  readonly mustConverge: boolean;
  readonly reason: string;
  readonly rounds: number;
  readonly excused: boolean;
  /** Writes and acts of the first controller. */
  readonly steps: number;
}

export function declared(members: number, more: Partial<Desired> = {}): Desired {
  return {
    format: 1,
    hash: "h",
    members,
    allowEvenSize: false,
    generation: 1,
    paused: false,
    etcdVersion: "3.6.14",
    allowDowngrade: false,
    memberName: "etcd-{ordinal}",
    peerUrl: "https://etcd-{ordinal}.etcd.test.svc:2380",
    volumeBytes: 10,
    quotaBytes: 1_000_000,
    defragment: { freePercent: 45, minBytes: 100_000_000 },
    ...more,
  };
}

export function play(story: Story): Outcome {
  const template = { etcdVersion: "3.6.14" };
  const desired = declared(story.members, { nodeLossGraceSeconds: story.nodeLossGraceSeconds });
  const cluster = new Cluster(story.seed, desired, template);
  const lease = new Lease();
  const controllers = [new Controller(cluster, lease), new Controller(cluster, lease)];
  if (controllers[0] && story.killAt) controllers[0].killAt = story.killAt;
  const stage: Stage = { cluster, controllers, copies: new Map<string, MemberDir[]>() };
  cluster.door = {
    answer: (report) => {
      const leading = controllers.filter((c) => c.alive && c.frozenTicks === 0 && c.believesTo);
      return leading[Math.floor(cluster.random() * leading.length)]?.answer(report);
    },
  };
  let ticks = 0;
  const tick = (ms: number) => {
    cluster.tick(ms);
    for (const c of controllers) c.tick();
    if (++ticks % 15 === 0) keepCopies(stage);
  };

  for (let i = 0; i < story.warmUp; i++) tick(2000);
  for (const event of story.events) {
    if (cluster.violations.length > 0 || cluster.excused) break;
    cluster.faults++;
    (FAULTS[event.fault] ?? DISASTERS[event.fault])?.(stage, event.a, event.b);
    for (let i = 0; i < event.ticks; i++) tick(2000);
  }

  calmDown(stage);
  let rounds = 0;
  const done = () => controllers[0]?.lastDecision?.converged === cluster.desired.hash;
  const stop = () => cluster.violations.length > 0 || cluster.excused;
  for (; rounds < 400 && !stop(); rounds++) {
    if (done()) break;
    tick(rounds < 150 ? 3000 : 30_000);
  }
  // What looks settled has to stay so.
  for (let i = 0; i < 5 && done(); i++) tick(3000);
  for (let i = 0; i < 10 && story.killAt && !done(); i++) tick(3000);
  // Without a declared grace, and before a cluster is known, somebody has to decide.
  const undecided =
    (story.nodeLossGraceSeconds === undefined || cluster.record.value?.birth.state !== "born") &&
    cluster.claims.some((c) => c.node !== undefined && cluster.nodes[c.node] === "gone");
  const ambiguous = cluster.recordLost && cluster.destroyed.size > 0;
  return {
    violations: cluster.violations,
    converged: done(),
    mustConverge: cluster.recoverable() && !cluster.excused && !ambiguous && !undecided,
    reason: controllers[0]?.lastDecision?.reason ?? "",
    rounds,
    excused: cluster.excused,
    steps: controllers[0]?.done ?? 0,
  };
}

/** Throws what is wrong with it. */
export function holds(story: Story): void {
  const end = play(story);
  if (end.violations.length > 0) throw new Error(`broken: ${end.violations.join("; ")}`);
  if (end.mustConverge && !end.converged) throw new Error(`stuck: ${end.reason}`);
}

function keepCopies(stage: Stage): void {
  for (const claim of stage.cluster.claims) {
    const { dir } = claim.volume;
    if (!dir) continue;
    const copies = stage.copies.get(claim.uid) ?? [];
    copies.push(copyDir(dir));
    stage.copies.set(claim.uid, copies.slice(-3));
  }
}

/** Faults end: the network and the nodes are back, a good template is declared, one controller lives. */
function calmDown(stage: Stage): void {
  const { cluster, controllers } = stage;
  cluster.faults++;
  cluster.isolated.clear();
  cluster.hidden.clear();
  cluster.nodes.forEach((_, i) => nodeOn(stage, i));
  controllers.forEach((c, i) => {
    c.restart();
    c.alive = i === 0;
  });
  const past = cluster.pods.filter((p) => p.gate === "done");
  const versions = [
    ...cluster.claims.flatMap((c) => (c.volume.dir ? [c.volume.dir.lastVersion] : [])),
    // Nobody stops what is past its gate: it will come up with its own version.
    ...past.map((p) => cluster.templates.get(p.revision)?.etcdVersion),
  ];
  const etcdVersion = versions.includes("3.7.1") ? "3.7.1" : "3.6.14";
  const template = cluster.templates.get(cluster.revision);
  if (!template?.fault && template?.etcdVersion === etcdVersion) return;
  cluster.revision = `r${cluster.templates.size + 1}`;
  cluster.templates.set(cluster.revision, { etcdVersion });
  cluster.desired = { ...cluster.desired, etcdVersion };
  cluster.stsVersion++;
}
