/**
 * From one observation to at most one action and a reason. Pure: the same world gives the same decision, and only the
 * record remembers anything.
 */
import type { ControllerRecord, Decision, World } from "../model";
import type { RestoreAnswer } from "../../shared/protocol";
import { adoption, bootstrap } from "./bootstrap";
import { updateRecord } from "./bookkeeping";
import { missing } from "./convergence";
import { rollUnreachable } from "./unreachable";
import { corrupt } from "./corrupt";
import { addMember, addReplacement, finishAdd, freshPod, tendLearner } from "./joining";
import { ordersFor, startsFor } from "./orders";
import { prepareRebuild } from "./prepare-rebuild";
import { refuseQuota } from "./quota";
import { carryOutRebuild } from "./rebuild";
import { emptyRecord } from "./record";
import { refuse } from "./refuse";
import {
  finishRemoval,
  lookAgain,
  lostQuorum,
  replaceBroken,
  replaceLost,
  replaceNode,
  restartUnread,
  stopUnknownMembers,
  unreadIntent,
} from "./repair";
import { refuseVersion, rollBroken, rollHealthy, stuck } from "./rollout";
import { dropReplaced, lowerReplicas, raiseReplicas, restoreReplicas, shrink, standBack } from "./size";
import { defragmentAll, noSpace } from "./space";
import { staleness, withMembers, withoutMembers } from "./stale-record";
import type { Step } from "./step";
import { wait } from "./step";
import { replaceStranded } from "./stranded";
import { trustVerdict } from "./trust";
import { delayRetry } from "./retry";
import { adviceOn } from "./version";
import type { Facts } from "./facts";
import { factsOf, gateOf } from "./view";
import { growVolumes } from "./volumes";
import { writable } from "./writable";

interface Concern {
  /** May return several steps that don't depend on each other: if one can't be taken, the next one is tried. */
  readonly run: (f: Facts) => Step | undefined | Iterable<Step>;
  /**
   * `blocked`: skipped once an earlier concern waits with `blocks` (see `step`). `always`: runs even then.
   * `barrier`: runs even then, and while it waits, nothing after it runs.
   */
  readonly runs: "blocked" | "always" | "barrier";
}

/**
 * The concerns, most urgent first. A round goes through them from the top and takes the first step that can be taken.
 *
 * 1. Carry out a rebuild that has begun: all members are stopped for it, so nothing else is done meanwhile.
 * 2. Bring back pods that were scaled away. Settle whether the record is an old one. Begin a declared generation.
 * 3. Refuse a version or a quota before the first pod is restarted with it.
 * 4. Restart pods at the declared revision where that can't cost a healthy voter: most wrong declarations are cured so.
 * 5. Bootstrap, or adopt what runs. Before a cluster is known, nothing is repaired by guess.
 * 6. Repair: finish the membership change under way, replace lost members, tend the learner, make space. Each of these
 *    checks for itself whether it is safe, so what waits above doesn't hold it up.
 * 7. Lower the number of pods, let waiting pods join, remove members that aren't declared. Grow volumes.
 * 8. Roll out to healthy voters. Members are added only after that.
 * 9. Defragment.
 */
