/**
 * Members whose identity is lost are replaced.
 *
 * Why it can't lose an acknowledged write: a member is removed only while a quorum of the voters is healthy without it,
 * so every acknowledged entry is on a disk that stays; its removal is recorded before it is done, so that nobody forgets
 * it half way, and what comes back on its pod is a new learner. Who is stopped without a removal is no member: neither by
 * its URL nor by its ID.
 */
import type { ControllerRecord, MemberRecord, PodView, RemovalCause } from "../model";
import { age, ageOf, BROKEN_EVERY_MS, isOver, overdueMs, SLACK_MS, UNREAD_MS } from "./age";
import { mayHoldForeign } from "./foreign";
import { takenBack } from "./given-up";
import { standing } from "./identity";
import { withAbandoned, withNote } from "./record";
import { removalProblem } from "./removal";
import { mayBeDefragmenting } from "./space";
import type { Step } from "./step";
import { act, mention, remember, wait } from "./step";
import type { Facts } from "./view";
import { isPreparing, trouble } from "./trouble";
import { gateOf, isAbandoned, label, memberOn, noteOf, podAt, quorum, recordOf, statusOf } from "./view";

/** Restarts in place after which the gate shall look at the disk, and after which a second pod proves it broken. */
const LOOK_AFTER = 2;
const LOOK_EVERY_MS = 3_600_000;
const BROKEN_AFTER = 3;

/** Members neither come nor go: what was begun isn't known. Whoever is whole starts, and pods come to their revision. */
export function unreadIntent(f: Facts): Step | undefined {
  if (f.record.intent?.kind !== "unread") return undefined;
  return mention(
    "a later release has begun a change of members that this one doesn't know: none is made until that release is declared again",
  );
}

/** A removal that was recorded is carried through, once it may be. */
export function finishRemoval(f: Facts): Step | undefined {
  const { intent } = f.record;
  if (intent?.kind !== "remove") return undefined;
  const member = f.members.find((m) => m.memberId === intent.memberId);
  if (!member) return undefined;
  const unsafe = removalProblem(f, member);
  const name = label(f, intent.ordinal);
  if (unsafe) return wait(`${name} can't be removed yet (${intent.why}): ${unsafe}`);
  const { ordinal, memberId } = intent;
  return act({ kind: "removeMember", ordinal, memberId }, `${name} is removed (${intent.why})`);
}

