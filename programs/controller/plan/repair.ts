/**
 * Replaces members whose identity is lost.
 *
 * Why it can't lose an acknowledged write: a member is removed only while a quorum of the voters is healthy without it,
 * so every acknowledged entry is on a disk that stays. Its removal is recorded first, so it isn't forgotten half way.
 * What comes back on its pod is a new learner. A pod that is stopped without a removal holds no member, neither by its
 * URL nor by its ID.
 */
import type { ControllerRecord, MemberRecord, PodView, RemovalCause } from "../model";
import { age, ageOf, BROKEN_EVERY_MS, isOver, overdueMs, SLACK_MS, UNREAD_MS } from "./age";
import { mayHoldForeign } from "./foreign";
import { takenBack } from "./abandoned-members";
import { identityStatus } from "./identity";
import { withAbandoned, withNote } from "./record";
import { removalProblem } from "./removal";
import { mayBeDefragmenting } from "./space";
import type { Step } from "./step";
import { deletePod, doAction, mention, remember, wait } from "./step";
import type { Facts } from "./facts";
import { isPreparing, describePod } from "./describe-pod";
import { gateOf, isAbandoned, label, memberOn, noteOf, podAt, quorum, recordOf, statusOf } from "./view";

/** Restarts in place after which the gate inspects the disk, and after which a second pod proves it broken. */
const LOOK_AFTER = 2;
const INSPECT_EVERY_MS = 3_600_000;
const BROKEN_AFTER = 3;

/** It isn't known what was begun, so members neither come nor go. Intact ones start, and pods get their revision. */
export function unreadIntent(f: Facts): Step | undefined {
  if (f.record.intent?.kind !== "unread") return undefined;
  return mention(
    "a later release has begun a membership change that this one doesn't know: members don't change " +
      "until that release is declared again",
  );
}

/** Carries out a recorded removal as soon as it is safe. */
export function finishRemoval(f: Facts): Step | undefined {
  const { intent } = f.record;
  if (intent?.kind !== "remove") return undefined;
  const member = f.members.find((m) => m.memberId === intent.memberId);
  if (!member) return undefined;
  const unsafe = removalProblem(f, member);
  const name = label(f, intent.ordinal);
  if (unsafe) return wait(`${name} can't be removed yet (${intent.why}): ${unsafe}`);
  const { ordinal, memberId } = intent;
  return doAction({ kind: "removeMember", ordinal, memberId }, `${name} is removed (${intent.why})`);
}

/** The member can't come back under its ID. */
export function replaceLost(f: Facts): Step | undefined {
  let refused: Step | undefined;
  for (const m of f.record.members) {
    const found = identityStatus(f, m);
    if (found.kind !== "lost" && found.kind !== "broken") continue;
    const name = label(f, m.ordinal);
    if (found.kind === "broken") {
      if (brokenBefore(f, m.ordinal)) {
        refused ??= mention(`${name}: ${found.why}, again within the hour: check its volume and node`);
        continue;
      }
    }
    const cause = m.phase === "ordered" ? "failed-join" : found.kind === "lost" ? "lost-disk" : "broken-disk";
    const step = remove(f, m, cause, found.why);
    if (step?.kind === "do") return step;
    refused ??= step;
  }
  return refused;
}

export function remove(f: Facts, m: MemberRecord, why: RemovalCause, words: string): Step | undefined {
  const member = f.members.find((x) => x.memberId === m.memberId);
  if (!member || f.record.intent) return undefined;
  const name = label(f, m.ordinal);
  const unsafe = removalProblem(f, member);
  if (unsafe) return wait(`${name}: ${words}. It can't be replaced yet: ${unsafe}`);
  const { ordinal, memberId, claimUid } = m;
  let record: ControllerRecord = {
    ...f.record,
    intent: { kind: "remove", ordinal, memberId, claimUid, why, atMs: f.now },
  };
  if (!member.isLearner) record = withNote(record, ordinal, { replacing: true });
  if (why === "broken-disk") record = withNote(record, ordinal, { brokenMs: f.now, suspect: undefined });
  if (why === "lost-node") record = withAbandoned(record, ordinal, claimUid);
  return doAction(
    { kind: "removeMember", ordinal, memberId },
    `${name}: ${words}. It is removed, and joins again`,
    record,
  );
}

