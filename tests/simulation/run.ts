/** Plays one story: a declared cluster, faults, then quiet. */
import type { Desired } from "../../programs/controller/model";
import { Cluster } from "./cluster";
import { Controller, Lease } from "./controller";
import { ALL } from "./faults";
import { clocksOf } from "./faults/around";
import { declareSize, declareTemplate } from "./faults/declared";
import { deletePodAndClaim } from "./faults/disks";
import { turnOn } from "./faults/nodes";
import type { Stage } from "./faults/stage";
import { copyDir } from "./log";
import type { AtStep, Story } from "./story";

export interface Outcome {
  readonly violations: readonly string[];
  readonly converged: boolean;
  readonly mustConverge: boolean;
  readonly reason: string;
  readonly rounds: number;
  readonly excused: boolean;
  /** Writes and actions of the first controller, and how many of them came before the first fault. */
  readonly steps: number;
  readonly stepsBefore: number;
}

const TICK_MS = 2000;
const MOMENT_EVERY = 15;
const KEPT_MOMENTS = 4;
/** Rounds after the faults end, the short ones first. A story that can't converge is watched for a while only. */
const ROUNDS = 400;
const SHORT_ROUNDS = 150;
const ROUNDS_IF_STUCK = 60;

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
    quotaBytes: 2_000_000,
    defragment: { freePercent: 45, minBytes: 100_000_000 },
    ...more,
  };
}

class Play {
  readonly stage: Stage;
  stepsBefore = 0;
  private ticks = 0;

  constructor(private readonly story: Story) {
    const desired = declared(story.members, { nodeLossGraceSeconds: story.nodeLossGraceSeconds });
    const cluster = new Cluster(story.seed, desired, { etcdVersion: desired.etcdVersion });
    const lease = new Lease();
    const controllers = [new Controller(cluster, lease), new Controller(cluster, lease)];
    this.stage = { cluster, controllers, moments: [] };
    const { atStep } = story;
    if (controllers[0] && atStep)
      controllers[0].interruption = { ...atStep, befalls: () => this.interrupt(atStep) };
    cluster.server = {
      answer: (report) => {
        const leading = controllers.filter((c) => c.alive && c.frozenTicks === 0 && c.believesTo);
        return leading[Math.floor(cluster.random() * leading.length)]?.answer(report);
      },
    };
  }

  private interrupt({ fault, a = 0 }: AtStep): boolean {
    if (fault === undefined) return false;
    this.stage.cluster.faults++;
    ALL[fault]?.(this.stage, a, 0);
    return true;
  }

  get over(): boolean {
    const { oracle } = this.stage.cluster;
    return oracle.violations.length > 0 || oracle.excused;
  }

  get decision() {
    return this.stage.controllers[0]?.lastDecision;
  }

  get done(): boolean {
    return this.decision?.converged === this.stage.cluster.desired.hash;
  }

  tick(ms: number): void {
    const { cluster, controllers, moments } = this.stage;
    cluster.tick(ms);
    for (const c of controllers) c.tick();
    if (++this.ticks % MOMENT_EVERY > 0) return;
    const dirs = cluster.claims.flatMap(({ uid, volume: { dir } }) =>
      dir ? [[uid, copyDir(dir)] as const] : [],
    );
    moments.push(new Map(dirs));
    if (moments.length > KEPT_MOMENTS) moments.shift();
  }

  playFaults(): void {
    for (let i = 0; i < this.story.warmUp; i++) this.tick(TICK_MS);
    this.stepsBefore = this.stage.controllers[0]?.done ?? 0;
    for (const { fault, a, b, ticks } of this.story.events) {
      if (this.over) return;
      this.stage.cluster.faults++;
      ALL[fault]?.(this.stage, a, b);
      for (let i = 0; i < ticks && !this.over; i++) this.tick(TICK_MS);
    }
  }