/** The member can't come back under its ID. */
export function replaceLost(f: Facts): Step | undefined {
  let refused: Step | undefined;
  for (const m of f.record.members) {
    const found = standing(f, m);
    if (found.kind !== "lost" && found.kind !== "broken") continue;
    const name = label(f, m.ordinal);
    if (found.kind === "broken") {
      if (brokenBefore(f, m.ordinal)) {
        refused ??= mention(`${name}: ${found.why}, again within the hour: look at its volume and node`);
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
  return act(
    { kind: "removeMember", ordinal, memberId },
    `${name}: ${words}. It is removed, to join anew`,
    record,
  );
}

/** A pod that nobody confirms to be gone. Judged from the pod alone, after the declared grace. */
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

/** Of a pod without a member that is lost with its node. Undefined: it has none, or isn't declared. */
export function giveUpVolume(f: Facts, pod: PodView, words: string): Step | undefined {
  if (!pod.claimUid || pod.ordinal >= f.desired.members) return undefined;
  const lost = `${label(f, pod.ordinal)}: ${words}. `;
  if (mayHoldForeign(f, pod)) {
    return mention(
      `${lost}Its volume holds no member, and may hold another cluster's data: it is kept until claim ${pod.claimName} is deleted`,
    );
  }
  const record = withAbandoned(f.record, pod.ordinal, pod.claimUid);
  return remember(record, `${lost}It holds no member: its volume is given up`);
}

/** Within the hour, as far as anybody saw. */
function brokenBefore(f: Facts, ordinal: number): boolean {
  const stamp = noteOf(f.record, ordinal)?.brokenMs;
  return stamp !== undefined && ageOf(f.world, age.broken(ordinal, stamp)) < BROKEN_EVERY_MS;
}

/**
 * Only the gate can tell why: it runs again in a new pod only. Once per revision, so that it ends, and then once an hour:
 * where there is no member to replace, or no healthy ones to compare with (none, or in the middle of a rollout), nobody
 * else looks at the disk any more.
 */
export function* lookAgain(f: Facts): Iterable<Step> {
  for (const pod of f.world.pods) {
    if (!failsAgain(f, pod, LOOK_AFTER)) continue;
    const suspect = noteOf(f.record, pod.ordinal)?.suspect;
    // The same pod again: the deletion that was written down was not carried out.
    const looked = suspect?.revision === pod.revision && suspect.podUid !== pod.uid;
    const replaceable = isComparable(f, pod) && recordOf(f.record, pod.ordinal);
    if (looked && (replaceable || !isOver(f, suspect.atMs, LOOK_EVERY_MS))) continue;
    const record = withNote(f.record, pod.ordinal, {
      suspect: { podUid: pod.uid, revision: pod.revision, atMs: f.now },
    });
    yield act(
      { kind: "deletePod", name: pod.name, uid: pod.uid, force: false },
      `${pod.name} ${trouble(pod, f.world)}: a new pod lets its gate look at the disk`,
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
  // After its node's restart a pod is made anew, with the count and the exit code of before.
  if (isPreparing(etcd) || gateOf(f.world, pod)) return false;
  return etcd.lastExit !== undefined && !etcd.lastExit.oomKilled;
}

/** The second pod fails as the first one did, with what works for the healthy ones. */
export function replaceBroken(f: Facts): Step | undefined {
  for (const m of f.record.members) {
    const pod = podAt(f.world, m.ordinal);
    const note = noteOf(f.record, m.ordinal);
    if (!pod || !note?.suspect || note.suspect.podUid === pod.uid) continue;
    if (note.suspect.revision !== pod.revision || !failsAgain(f, pod, BROKEN_AFTER)) continue;
    if (!isComparable(f, pod)) {
      return mention(
        `${pod.name} ${trouble(pod, f.world)}, and no healthy member runs with the same settings`,
      );
    }
    if (brokenBefore(f, m.ordinal)) {
      return mention(
        `${pod.name} ${trouble(pod, f.world)} again within the hour: look at its volume and node`,
      );
    }
    const step = remove(
      f,
      m,
      "broken-disk",
      `etcd fails again and again in a second pod, ${trouble(pod, f.world)}`,
    );
    if (step) return step;
  }
  return undefined;
}

/**
 * A voter that reads nothing linearizably for long while all others are well: a log that is blocked, say. Its liveness
 * probe finds nothing, so it is restarted, once; a rollout would do the same first.
 */
export function restartUnread(f: Facts): Step | undefined {
  if (!f.list || f.record.intent || f.learners.length > 0 || f.voters.length < 3) return undefined;
  const [ill, ...others] = f.voters.filter((m) => m.ailment !== undefined);
  if (!ill?.pod || ill.ordinal === undefined || others.length > 0) return undefined;
  const { pod, ordinal } = ill;
  if (ageOf(f.world, age.unread(pod)) < UNREAD_MS || mayBeDefragmenting(f, ordinal)) return undefined;
  const name = label(f, ordinal);
  const words = `${name} has read nothing linearizably for ${UNREAD_MS / 60_000} minutes, while all others do`;
  const before = noteOf(f.record, ordinal)?.unreadPodUid;
  if (before !== undefined && before !== pod.uid) {
    return mention(`${words}, and a restart didn't help: look at its volume and node`);
  }
  return act(
    { kind: "deletePod", name: pod.name, uid: pod.uid, force: false },
    `${words}: it is restarted`,
    withNote(f.record, ordinal, { unreadPodUid: pod.uid }),
  );
}

/** etcd running where the list has no member: removed, or a foreign disk. Its gate shall look. */
export function* stopStrangers(f: Facts): Iterable<Step> {
  if (!f.list || f.record.intent) return;
  for (const pod of f.world.pods) {
    if (pod.deleting || gateOf(f.world, pod) || pod.ordinal >= f.desired.members) continue;
    const ran = pod.etcd.state === "running" || pod.etcd.restarts > 0 || pod.etcd.lastExit !== undefined;
    if (!ran || memberOn(f, pod)) continue;
    // Who serves, and doesn't say as whom, may be a voter.
    if (pod.ready && !statusOf(f.world, pod)) continue;
    yield act(
      { kind: "deletePod", name: pod.name, uid: pod.uid, force: false },
      `${pod.name} runs a disk that is no member's: stopped, so that its gate looks at it`,
    );
  }
}

/** Without a quorum nothing is removed or added: what can be said is what is missing. */
export function lostQuorum(f: Facts): Step | undefined {
  if (f.list) return undefined;
  // Whose removal was only announced may come back.
  const then = { ...f, record: takenBack(f.record) };
  const lost = f.record.members.flatMap((m) => {
    const found = standing(then, m);
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
    return answers ? [] : [`${label(f, m.ordinal)} ${trouble(pod, f.world)}`];
  });
  if (lost.length > 0 && f.record.members.length - lost.length < quorum(f.record.members.length)) {
    return wait(`a quorum of disks is lost (${lost.join("; ")}): declare a recovery or a restore`);
  }
  return wait(`no quorum: ${[...lost, ...down].join("; ") || problem}`);
}
