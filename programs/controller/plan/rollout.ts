/**
 * Pods get the declared revision one at a time.
 *
 * Why it can't lose an acknowledged write: only pods are replaced, disks stay. A pod is deleted without further
 * conditions only if that can't lower the number of healthy voters. A healthy one is restarted only while all are
 * healthy and in sync, and through the Eviction API, whose disruption budget also counts what others do. If that
 * refuses one pod, the next is tried under the same conditions. If it gives no answer, no other pod is restarted before
 * the result is known.
 */
import type { PodView } from "../model";
import { age, ageOf } from "./age";
import { passOldLog } from "./old-log";
import { mayBeDefragmenting } from "./space";
import type { Step } from "./step";
import { deletePod, doAction, mention, refusal, wait } from "./step";
import type { Facts, Member } from "./facts";
import { describePod } from "./describe-pod";
import { isUnanswered } from "./retry";
import { healthyWithout, label, leads, memberOn, quorum, statusesOf, statusOf } from "./view";
import { parseVersion } from "../../../components/contract/versions";
import { unfinishedStep, versionProblem } from "./version";
import { quotaBeforeVolume, wantsRemount, withRemount } from "./volumes";

/** How long a pod may not answer before it counts as broken. */
const STARTING_MS = 60_000;

/** A pod that is only slow for a moment may be part of a quorum. */
export const isSilentForNow = (f: Facts, pod: PodView): boolean =>
  !statusOf(f.world, pod) && ageOf(f.world, age.unheard(pod)) < STARTING_MS;

export function outdated(f: Facts): readonly PodView[] {
  if (!f.sts.observed) return [];
  return f.world.pods.filter((p) => !p.deleting && p.revision !== f.sts.updateRevision);
}

/** Refuses a version step that etcd doesn't support, before the first restart. */
export function refuseVersion(f: Facts): Step | undefined {
  const to = f.desired.etcdVersion;
  const pending = f.world.etcd.downgrade;
  const target = pending?.enabled ? parseVersion(pending.targetVersion) : undefined;
  const wanted = parseVersion(to);
  if (f.list && target && wanted && wanted.minor > target.minor) {
    return doAction({ kind: "cancelDowngrade" }, `etcd ${to} is declared: the downgrade is cancelled`);
  }
  const problem = versionProblem(f, to);
  if (!problem || !wanted) {
    const unfinished = unfinishedStep(f, to);
    if (problem) return refusal(problem);
    return unfinished ? wait(unfinished) : passOldLog(f, to);
  }
  const given = `version is ${to}: ${problem}`;
  if (!problem.endsWith("is a downgrade")) return refusal(given);
  const cluster = parseVersion(f.record.clusterVersion ?? "");
  if (cluster && cluster.minor - wanted.minor > 1) {
    return refusal(
      `${given} of more than one minor version. Declare the version that ran, or one minor version less`,
    );
  }
  if (!f.desired.allowDowngrade) {
    return refusal(`${given}. Declare the version that ran, or set controller.allowDowngrade as well`);
  }
  if (f.healthy.length < f.voters.length || !f.list) {
    return wait("the downgrade waits until every voter is healthy: etcd can't prepare it before");
  }
  if (cluster && cluster.minor <= wanted.minor) {
    return wait("the downgrade waits until etcd has finished the step up");
  }
  const targetVersion = `${wanted.major}.${wanted.minor}.0`;
  if (target?.minor === wanted.minor) return wait(`etcd prepares its downgrade to ${targetVersion}`);
  return doAction(
    { kind: "enableDowngrade", targetVersion },
    `downgrade to ${targetVersion}: announced to etcd`,
  );
}

export function* rollBroken(f: Facts, which: (pod: PodView) => boolean = () => true): Iterable<Step> {
  for (const pod of outdated(f).filter(which)) {
    const member = memberOn(f, pod);
    if (member && !member.unhealthyReason) continue;
    if (!harmless(f, pod, member)) continue;
    const reason = `${pod.name} ${describePod(pod, f.world)} and has an outdated revision: restarted first`;
    yield deletePod(pod, reason);
  }
}

/** Whether a restart can't lower the number of healthy voters, even if this controller sees too little. */
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

