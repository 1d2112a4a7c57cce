/**
 * Reads a log once, and keeps the member's identity and progress. It rejects what etcd rejects. It also rejects what
 * raft never writes, because the checksum doesn't cover a record's type.
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
  /**
   * The last entry written. It is the end of the log, since it replaces all entries with the same or a higher index.
   */
  last = { index: 0, term: 0 };
  torn = false;
  tail: Decoder["tail"] | undefined;
  private metadataBytes: Buffer | undefined;
  private readonly snapshots: Snapshot[] = [];
  private oldRequests: number[] = [];
  private changes: (Pick<Entry, "type" | "index"> & { readonly data: Buffer })[] = [];
  /** The highest index before which entries are missing. A snapshot has to contain those. */
  private gapBefore = 0;

  read(segments: readonly Segment[]): void {
    const decoder = new Decoder(segments);
    for (let record = decoder.next(); record; record = decoder.next()) this.take(record);
    this.torn = decoder.torn;
    this.tail = decoder.tail;
  }

  /** The index of the first membership change after `index`. */
  changeAfter(index: number): number | undefined {
    return this.changes.find((c) => c.index > index)?.index;
  }

  /**
   * The snapshot records that etcd uses. It ignores one beyond the commit index, which was written right before a
   * crash.
   */
  validSnapshots(): Snapshot[] {
    return this.snapshots.filter((s) => s.index <= this.state.commit);
  }

  /** Why etcd could not start from this snapshot and the entries after it. */
  problemFrom(start: Pick<Snapshot, "index" | "term">): string | undefined {
    if (this.snapshots.some((s) => s.index === start.index && s.term !== start.term)) {
      return `the snapshot at ${start.index} is in the log twice, with different terms`;
    }
    if (this.gapBefore > start.index + 1) {
      return `entries before ${this.gapBefore} are missing, but the snapshot ends at ${start.index}`;
    }
    const end = Math.max(start.index, this.last.index);
    if (this.state.commit > end) {
      return `the log ends at ${end}, but entries up to ${this.state.commit} were committed`;
    }
    return undefined;
  }

  /** Index of the last request in the form of 3.5 that a start from this snapshot would apply. */
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
          throw new BrokenLog(`a record has the unknown type ${record.type}`);
      }
    } catch (error) {
      if (error instanceof Unreadable) throw new BrokenLog(`a record can't be read: ${error.message}`);
      throw error;
    }
  }

  private takeMetadata(bytes: Uint8Array): void {
    if (this.metadataBytes && !this.metadataBytes.equals(bytes)) {
      throw new BrokenLog("the log's segments belong to different members");
    }
    this.metadataBytes = Buffer.from(bytes);
    this.metadata = parseMetadata(bytes);
  }

  private takeEntry(entry: Entry): void {
    const { type, index, term } = entry;
    if (type > entryTypes.confChangeV2) throw new BrokenLog(`entry ${index} has the unknown type ${type}`);
    if (index === 0 || term === 0) throw new BrokenLog("an entry has no index or no term");
    // An entry that replaces others may have an older term than they. An appended entry may not.
    if (index === this.last.index + 1 && term < this.last.term) {
      throw new BrokenLog(`entry ${index} has an older term than the entry before it`);
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
      throw new BrokenLog("the log's term or commit index goes backwards");
    }
    this.state = state;
  }
}
