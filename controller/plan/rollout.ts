/**
 * Pods come to the declared revision one at a time.
 *
 * Why it can't lose an acknowledged write: disks stay as they are; only pods are exchanged. A pod goes without further
 * conditions only when that can't lower the number of healthy voters; a healthy one only while all are healthy and in
 * sync, and through the Eviction API, whose budget also counts what others are doing. Where that refuses one, the next has
 * its turn by the same conditions; where it gives no answer, nobody has before it is known what became of that one.
 */
import type { PodView } from "../model";
import { age, ageOf } from "./age";
import { passOldLog } from "./old-log";
import { mayBeDefragmenting } from "./space";
import type { Step } from "./step";
import { act, mention, refusal, wait } from "./step";
import type { Facts, Member } from "./view";
import { trouble } from "./trouble";
import { mayBeDone } from "./trying";
import { healthyWithout, label, leads, memberOn, quorum, statusesOf, statusOf } from "./view";
import { parseVersion, unfinishedStep, versionProblem } from "./version";
import { quotaBeforeVolume, wantsRemount, withRemount } from "./volumes";

/** A pod that doesn't answer is given this long before it counts as broken. */
const STARTING_MS = 60_000;

/** Who only works slowly for a moment may be one of a quorum. */
export const isSilentForNow = (f: Facts, pod: PodView): boolean =>
  !statusOf(f.world, pod) && ageOf(f.world, age.unheard(pod)) < STARTING_MS;

export function outdated(f: Facts): readonly PodView[] {
  if (!f.sts.observed) return [];
  return f.world.pods.filter((p) => !p.deleting && p.revision !== f.sts.updateRevision);
}

/** A step that etcd doesn't support is refused before the first restart. */
export function refuseVersion(f: Facts): Step | undefined {
  const to = f.desired.etcdVersion;
  const pending = f.world.etcd.downgrade;
  const target = pending?.enabled ? parseVersion(pending.targetVersion) : undefined;
  const wanted = parseVersion(to);
  if (f.list && target && wanted && wanted.minor > target.minor) {
    return act({ kind: "cancelDowngrade" }, `etcd ${to} is declared: the downgrade is taken back`);
  }
  const problem = versionProblem(f, to);
  if (!problem || !wanted) {
    const unfinished = unfinishedStep(f, to);
    if (problem) return refusal(problem);
    return unfinished ? wait(unfinished) : passOldLog(f, to);
  }
  if (!problem.endsWith("is a downgrade")) return refusal(problem);
  if (!f.desired.allowDowngrade) return refusal(`${problem}: declare controller.allowDowngrade with it`);
  const cluster = parseVersion(f.record.clusterVersion ?? "");
  if (cluster && cluster.minor - wanted.minor > 1)
    return refusal(`${problem} of more than one minor version`);
  if (f.healthy.length < f.voters.length || !f.list) {
    return wait("the downgrade waits until every voter is healthy: etcd can't prepare it before");
  }
  if (cluster && cluster.minor <= wanted.minor) {
    return wait("the downgrade waits until etcd has finished the step up");
  }
  const targetVersion = `${wanted.major}.${wanted.minor}.0`;
  if (target?.minor === wanted.minor) return wait(`etcd prepares its downgrade to ${targetVersion}`);
  return act({ kind: "enableDowngrade", targetVersion }, `downgrade to ${targetVersion}: announced to etcd`);
}

export function* rollBroken(f: Facts, which: (pod: PodView) => boolean = () => true): Iterable<Step> {
  for (const pod of outdated(f).filter(which)) {
    const member = memberOn(f, pod);
    if (member && !member.ailment) continue;
    if (!harmless(f, pod, member)) continue;
    const reason = `${pod.name} ${trouble(pod, f.world)} and has an outdated revision: restarted first`;
    yield act({ kind: "deletePod", name: pod.name, uid: pod.uid, force: false }, reason);
  }
}

/** Whether restarting it can't lower the number of healthy voters, even where this controller sees too little. */
function harmless(f: Facts, pod: PodView, member: Member | undefined): boolean {
  if (pod.etcd.state !== "running") return true;
  if (pod.ready) return false;
  if (f.list && !member) return true;
  if (member?.isLearner) return false;
  if (hasJustStarted(f, pod)) return false;
  if (f.list && mayBeDefragmenting(f, pod.ordinal)) return false;
  if (f.list) return healthyWithout(f, member?.memberId ?? "") >= quorum(f.voters.length);
  if (isSilentForNow(f, pod)) return false;
  const { birth } = f.record;
  const ours = "clusterId" in birth ? statusesOf(f.world, birth.clusterId) : f.world.etcd.statuses;
  const led = ours.some((s) => s.leaderId !== undefined);
  // One that only works slowly still votes, and whoever has just started may be about to make a quorum with it.
  return !led && !f.world.pods.some((p) => p.ready || (p !== pod && hasJustStarted(f, p)));
}