const CONCERNS: readonly Concern[] = [
  { run: carryOutRebuild, runs: "barrier" },
  { run: restoreReplicas, runs: "blocked" },
  { run: waitInDoubt, runs: "blocked" },
  { run: rollWhileWaiting, runs: "blocked" },
  { run: prepareRebuild, runs: "blocked" },
  { run: refuseVersion, runs: "blocked" },
  { run: refuseQuota, runs: "blocked" },
  { run: rollBroken, runs: "blocked" },
  { run: rollUnreachable, runs: "blocked" },
  { run: lookAgain, runs: "always" },
  { run: bootstrap, runs: "blocked" },
  { run: withoutCluster, runs: "barrier" },
  { run: unreadIntent, runs: "always" },
  { run: lostQuorum, runs: "blocked" },
  { run: dropReplaced, runs: "always" },
  { run: finishRemoval, runs: "always" },
  { run: finishAdd, runs: "always" },
  { run: replaceLost, runs: "always" },
  { run: replaceNode, runs: "always" },
  { run: replaceStranded, runs: "always" },
  { run: replaceBroken, runs: "always" },
  { run: restartUnread, runs: "always" },
  { run: corrupt, runs: "always" },
  { run: stopUnknownMembers, runs: "always" },
  { run: freshPod, runs: "always" },
  { run: tendLearner, runs: "always" },
  { run: addReplacement, runs: "always" },
  { run: noSpace, runs: "always" },
  { run: lowerReplicas, runs: "blocked" },
  { run: joinBeforeRollout, runs: "blocked" },
  { run: shrink, runs: "blocked" },
  { run: growVolumes, runs: "always" },
  { run: standBack, runs: "blocked" },
  { run: rollHealthy, runs: "blocked" },
  { run: stuck, runs: "blocked" },
  { run: raiseReplicas, runs: "blocked" },
  { run: addMember, runs: "blocked" },
  { run: defragmentAll, runs: "blocked" },
];

/** Until the cluster is known, it isn't known which disks belong together: nothing is repaired by guess. */
function withoutCluster(f: Facts): Step | undefined {
  return f.record.birth.state === "born" ? undefined : wait("no cluster is known yet");
}

/**
 * Pods without a member keep the disruption budget closed, so those that are to join do so before healthy pods are
 * evicted. Surplus members go first as well, since restarting them is of no use.
 */
function joinBeforeRollout(f: Facts): Step | undefined {
  const members = f.members.filter((m) => m.ordinal !== undefined && m.ordinal < f.desired.members);
  return members.length < Math.min(f.sts.replicas, f.desired.members) ? addMember(f) : undefined;
}

export function plan(world: World): Decision {
  const { desired, statefulSet, record } = world;
  if (!world.holdsLease) return undecided("another controller holds the lease");
  if ("problem" in desired) return undecided(`the declaration can't be obeyed: ${desired.problem}`);
  if (record && "problem" in record) return undecided(`the record can't be read: ${record.problem}`);
  if (!statefulSet) return undecided("there is no StatefulSet yet");
  if (statefulSet.deleting) return undecided("the StatefulSet is being deleted");

  const seen = current(factsOf(world, desired, statefulSet, record ?? emptyRecord(desired.generation)));
  const trust = trustVerdict(statefulSet, world.pods);
  return trust ? { ...decide(seen), trust } : decide(seen);
}

/** A record that is older than the running cluster counts as lost. While that is in doubt, no member starts by it. */
function current(f: Facts): Facts {
  const stale = staleness(f);
  if (!stale) return f;
  const doubt = stale.doubtful ? stale.why : undefined;
  if (doubt && !stale.holds) return { ...f, doubt };
  return { ...factsOf(f.world, f.desired, f.sts, withoutMembers(f.record), stale.why), doubt };
}

/**
 * While a declared generation can't be made yet, pods still get a corrected template. Only those that can't start
 * qualify: a pod whose gate asks or whose etcd runs is needed for the new generation.
 */
function* rollWhileWaiting(f: Facts): Iterable<Step> {
  if (f.record.birth.state !== "born" || f.record.generation >= f.desired.generation) return;
  if (refuseVersion(f) || [...refuseQuota(f)].length > 0) return;
  yield* rollBroken(f, (pod) => pod.etcd.state !== "running" && !gateOf(f.world, pod));
}

/** It must be known which cluster the disks belong to before any of them is replaced by a new generation. */
function waitInDoubt(f: Facts): Step | undefined {
  return f.doubt && f.record.generation < f.desired.generation ? wait(f.doubt) : undefined;
}