/** A pod that isn't confirmed gone. Decided by the pod alone, after the declared grace. */
export function replaceNode(f: Facts): Step | undefined {
  for (const pod of f.world.pods) {
    const overdue = overdueMs(f.world, pod);
    if (overdue === undefined || overdue <= SLACK_MS) continue;
    if (f.record.birth.state !== "born" || !f.list) continue;
    const grace = f.desired.nodeLossGraceSeconds;
    if (grace === undefined) {
      return mention(`${pod.name} can't be confirmed gone: its node doesn't answer`);
    }
    const left = Math.ceil((grace * 1000 - overdue) / 1000);
    if (left > 0) return mention(`${pod.name}'s node doesn't answer: replaced in ${left} s`);
    if (isAbandoned(f.record, pod.claimUid)) continue;
    const words = `its node hasn't answered for ${grace} s`;
    const m = recordOf(f.record, pod.ordinal);
    if (m) return remove(f, m, "lost-node", words);
    const given = giveUpVolume(f, pod, words);
    if (given) return given;
  }
  return undefined;
}

/** A pod without a member, lost with its node. Undefined: it has no volume, or isn't declared. */
export function giveUpVolume(f: Facts, pod: PodView, words: string): Step | undefined {
  if (!pod.claimUid || pod.ordinal >= f.desired.members) return undefined;
  const lost = `${label(f, pod.ordinal)}: ${words}. `;
  if (mayHoldForeign(f, pod)) {
    return mention(
      `${lost}Its volume holds no member, and may hold another cluster's data: it is kept until claim ` +
        `${pod.claimName} is deleted`,
    );
  }
  const record = withAbandoned(f.record, pod.ordinal, pod.claimUid);
  return remember(record, `${lost}It holds no member: its volume is given up`);
}

/** Within the last hour, as far as a controller saw. */
function brokenBefore(f: Facts, ordinal: number): boolean {
  const stamp = noteOf(f.record, ordinal)?.brokenMs;
  return stamp !== undefined && ageOf(f.world, age.broken(ordinal, stamp)) < BROKEN_EVERY_MS;
}

/**
 * Only the gate can tell why, and it runs again only in a new pod. Once per revision, so that it ends. Then
 * once an hour, if there is no member to replace or no healthy ones to compare with (none, or in the middle of
 * a rollout): nobody else inspects the disk any more.
 */
export function* lookAgain(f: Facts): Iterable<Step> {
  for (const pod of f.world.pods) {
    if (!failsAgain(f, pod, LOOK_AFTER)) continue;
    const suspect = noteOf(f.record, pod.ordinal)?.suspect;
    // The same pod: the recorded deletion was not carried out.
    const inspected = suspect?.revision === pod.revision && suspect.podUid !== pod.uid;
    const replaceable = isComparable(f, pod) && recordOf(f.record, pod.ordinal);
    if (inspected && (replaceable || !isOver(f, suspect.atMs, INSPECT_EVERY_MS))) continue;
    const record = withNote(f.record, pod.ordinal, {
      suspect: { podUid: pod.uid, revision: pod.revision, atMs: f.now },
    });
    yield deletePod(
      pod,
      `${pod.name} ${describePod(pod, f.world)}: a new pod lets its gate look at the disk`,
      record,
    );
  }
}

/** Whether all who are healthy run with the pod's settings: those aren't the cause, then. */
const isComparable = (f: Facts, pod: PodView) =>
  f.healthy.length > 0 && f.healthy.every((h) => h.pod?.revision === pod.revision);

function failsAgain(f: Facts, pod: PodView, restarts: number): boolean {
  const { etcd } = pod;
  if (pod.deleting || etcd.state === "running" || etcd.restarts < restarts) return false;
  // After its node's restart the pod starts anew, but keeps its restart count and exit code.
  if (isPreparing(etcd) || gateOf(f.world, pod)) return false;
  return etcd.lastExit !== undefined && !etcd.lastExit.oomKilled;
}