/** It has had no time yet to show whether it works. */
export const hasJustStarted = (f: Facts, pod: PodView) =>
  pod.etcd.state === "running" && ageOf(f.world, age.running(pod)) < STARTING_MS;

interface Restart {
  readonly pod: PodView;
  readonly member: Member;
}

/** Voters whose pods aren't as declared, or have to be made anew for their volumes. */
export function toRestart(f: Facts): readonly Restart[] {
  if (!f.sts.observed) return [];
  const late = outdated(f);
  const remounts = f.world.pods.filter((p) => !p.deleting && !late.includes(p) && wantsRemount(f, p));
  return [...late, ...remounts]
    .map((pod) => ({ pod, member: f.members.find((m) => m.ordinal === pod.ordinal) }))
    .filter((x): x is Restart => x.member !== undefined && !x.member.isLearner);
}

/** One of two can't be restarted without a quorum being lost: where more are declared, a third one comes before. */
export function needsThird(f: Facts): boolean {
  return f.voters.length === 2 && f.desired.members > 2;
}

export function rollHealthy(f: Facts): Step | Iterable<Step> | undefined {
  if (!f.list) return undefined;
  if (!f.sts.observed) return mention("the StatefulSet's controller hasn't seen the declared template yet");
  const old = toRestart(f);
  if (old.length === 0) return undefined;
  const free = old.filter((x) => !quotaBeforeVolume(f, x.pod));
  if (free.length === 0) return wait(`the rollout waits: ${quotaBeforeVolume(f, old[0]?.pod)}`);
  const unwell = f.voters.find((m) => m.ailment !== undefined);
  if (unwell) {
    const spare = f.healthy.length - quorum(f.voters.length);
    const cost = spare > 0 ? `${spare} more may fail` : "one more loss costs the quorum";
    return wait(`the rollout waits: ${label(f, unwell.ordinal)} ${unwell.ailment ?? ""} (${cost})`);
  }
  if (f.learners.length > 0) return wait("the rollout waits for the learner");
  if (needsThird(f)) {
    return mention(
      "the rollout waits for a third voter: to restart one of two costs the quorum until it is back. Where no third can come, delete their pods by hand, one after the other",
    );
  }
  return restarts(f, free);
}

/** Followers, then the leader. One that nobody lets go stands in no other's way. */
function* restarts(f: Facts, due: readonly Restart[]): Iterable<Step> {
  const followers = due.filter((x) => !leads(x.member));
  for (const { pod } of followers) {
    const step = restart(f, pod);
    yield step;
    // It may go all the same: nobody else does before that is known.
    if (mayBeDone(f.world, step)) return;
  }
  const leader = due.find((x) => leads(x.member));
  if (!leader) return;
  const others = f.voters.filter((m) => m !== leader.member);
  if (others.length === 0) yield restart(f, leader.pod);
  const old = toRestart(f);
  const isOld = (m: Member) => old.some((x) => x.member === m);
  const current = others.filter((m) => !isOld(m));
  // Leadership that is given to one who has yet to go would only have to move on.
  for (const heir of followers.length > 0 ? current : [...current, ...others.filter(isOld)]) {
    const reason = `${leader.pod.name} leads and is the last to restart: leadership goes to ${label(f, heir.ordinal)}`;
    yield act({ kind: "moveLeader", from: leader.member.memberId, to: heir.memberId }, reason);
  }
}

function restart(f: Facts, pod: PodView): Step {
  const tight = f.voters.length < 3 ? ` (${f.voters.length} can't stay in quorum meanwhile)` : "";
  const late = pod.revision !== f.sts.updateRevision;
  const why = late ? "at the declared revision" : "so that its volume takes its new size";
  const record = wantsRemount(f, pod) ? withRemount(f, pod) : undefined;
  return act(
    { kind: "evictPod", name: pod.name, uid: pod.uid },
    `${pod.name} is restarted ${why}${tight}`,
    record,
  );
}

/** A pod at the declared revision that doesn't become healthy: growing must not build on it. */
export function stuck(f: Facts): Step | undefined {
  if (!f.list) return undefined;
  const ill = f.voters.find((m) => m.ailment !== undefined);
  if (!ill) return undefined;
  const spare = f.healthy.length - quorum(f.voters.length);
  const cost = spare > 0 ? `${spare} more may fail` : "one more loss costs the quorum";
  const status = ill.pod && statusOf(f.world, ill.pod);
  const why = status ? ill.ailment : trouble(ill.pod, f.world);
  return wait(`${label(f, ill.ordinal)} ${why ?? "is unwell"} (${cost})`);
}
