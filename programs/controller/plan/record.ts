import type { ControllerRecord, MemberRecord, OrdinalNotes } from "../model";

export function emptyRecord(generation: number): ControllerRecord {
  return {
    format: 1,
    sequence: 0,
    generation,
    birth: { state: "unborn" },
    members: [],
    notes: [],
    abandoned: [],
  };
}

export function clusterIdOf({ birth }: ControllerRecord): string | undefined {
  return "clusterId" in birth ? birth.clusterId : undefined;
}

/** One entry per ordinal: a second one replaces the first. */
export function withMember(record: ControllerRecord, member: MemberRecord): ControllerRecord {
  const others = record.members.filter((m) => m.ordinal !== member.ordinal);
  return { ...record, members: [...others, member].sort((a, b) => a.ordinal - b.ordinal) };
}

export function withoutMember(record: ControllerRecord, ordinal: number): ControllerRecord {
  return { ...record, members: record.members.filter((m) => m.ordinal !== ordinal) };
}

/** How many are remembered. An older disk was quarantined long ago. */
const REMOVED = 32;

export function withRemoved(record: ControllerRecord, memberId: string): ControllerRecord {
  const others = (record.removed ?? []).filter((id) => id !== memberId);
  return { ...record, removed: [...others, memberId].slice(-REMOVED) };
}

/** Called before the next generation becomes the record's. */
export function withReplaced(record: ControllerRecord): ControllerRecord {
  const { replaced = [] } = record;
  const clusterId = clusterIdOf(record);
  const known = clusterId === undefined || replaced.includes(clusterId);
  return { ...record, replaced: known ? replaced : [...replaced, clusterId] };
}

export function withNote(
  record: ControllerRecord,
  ordinal: number,
  change: Omit<OrdinalNotes, "ordinal">,
): ControllerRecord {
  const old = record.notes.find((n) => n.ordinal === ordinal);
  const others = record.notes.filter((n) => n.ordinal !== ordinal);
  const note = { ...old, ...change, ordinal };
  return { ...record, notes: [...others, note].sort((a, b) => a.ordinal - b.ordinal) };
}

export function withAbandoned(
  record: ControllerRecord,
  ordinal: number,
  claimUid: string,
  untouched = false,
): ControllerRecord {
  if (record.abandoned.some((a) => a.claimUid === claimUid)) return record;
  const given = untouched ? { ordinal, claimUid, untouched } : { ordinal, claimUid };
  return { ...record, abandoned: [...record.abandoned, given] };
}

/** Before its pod is forced or its claim is deleted: from then on it can't be taken back. */
export function withTouched(record: ControllerRecord, claimUid: string): ControllerRecord {
  const abandoned = record.abandoned.map((a) =>
    a.claimUid === claimUid && a.untouched ? { ordinal: a.ordinal, claimUid } : a,
  );
  return { ...record, abandoned };
}

export function withoutAbandoned(record: ControllerRecord, claimUid: string): ControllerRecord {
  return { ...record, abandoned: record.abandoned.filter((a) => a.claimUid !== claimUid) };
}

export function withoutIntent(record: ControllerRecord): ControllerRecord {
  const rest = { ...record };
  delete (rest as { intent?: unknown }).intent;
  return rest;
}
