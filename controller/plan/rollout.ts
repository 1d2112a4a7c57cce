/**
 * Pods come to the declared revision one at a time.
 *
 * Why it can't lose an acknowledged write: disks stay as they are; only pods are exchanged. A pod goes without further
 * conditions only when that can't lower the number of healthy voters; a healthy one only while all others are healthy
 * and in sync, and through the Eviction API, whose budget also counts what others are doing.
 */
import type { PodView } from "../model";
import { age, ageOf } from "./age";
import { passOldLog } from "./old-log";
import { mayBeDefragmenting } from "./space";
import type { Step } from "./step";
import { act, mention, refusal, wait } from "./step";
import type { Facts, Member } from "./view";
import { trouble } from "./trouble";
import { healthyWithout, label, quorum, statusesOf, statusOf } from "./view";
import { parseVersion, unfinishedStep, versionProblem } from "./version";
import { quotaBeforeVolume, wantsRemount, withRemount } from "./volumes";

/** A pod that doesn't answer is given this long before it counts as broken. */
const STARTING_MS = 60_000;

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

export function* rollBroken(f: Facts): Iterable<Step> {
  for (const pod of outdated(f)) {
    const member = f.members.find((m) => m.ordinal === pod.ordinal);
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
  if (ageOf(f.world, age.running(pod)) < STARTING_MS) return false;
  if (f.list && mayBeDefragmenting(f, pod.ordinal)) return false;
  if (f.list) return healthyWithout(f, member?.memberId ?? "") >= quorum(f.voters.length);
  const { birth } = f.record;
  const ours = "clusterId" in birth ? statusesOf(f.world, birth.clusterId) : f.world.etcd.statuses;
  const led = ours.some((s) => s.leaderId !== undefined);
  return !led && !f.world.pods.some((p) => p.ready);
}

export function rollHealthy(f: Facts): Step | Iterable<Step> | undefined {
  if (!f.list) return undefined;
  if (!f.sts.observed) return mention("the StatefulSet's controller hasn't seen the declared template yet");
  const late = outdated(f);
  const remounts = f.world.pods.filter((p) => !p.deleting && !late.includes(p) && wantsRemount(f, p));
  const old = [...late, ...remounts]
    .map((pod) => ({ pod, member: f.members.find((m) => m.ordinal === pod.ordinal) }))
    .filter((x): x is { pod: PodView; member: Member } => x.member !== undefined && !x.member.isLearner);
  if (old.length === 0) return undefined;
  const leads = (m: Member) => m.status?.leaderId === m.memberId;
  const free = old.filter((x) => !quotaBeforeVolume(f, x.pod));
  const next = free.find((x) => !leads(x.member)) ?? free[0];
  if (!next) return wait(`the rollout waits: ${quotaBeforeVolume(f, old[0]?.pod)}`);
  const others = f.voters.filter((m) => m.memberId !== next.member.memberId);
  const unwell = others.find((m) => m.ailment !== undefined);
  if (unwell) {
    const spare = f.healthy.length - quorum(f.voters.length);
    const cost = spare > 0 ? `${spare} more may fail` : "one more loss costs the quorum";
    return wait(`the rollout waits: ${label(f, unwell.ordinal)} ${unwell.ailment ?? ""} (${cost})`);
  }
  if (f.learners.length > 0) return wait("the rollout waits for the learner");
  if (next.member.ailment) return wait(`the rollout waits: ${next.pod.name} ${next.member.ailment}`);
  if (leads(next.member) && others.length > 0) {
    const from = next.member.memberId;
    return others.map((heir) => {
      const reason = `${next.pod.name} leads and is the last to restart: leadership goes to ${label(f, heir.ordinal)}`;
      return act({ kind: "moveLeader", from, to: heir.memberId }, reason);
    });
  }
  const tight = f.voters.length < 3 ? ` (${f.voters.length} can't stay in quorum meanwhile)` : "";
  const { pod } = next;
  const what = remounts.includes(pod) ? "so that its volume takes its new size" : "at the declared revision";
  const reason = `${pod.name} is restarted ${what}${tight}`;
  const record = wantsRemount(f, pod) ? withRemount(f, pod) : undefined;
  return act({ kind: "evictPod", name: pod.name, uid: pod.uid }, reason, record);
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
