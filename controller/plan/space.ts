/**
 * Space and damage: compaction, defragmentation, alarms.
 *
 * Why it can't lose an acknowledged write: compaction drops superseded revisions only; a member is defragmented alone,
 * while all voters are healthy; a member is called corrupt only when a majority of hashes at one revision agrees
 * against it, and is then replaced as any lost one.
 */
import type { Alarm } from "../model";
import { remove } from "./repair";
import { withNote } from "./record";
import type { Step } from "./step";
import { act, mention, remember } from "./step";
import type { Facts, Member } from "./view";
import { label, noteOf, quorum } from "./view";

const BETWEEN_MS = 60_000;
const SAME_MEMBER_MS = 3_600_000;
/** A database below this share of its quota may be written to again. */
const WELL_UNDER = 0.8;

function alarm(f: Facts, type: Alarm["type"]): Alarm | undefined {
  return f.world.etcd.alarms.find((a) => a.type === type);
}

export function noSpace(f: Facts): Step | undefined {
  const raised = alarm(f, "NOSPACE");
  if (!f.list) return undefined;
  if (!raised) {
    if (f.record.compactedRevision === undefined) return undefined;
    return remember({ ...f.record, compactedRevision: undefined }, "there is space again");
  }
  const { last, etcd } = f.world;
  if (f.record.compactedRevision === undefined) {
    if (last?.action.kind === "compact" && last.error === undefined) {
      const compactedRevision = last.action.revision;
      return remember({ ...f.record, compactedRevision }, `compacted to revision ${compactedRevision}`);
    }
    if (etcd.revision === undefined) return mention("NOSPACE: waits for a linearizable read to compact");
    return act({ kind: "compact", revision: etcd.revision }, "NOSPACE: the history is compacted");
  }
  const full = f.voters.filter((m) => size(m) >= f.desired.quotaBytes * WELL_UNDER);
  const gain = full.filter((m) => free(m) >= size(m) * 0.1 && !recently(f, m, BETWEEN_MS));
  const next = inOrder(gain)[0];
  if (next)
    return defragment(f, next, "NOSPACE") ?? mention("NOSPACE: defragmentation waits for unhealthy voters");
  if (full.length > 0) {
    return mention(`NOSPACE: ${label(f, full[0]?.ordinal)} holds too much for its quota: raise the quota`);
  }
  const { memberId } = raised;
  return act({ kind: "disarm", memberId, alarm: "NOSPACE" }, "there is space again: the alarm is disarmed");
}

export function defragmentAll(f: Facts): Step | undefined {
  if (!f.list || f.learners.length > 0) return undefined;
  const { freePercent, minBytes } = f.desired.defragment;
  const due = f.voters.filter(
    (m) => size(m) >= minBytes && free(m) * 100 >= size(m) * freePercent && !recently(f, m, SAME_MEMBER_MS),
  );
  const next = inOrder(due)[0];
  return (
    next && defragment(f, next, `${Math.round((free(next) * 100) / size(next))} % of its database is free`)
  );
}

/** Followers before the leader: their reads and writes stand still meanwhile. */
function inOrder(members: readonly Member[]): readonly Member[] {
  const leads = (m: Member) => (m.status?.leaderId === m.memberId ? 1 : 0);
  return [...members].sort((a, b) => leads(a) - leads(b));
}

function defragment(f: Facts, m: Member, why: string): Step | undefined {
  if (f.healthy.length < f.voters.length || m.ordinal === undefined) return undefined;
  if (f.voters.some((v) => recently(f, v, BETWEEN_MS))) return undefined;
  const record = withNote(f.record, m.ordinal, { defragmentedMs: f.now });
  const { ordinal, memberId } = m;
  return act(
    { kind: "defragment", ordinal, memberId },
    `${label(f, ordinal)} is defragmented: ${why}`,
    record,
  );
}

function recently(f: Facts, m: Member, withinMs: number): boolean {
  const at = m.ordinal === undefined ? undefined : noteOf(f.record, m.ordinal)?.defragmentedMs;
  return at !== undefined && f.now - at < withinMs;
}

function size(m: Member): number {
  return m.status?.dbBytes ?? 0;
}

function free(m: Member): number {
  return size(m) - (m.status?.dbInUseBytes ?? size(m));
}

export function corrupt(f: Facts): Step | undefined {
  const raised = alarm(f, "CORRUPT");
  if (!f.list || !raised) return undefined;
  const hashes = (f.world.etcd.hashes ?? []).filter((h) => f.voters.some((v) => v.memberId === h.memberId));
  const group = (h: (typeof hashes)[number]) => `${h.revision}/${h.compactRevision}/${h.hash}`;
  const count = (key: string) => hashes.filter((h) => group(h) === key).length;
  const agreed = hashes.find((h) => count(group(h)) >= quorum(f.voters.length));
  if (!agreed)
    return mention("CORRUPT: no majority of members has the same hash: nothing is touched, restore");
  const comparable = hashes.filter(
    (h) => h.revision === agreed.revision && h.compactRevision === agreed.compactRevision,
  );
  const odd = comparable.find((h) => h.hash !== agreed.hash);
  if (odd) {
    const m = f.record.members.find((x) => x.memberId === odd.memberId);
    return m ? remove(f, m, "corrupt", "its data disagrees with the majority's") : undefined;
  }
  if (comparable.length < f.voters.length || f.learners.length > 0) {
    return mention("CORRUPT: waits until every voter's hash can be compared");
  }
  const { memberId } = raised;
  return act({ kind: "disarm", memberId, alarm: "CORRUPT" }, "all hashes agree: the alarm is disarmed");
}
