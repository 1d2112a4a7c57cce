/** The messages in the records of etcd's log. They are the same in 3.5, 3.6 and 3.7. */
import { Fields, Unreadable } from "./protobuf";

export const recordTypes = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const;

export interface WalRecord {
  readonly type: number;
  readonly crc: number;
  /** Valid until the next record is read. */
  readonly data: Uint8Array;
}

const NOTHING: Uint8Array = new Uint8Array(0);

export function parseRecord(bytes: Uint8Array): WalRecord {
  const fields = new Fields(bytes);
  let type = 0;
  let crc = 0;
  let data: Uint8Array = NOTHING;
  while (fields.next()) {
    if (fields.field === 1) type = fields.count();
    else if (fields.field === 2) crc = fields.uint32();
    else if (fields.field === 3) data = fields.data();
  }
  return { type, crc, data };
}

export interface Metadata {
  readonly memberId: bigint;
  readonly clusterId: bigint;
}

export function parseMetadata(bytes: Uint8Array): Metadata {
  const fields = new Fields(bytes);
  let memberId = 0n;
  let clusterId = 0n;
  while (fields.next()) {
    if (fields.field === 1) memberId = fields.uint64();
    else if (fields.field === 2) clusterId = fields.uint64();
  }
  return { memberId, clusterId };
}

export const entryTypes = { normal: 0, confChange: 1, confChangeV2: 2 } as const;

export interface Entry {
  readonly type: number;
  readonly term: number;
  readonly index: number;
  readonly data: Uint8Array;
}

export function parseEntry(bytes: Uint8Array): Entry {
  const fields = new Fields(bytes);
  let type = 0;
  let term = 0;
  let index = 0;
  let data: Uint8Array = NOTHING;
  while (fields.next()) {
    if (fields.field === 1) type = fields.count();
    else if (fields.field === 2) term = fields.count();
    else if (fields.field === 3) index = fields.count();
    else if (fields.field === 4) data = fields.data();
  }
  return { type, term, index, data };
}

/**
 * Whether a normal entry is a request of etcd's old v2 API. etcd up to 3.5 writes such requests when a member starts.
 * 3.6 still reads them, 3.7 panics on one. A bare v2 request and the newer envelope of one both use field 2.
 */
export function isOldRequest(data: Uint8Array): boolean {
  try {
    const fields = new Fields(data);
    // Fields come in the order of their numbers, and only the ID is before field 2.
    while (fields.next()) if (fields.field !== 1) return fields.field === 2;
  } catch (error) {
    // Whether etcd can read this entry is not checked here.
    if (!(error instanceof Unreadable)) throw error;
  }
  return false;
}

export interface HardState {
  readonly term: number;
  readonly vote: bigint;
  readonly commit: number;
}

export function parseHardState(bytes: Uint8Array): HardState {
  const fields = new Fields(bytes);
  let term = 0;
  let vote = 0n;
  let commit = 0;
  while (fields.next()) {
    if (fields.field === 1) term = fields.count();
    else if (fields.field === 2) vote = fields.uint64();
    else if (fields.field === 3) commit = fields.count();
  }
  return { term, vote, commit };
}

export interface ConfState {
  readonly voters: readonly bigint[];
  readonly learners: readonly bigint[];
}

export interface Snapshot {
  readonly index: number;
  readonly term: number;
  /** Present since etcd 3.5. */
  readonly confState?: ConfState;
}

export function parseSnapshot(bytes: Uint8Array): Snapshot {
  const fields = new Fields(bytes);
  let index = 0;
  let term = 0;
  let confState: ConfState | undefined;
  while (fields.next()) {
    if (fields.field === 1) index = fields.count();
    else if (fields.field === 2) term = fields.count();
    else if (fields.field === 3) confState = parseConfState(fields.data());
  }
  return { index, term, confState };
}

function parseConfState(bytes: Uint8Array): ConfState {
  const fields = new Fields(bytes);
  const voters: bigint[] = [];
  const learners: bigint[] = [];
  while (fields.next()) {
    if (fields.field === 1) voters.push(...fields.ids());
    else if (fields.field === 2) learners.push(...fields.ids());
  }
  return { voters, learners };
}

export const changeTypes = { addNode: 0, removeNode: 1, updateNode: 2, addLearner: 3 } as const;

export interface Change {
  readonly type: number;
  readonly id: bigint;
}

/** Parses both kinds of conf change entries. An entry without data ends a joint change. */
export function parseChanges(entry: Pick<Entry, "type" | "data">): {
  changes: Change[];
  context: Uint8Array;
} {
  const changes: Change[] = [];
  let context: Uint8Array = NOTHING;
  const fields = new Fields(entry.data);
  if (entry.type === entryTypes.confChangeV2) {
    while (fields.next()) {
      if (fields.field === 2) changes.push(parseChange(new Fields(fields.data()), { type: 1, id: 2 }));
      else if (fields.field === 3) context = fields.data();
    }
    return { changes, context };
  }
  while (fields.next()) if (fields.field === 4) context = fields.data();
  changes.push(parseChange(new Fields(entry.data), { type: 2, id: 3 }));
  return { changes, context };
}

function parseChange(fields: Fields, numbers: { readonly type: number; readonly id: number }): Change {
  let type = 0;
  let id = 0n;
  while (fields.next()) {
    if (fields.field === numbers.type) type = fields.count();
    else if (fields.field === numbers.id) id = fields.uint64();
  }
  return { type, id };
}