  converge(): number {
    const most = this.stage.cluster.canBeMade() ? ROUNDS : ROUNDS_IF_STUCK;
    let rounds = 0;
    for (; rounds < most && !this.over && !this.done; rounds++) {
      this.tick(rounds < SHORT_ROUNDS ? 3000 : 30_000);
      this.followStatus();
    }
    // A cluster that has converged must stay so.
    for (let i = 0; i < 5 && this.done; i++) this.tick(3000);
    // A short election afterwards is allowed.
    for (let i = 0; i < 10 && !this.over && !this.done && rounds < most; i++) this.tick(3000);
    return rounds;
  }

  /** A person does what the status asks for. */
  private followStatus(): void {
    const { reason = "" } = this.decision ?? {};
    const asked = /delete claim data-(\S+) and the pod|claim data-(\S+) is deleted/.exec(reason);
    const pod = this.stage.cluster.pods.find((p) => p.name === (asked?.[1] ?? asked?.[2]));
    if (pod) deletePodAndClaim(this.stage, pod);
    const least = /declare at least (\d+) members/.exec(reason)?.[1];
    if (least !== undefined) declareSize(this.stage.cluster, Number(least) | 1);
  }
}

export function play(story: Story): Outcome {
  const played = new Play(story);
  played.playFaults();
  endFaults(played.stage);
  const rounds = played.converge();
  const { cluster, controllers } = played.stage;
  const { oracle } = cluster;
  const { birth } = cluster.record.value ?? {};
  // Without a declared grace, and before the cluster has formed, a person has to decide.
  const needsDecision =
    (story.nodeLossGraceSeconds === undefined || birth?.state !== "born") &&
    cluster.claims.some((c) => c.node !== undefined && cluster.nodes[c.node]?.state === "gone");
  // While no voter is known, nobody can tell whose a corrupt or foreign disk is.
  const unreadable =
    !oracle.truth &&
    cluster.claims.some(
      ({ volume: { broken, logless, dir } }) => broken || logless || (dir && oracle.isHarmed(dir.memberId)),
    );
  const ambiguous = oracle.recordHarmed && oracle.anyHarm;
  return {
    violations: oracle.violations,
    converged: played.done,
    mustConverge:
      cluster.canBeMade() &&
      ![oracle.excused, ambiguous, needsDecision, unreadable, oracle.firstMemberForgotten].includes(true),
    reason: played.decision?.reason ?? "",
    rounds,
    excused: oracle.excused,
    steps: controllers[0]?.done ?? 0,
    stepsBefore: played.stepsBefore,
  };
}

/** Throws an error that says which promise the story breaks. */
export function keepsPromises(story: Story): void {
  const end = play(story);
  if (end.violations.length > 0) throw new Error(`broken: ${end.violations.join("; ")}`);
  if (end.mustConverge && !end.converged) throw new Error(`stuck: ${end.reason}`);
}

/** Ends the faults: network, nodes, requests and clocks work, a good template is declared, one controller runs. */
function endFaults(stage: Stage): void {
  const { cluster, controllers } = stage;
  cluster.faults++;
  cluster.isolated.clear();
  cluster.hidden.clear();
  cluster.requests.repair();
  cluster.snapshotMs = 0;
  for (const { volume } of cluster.claims) volume.full = false;
  for (const clock of clocksOf(stage)) clock.correct();
  cluster.nodes.forEach((_, i) => turnOn(cluster, i));
  controllers.forEach((c, i) => {
    c.restart();
    c.alive = i === 0;
  });
  const versions = [
    ...cluster.claims.flatMap((c) => (c.volume.dir ? [c.volume.dir.lastVersion] : [])),
    // An existing pod starts etcd with its own version, whatever is declared.
    ...cluster.pods.map((p) => cluster.templates.get(p.revision)?.etcdVersion),
  ];
  const etcdVersion = versions.includes("3.7.1") ? "3.7.1" : "3.6.14";
  const template = cluster.templates.get(cluster.revision);
  if (!template?.fault && template?.etcdVersion === etcdVersion) return;
  declareTemplate(cluster, etcdVersion);
}