/** The second pod fails like the first, with settings that work for the healthy members. */
export function replaceBroken(f: Facts): Step | undefined {
  for (const m of f.record.members) {
    const pod = podAt(f.world, m.ordinal);
    const note = noteOf(f.record, m.ordinal);
    if (!pod || !note?.suspect || note.suspect.podUid === pod.uid) continue;
    if (note.suspect.revision !== pod.revision || !failsAgain(f, pod, BROKEN_AFTER)) continue;
    if (!isComparable(f, pod)) {
      return mention(
        `${pod.name} ${describePod(pod, f.world)}, and no healthy member runs with the same settings`,
      );
    }
    if (brokenBefore(f, m.ordinal)) {
      return mention(
        `${pod.name} ${describePod(pod, f.world)} again within the hour: check its volume and node`,
      );
    }
    const step = remove(
      f,
      m,
      "broken-disk",
      `etcd fails again and again in a second pod, ${describePod(pod, f.world)}`,
    );
    if (step) return step;
  }
  return undefined;
}

/**
 * A voter that can't read linearizably for long while all others are healthy, for example with a stuck log. Its
 * liveness probe finds nothing, so it is restarted, once. A rollout would do the same first.
 */
export function restartUnread(f: Facts): Step | undefined {
  if (!f.list || f.record.intent || f.learners.length > 0 || f.voters.length < 3) return undefined;
  const [unhealthy, ...others] = f.voters.filter((m) => m.unhealthyReason !== undefined);
  if (!unhealthy?.pod || unhealthy.ordinal === undefined || others.length > 0) return undefined;
  const { pod, ordinal } = unhealthy;
  if (ageOf(f.world, age.unread(pod)) < UNREAD_MS || mayBeDefragmenting(f, ordinal)) return undefined;
  const name = label(f, ordinal);
  const words = `${name} has had no linearizable read for ${UNREAD_MS / 60_000} minutes, while all others have`;
  const before = noteOf(f.record, ordinal)?.unreadPodUid;
  if (before !== undefined && before !== pod.uid) {
    return mention(`${words}, and a restart didn't help: check its volume and node`);
  }
  return deletePod(pod, `${words}: it is restarted`, withNote(f.record, ordinal, { unreadPodUid: pod.uid }));
}

/** etcd runs where the list has no member: a removed member or a foreign disk. Its gate inspects it. */
export function* stopUnknownMembers(f: Facts): Iterable<Step> {
  if (!f.list || f.record.intent) return;
  for (const pod of f.world.pods) {
    if (pod.deleting || gateOf(f.world, pod) || pod.ordinal >= f.desired.members) continue;
    const ran = pod.etcd.state === "running" || pod.etcd.restarts > 0 || pod.etcd.lastExit !== undefined;
    if (!ran || memberOn(f, pod)) continue;
    // A ready pod that doesn't tell its ID may be a voter.
    if (pod.ready && !statusOf(f.world, pod)) continue;
    yield deletePod(
      pod,
      `${pod.name} runs etcd on a disk of no member: stopped, so that its gate inspects the disk`,
    );
  }
}

/** Without a quorum no member can be removed or added. The user learns what is missing. */
export function lostQuorum(f: Facts): Step | undefined {
  if (f.list) return undefined;
  // A member whose removal was only announced may come back.
  const then = { ...f, record: takenBack(f.record) };
  const lost = f.record.members.flatMap((m) => {
    const found = identityStatus(then, m);
    return found.kind === "lost" || found.kind === "broken" ? [`${label(f, m.ordinal)}: ${found.why}`] : [];
  });
  const problem = "problem" in f.world.etcd.list ? f.world.etcd.list.problem : "";
  const down = f.record.members.flatMap((m) => {
    const pod = podAt(f.world, m.ordinal);
    const answers = pod && f.world.etcd.statuses.some((s) => s.podUid === pod.uid && s.answers);
    if (!pod && m.ordinal >= Math.max(f.sts.replicas, f.desired.members)) {
      const way = `declare at least ${m.ordinal + 1} members until there is a quorum`;
      return [`${label(f, m.ordinal)} is beyond the declared size and has no pod (${way})`];
    }
    return answers ? [] : [`${label(f, m.ordinal)} ${describePod(pod, f.world)}`];
  });
  if (lost.length > 0 && f.record.members.length - lost.length < quorum(f.record.members.length)) {
    return wait(`a quorum of disks is lost (${lost.join("; ")}): declare a recovery or a restore`);
  }
  return wait(`no quorum: ${[...lost, ...down].join("; ") || problem}`);
}
