/**
 * One pass over a log, keeping what tells who this member is and how far it got. The same refusals as etcd's; and
 * those of what raft never writes, because a record's kind is not covered by its checksum.
 */
import type { Segment } from "./decoder";
import { BrokenLog, Decoder } from "./decoder";
import { Membership } from "./membership";
import type { Entry, HardState, Metadata, Snapshot, WalRecord } from "./messages";
import {
  entryTypes,
  isOldRequest,
  parseEntry,
  parseHardState,
  parseMetadata,
  parseSnapshot,
  recordTypes,
} from "./messages";
import { Unreadable } from "./protobuf";

export class Log {
  metadata: Metadata | undefined;
  state: HardState = { term: 0, vote: 0n, commit: 0 };
  /** The last entry: each one that is written ends the log, whatever stood behind it. */
  last = { index: 0, term: 0 };
  torn = false;
  tail: Decoder["tail"] | undefined;
  private metadataBytes: Buffer | undefined;
  private readonly snapshots: Snapshot[] = [];
  private oldRequests: number[] = [];
  private changes: (Pick<Entry, "type" | "index"> & { readonly data: Buffer })[] = [];
  /** Highest index before which entries are missing; a snapshot has to stand for those. */
  private gapBefore = 0;

  read(segments: readonly Segment[]): void {
    const decoder = new Decoder(segments);
    for (let record = decoder.next(); record; record = decoder.next()) this.take(record);
    this.torn = decoder.torn;
    this.tail = decoder.tail;
  }

  /** Index of the first change of the membership after this one. */
  changeAfter(index: number): number | undefined {
    return this.changes.find((c) => c.index > index)?.index;
  }

  /** Snapshot records that etcd believes: one beyond the commit index was written right before a crash. */
  validSnapshots(): Snapshot[] {
    return this.snapshots.filter((s) => s.index <= this.state.commit);
  }

  /** Why etcd could not start from this snapshot and the entries after it. */
  problemFrom(start: Pick<Snapshot, "index" | "term">): string | undefined {
    if (this.snapshots.some((s) => s.index === start.index && s.term !== start.term)) {
      return `the snapshot at ${start.index} is in the log twice, with different terms`;
    }
    if (this.gapBefore > start.index + 1) {
      return `entries before ${this.gapBefore} are missing, and the snapshot ends at ${start.index}`;
    }
    const end = Math.max(start.index, this.last.index);
    if (this.state.commit > end) {
      return `the log ends at ${end}, and ${this.state.commit} had been committed`;
    }
    return undefined;
  }

  /** The last request in the form of 3.5 that a start from this snapshot would apply. */
  lastOldRequest(start: Pick<Snapshot, "index">): number | undefined {
    return this.oldRequests.filter((index) => index > start.index).at(-1);
  }

  voters(): bigint[] {
    const start = this.validSnapshots().at(-1);
    const membership = new Membership(start);
    for (const change of this.changes) {
      if (change.index > (start?.index ?? 0) && change.index <= this.state.commit) membership.apply(change);
    }
    return membership.voters();
  }

  private take(record: WalRecord): void {
    try {
      switch (record.type) {
        case recordTypes.metadata:
          return this.takeMetadata(record.data);
        case recordTypes.entry:
          return this.takeEntry(parseEntry(record.data));
        case recordTypes.state:
          return this.takeState(parseHardState(record.data));
        case recordTypes.snapshot:
          this.snapshots.push(parseSnapshot(record.data));
          return;
        case recordTypes.crc:
          return;
        default:
          throw new BrokenLog(`a record of the unknown kind ${record.type}`);
      }
    } catch (error) {
      if (error instanceof Unreadable) throw new BrokenLog(`a record can't be read: ${error.message}`);
      throw error;
    }
  }

  private takeMetadata(bytes: Uint8Array): void {
    if (this.metadataBytes && !this.metadataBytes.equals(bytes)) {
      throw new BrokenLog("its segments are of different members");
    }
    this.metadataBytes = Buffer.from(bytes);
    this.metadata = parseMetadata(bytes);
  }

  private takeEntry(entry: Entry): void {
    const { type, index, term } = entry;
    if (type > entryTypes.confChangeV2) throw new BrokenLog(`entry ${index} is of the unknown kind ${type}`);
    if (index === 0 || term === 0) throw new BrokenLog("an entry without index or term");
    // What replaces others may be of an older term than they; what is appended may not.
    if (index === this.last.index + 1 && term < this.last.term) {
      throw new BrokenLog(`entry ${index} is of an older term than the one before it`);
    }
    if (index > this.last.index + 1) this.gapBefore = Math.max(this.gapBefore, index);
    if (index <= this.last.index) {
      this.changes = this.changes.filter((c) => c.index < index);
      this.oldRequests = this.oldRequests.filter((old) => old < index);
    }
    this.last = { index, term };
    if (type === entryTypes.normal && isOldRequest(entry.data)) this.oldRequests.push(index);
    if (type !== entryTypes.normal) this.changes.push({ type, index, data: Buffer.from(entry.data) });
  }

  private takeState(state: HardState): void {
    if (state.term < this.state.term || state.commit < this.state.commit || (state.commit && !state.term)) {
      throw new BrokenLog("its term or commit index goes backwards");
    }
    this.state = state;
  }
}