/** Whether the member runs for too short a time to have shown that it works. */
export const hasJustStarted = (f: Facts, pod: PodView) =>
  pod.etcd.state === "running" && ageOf(f.world, age.running(pod)) < STARTING_MS;

interface Restart {
  readonly pod: PodView;
  readonly member: Member;
}

/** Voters whose pods aren't as declared, or must be recreated for their volumes. */
export function toRestart(f: Facts): readonly Restart[] {
  if (!f.sts.observed) return [];
  const late = outdated(f);
  const remounts = f.world.pods.filter((p) => !p.deleting && !late.includes(p) && wantsRemount(f, p));
  return [...late, ...remounts]
    .map((pod) => ({ pod, member: f.members.find((m) => m.ordinal === pod.ordinal) }))
    .filter((x): x is Restart => x.member !== undefined && !x.member.isLearner);
}

/** Restarting one of two voters costs the quorum. If more are declared, a third one joins first. */
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
  const unhealthy = f.voters.find((m) => m.unhealthyReason !== undefined);
  if (unhealthy) {
    return wait(
      `the rollout waits: ${label(f, unhealthy.ordinal)} ${unhealthy.unhealthyReason ?? ""} (${whatMayFail(f)})`,
    );
  }
  if (f.learners.length > 0) return wait("the rollout waits for the learner");
  if (needsThird(f)) {
    return mention(
      "the rollout waits for a third voter: restarting one of two costs the quorum until it is back. " +
        "If no third can join, delete their pods manually, one after the other",
    );
  }
  return restarts(f, free);
}

/** Followers first, then the leader. A pod that can't be evicted doesn't hold up the others. */
function* restarts(f: Facts, due: readonly Restart[]): Iterable<Step> {
  const followers = due.filter((x) => !leads(x.member));
  for (const { pod } of followers) {
    const step = restart(f, pod);
    yield step;
    // It may still be evicted: no other pod is restarted before that is known.
    if (isUnanswered(f.world, step)) return;
  }
  const leader = due.find((x) => leads(x.member));
  if (!leader) return;
  const others = f.voters.filter((m) => m !== leader.member);
  if (others.length === 0) yield restart(f, leader.pod);
  const old = toRestart(f);
  const isOld = (m: Member) => old.some((x) => x.member === m);
  const current = others.filter((m) => !isOld(m));
  // A member that must restart itself would have to pass leadership on again.
  for (const newLeader of followers.length > 0 ? current : [...current, ...others.filter(isOld)]) {
    const reason =
      `${leader.pod.name} leads and is the last to restart: leadership goes to ` +
      `${label(f, newLeader.ordinal)}`;
    yield doAction({ kind: "moveLeader", from: leader.member.memberId, to: newLeader.memberId }, reason);
  }
}

function restart(f: Facts, pod: PodView): Step {
  const tight = f.voters.length < 3 ? ` (no quorum meanwhile)` : "";
  const late = pod.revision !== f.sts.updateRevision;
  const why = late ? "at the declared revision" : "so that its volume takes its new size";
  const record = wantsRemount(f, pod) ? withRemount(f, pod) : undefined;
  return doAction(
    { kind: "evictPod", name: pod.name, uid: pod.uid },
    `${pod.name} is restarted ${why}${tight}`,
    record,
  );
}

/** A pod at the declared revision that doesn't become healthy: the cluster must not grow on it. */
export function stuck(f: Facts): Step | undefined {
  if (!f.list) return undefined;
  const unhealthy = f.voters.find((m) => m.unhealthyReason !== undefined);
  if (!unhealthy) return undefined;
  const status = unhealthy.pod && statusOf(f.world, unhealthy.pod);
  const why = status ? unhealthy.unhealthyReason : describePod(unhealthy.pod, f.world);
  return wait(`${label(f, unhealthy.ordinal)} ${why ?? "is unhealthy"} (${whatMayFail(f)})`);
}

function whatMayFail(f: Facts): string {
  const spare = f.healthy.length - quorum(f.voters.length);
  return spare > 0 ? `${spare} more may fail` : "one more loss costs the quorum";
}