function decide(seen: Facts): Decision {
  const { world, desired, sts } = seen;
  // Bookkeeping goes on even when every action is refused: without a recorded floor, a rolled-back disk isn't
  // recognised.
  const f = { ...factsOf(world, desired, sts, updateRecord(seen), seen.stale), doubt: seen.doubt };
  const stop = refuse(f);
  // A paused cluster that is as declared has converged, so that an `up` that only pauses comes to an end.
  const settled = desired.paused && missing(f) === undefined;
  const found = desired.paused ? adoption(f) : undefined;
  if (found?.kind === "do") return carryOut(seen, f, found, [stop?.reason ?? found.reason]);
  if (stop && !settled) return withRefusal(conclude(seen, f, [stop.reason]), [stop]);
  if (settled) return conclude(seen, f, []);

  const steps: Step[] = [];
  const waits = () => [...new Set(steps.map((step) => step.reason))];
  let blocked = false;
  for (const concern of CONCERNS) {
    if (blocked && concern.runs === "blocked") continue;
    let waited = false;
    for (const wanted of stepsOf(concern.run(f))) {
      const step = writable(f.record, delayRetry(world, wanted));
      if (step.kind === "do") {
        const again = step.reason === wanted.reason ? [] : [step.reason];
        return withRefusal(carryOut(seen, f, step, [...waits(), ...again]), steps);
      }
      steps.push(step);
      blocked ||= step.blocks;
      waited = true;
    }
    if (concern.runs === "barrier" && waited) break;
  }
  return withRefusal(conclude(seen, f, waits()), steps);
}

function stepsOf(wanted: ReturnType<Concern["run"]>): Iterable<Step> {
  if (!wanted) return [];
  return Symbol.iterator in wanted ? wanted : [wanted];
}

function withRefusal(decision: Decision, steps: readonly Step[]): Decision {
  const refused = steps.find((step) => step.kind === "wait" && step.refused);
  return refused ? { ...decision, refused: refused.reason } : decision;
}

function undecided(reason: string): Decision {
  return { orders: {}, undecided: true, reason, warnings: [reason] };
}

/** The answer to the restore pod of the declared generation. */
function answerOf(f: Facts, reason: string): RestoreAnswer | undefined {
  const report = f.world.restore?.report;
  if (!report) return undefined;
  const { rebuild, generation, birth } = f.record;
  const through = birth.state !== "unborn" && generation >= report.generation;
  if (!rebuild && through) return { kind: "done" };
  const { survivor } = rebuild ?? {};
  return { kind: "wait", reason, commit: survivor?.commit ?? 0, ...(survivor ? { survivor } : {}) };
}

function next(record: ControllerRecord): ControllerRecord {
  return { ...record, sequence: record.sequence + 1 };
}

/** What counts as lost in this round stays in the record for the next one. */
function written(seen: Facts, record: ControllerRecord): ControllerRecord {
  return seen.stale ? withMembers(record, seen.world.record) : record;
}

function carryOut(
  seen: Facts,
  f: Facts,
  step: Extract<Step, { kind: "do" }>,
  waits: readonly string[],
): Decision {
  const after = next(step.record ?? f.record);
  const record = written(seen, after);
  const then = factsOf(f.world, f.desired, f.sts, after);
  return {
    record,
    action: step.action,
    orders: ordersFor(then),
    starts: startsFor(seen),
    restore: answerOf(then, step.reason),
    reason: step.reason,
    warnings: waits,
  };
}

function conclude(seen: Facts, f: Facts, waits: readonly string[]): Decision {
  const lacks = waits[0] ?? missing(f);
  const birthState = f.record.birth;
  const seal = lacks === undefined && birthState.state === "born" && !birthState.sealed;
  const kept = seal ? { ...f.record, birth: { ...birthState, sealed: true } } : f.record;
  const advice = adviceOn(f.desired.etcdVersion);
  const record = kept === seen.record ? undefined : written(seen, next(kept));
  const { members } = f.desired;
  const voters = members === 1 ? "1 healthy voter" : `${members} healthy voters`;
  return {
    record,
    orders: ordersFor(f),
    starts: record && startsFor(seen),
    restore: answerOf(f, lacks ?? "as declared"),
    reason: lacks ?? `as declared: ${voters}${f.desired.paused ? ", paused" : ""}`,
    converged: lacks === undefined && !seal ? f.desired.hash : undefined,
    warnings: advice ? [...waits, advice] : [...waits],
  };
}
