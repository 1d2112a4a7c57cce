"use strict";

// programs/gate/main.ts
var import_node_fs12 = require("node:fs");

// programs/gate/run.ts
var import_promises4 = require("node:timers/promises");

// programs/gate/act.ts
var import_node_fs7 = require("node:fs");
var import_node_path7 = require("node:path");

// programs/shared/wal/index.ts
var import_node_fs3 = require("node:fs");
var import_node_path3 = require("node:path");

// programs/shared/wal/crc.ts
var POLYNOMIAL = 2197175160;
var tables = (() => {
  const all = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
    all[byte] = crc;
  }
  for (let i = 256; i < all.length; i++) {
    const before = all[i - 256];
    all[i] = before >>> 8 ^ all[before & 255];
  }
  return all;
})();
function crc32c(sum, bytes) {
  const t = tables;
  const end = bytes.length;
  let crc = ~sum;
  let i = 0;
  for (; i + 8 <= end; i += 8) {
    const low = crc ^ (bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24);
    crc = t[1792 + (low & 255)] ^ t[1536 + (low >>> 8 & 255)] ^ t[1280 + (low >>> 16 & 255)] ^ t[1024 + (low >>> 24)] ^ t[768 + bytes[i + 4]] ^ t[512 + bytes[i + 5]] ^ t[256 + bytes[i + 6]] ^ t[bytes[i + 7]];
  }
  for (; i < end; i++) crc = crc >>> 8 ^ t[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}

// programs/shared/wal/protobuf.ts
var Unreadable = class extends Error {
};
var Fields = class _Fields {
  constructor(bytes) {
    this.bytes = bytes;
  }
  bytes;
  field = 0;
  wire = 0;
  low = 0;
  high = 0;
  from = 0;
  position = 0;
  next() {
    if (this.position >= this.bytes.length) return false;
    this.varint();
    if (this.high !== 0) throw new Unreadable("a field number is too large");
    this.field = this.low >>> 3;
    this.wire = this.low & 7;
    if (this.field === 0) throw new Unreadable("a field has no number");
    if (this.wire === 0) this.varint();
    else if (this.wire === 1) this.skip(8);
    else if (this.wire === 5) this.skip(4);
    else if (this.wire === 2) this.length();
    else throw new Unreadable(`a field has the unknown wire type ${this.wire}`);
    return true;
  }
  /** A counter. Raft's terms and indexes count up from 1, so a valid one never exceeds 2^53. */
  count() {
    this.expect(0);
    const value = this.high * 4294967296 + this.low;
    if (!Number.isSafeInteger(value)) throw new Unreadable("a counter is too large");
    return value;
  }
  uint32() {
    this.expect(0);
    return this.low;
  }
  /** An ID. It has 64 bits, so it never becomes a `number`. */
  uint64() {
    this.expect(0);
    return BigInt(this.high) << 32n | BigInt(this.low);
  }
  data() {
    this.expect(2);
    return this.bytes.subarray(this.from, this.position);
  }
  /** The IDs of a repeated field, which may be packed. */
  ids() {
    if (this.wire === 0) return [this.uint64()];
    const packed = new _Fields(this.data());
    const all = [];
    while (packed.position < packed.bytes.length) {
      packed.varint();
      all.push(BigInt(packed.high) << 32n | BigInt(packed.low));
    }
    return all;
  }
  expect(wire) {
    if (this.wire !== wire)
      throw new Unreadable(`field ${this.field} has wire type ${this.wire}, not ${wire}`);
  }
  length() {
    this.varint();
    if (this.high !== 0) throw new Unreadable("a field is longer than its message");
    this.skip(this.low);
  }
  skip(length) {
    this.from = this.position;
    this.position += length;
    if (this.position > this.bytes.length) throw new Unreadable("a field is longer than its message");
  }
  varint() {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.position++];
      if (byte === void 0) throw new Unreadable("the message ends within a number");
      if (shift > 63) throw new Unreadable("a number is too long");
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << shift - 32;
      if (byte < 128) break;
    }
    this.low = low >>> 0;
    this.high = high >>> 0;
  }
};

// programs/shared/wal/messages.ts
var recordTypes = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 };
var NOTHING = new Uint8Array(0);
function parseRecord(bytes) {
  const fields = new Fields(bytes);
  let type = 0;
  let crc = 0;
  let data = NOTHING;
  while (fields.next()) {
    if (fields.field === 1) type = fields.count();
    else if (fields.field === 2) crc = fields.uint32();
    else if (fields.field === 3) data = fields.data();
  }
  return { type, crc, data };
}
function parseMetadata(bytes) {
  const fields = new Fields(bytes);
  let memberId = 0n;
  let clusterId = 0n;
  while (fields.next()) {
    if (fields.field === 1) memberId = fields.uint64();
    else if (fields.field === 2) clusterId = fields.uint64();
  }
  return { memberId, clusterId };
}
var entryTypes = { normal: 0, confChange: 1, confChangeV2: 2 };
function parseEntry(bytes) {
  const fields = new Fields(bytes);
  let type = 0;
  let term = 0;
  let index = 0;
  let data = NOTHING;
  while (fields.next()) {
    if (fields.field === 1) type = fields.count();
    else if (fields.field === 2) term = fields.count();
    else if (fields.field === 3) index = fields.count();
    else if (fields.field === 4) data = fields.data();
  }
  return { type, term, index, data };
}
function isOldRequest(data) {
  try {
    const fields = new Fields(data);
    while (fields.next()) if (fields.field !== 1) return fields.field === 2;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return false;
}
function parseHardState(bytes) {
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
function parseSnapshot(bytes) {
  const fields = new Fields(bytes);
  let index = 0;
  let term = 0;
  let confState;
  while (fields.next()) {
    if (fields.field === 1) index = fields.count();
    else if (fields.field === 2) term = fields.count();
    else if (fields.field === 3) confState = parseConfState(fields.data());
  }
  return { index, term, confState };
}
function parseConfState(bytes) {
  const fields = new Fields(bytes);
  const voters = [];
  const learners = [];
  while (fields.next()) {
    if (fields.field === 1) voters.push(...fields.ids());
    else if (fields.field === 2) learners.push(...fields.ids());
  }
  return { voters, learners };
}
var changeTypes = { addNode: 0, removeNode: 1, updateNode: 2, addLearner: 3 };
function parseChanges(entry) {
  const changes = [];
  let context = NOTHING;
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
function parseChange(fields, numbers) {
  let type = 0;
  let id = 0n;
  while (fields.next()) {
    if (fields.field === numbers.type) type = fields.count();
    else if (fields.field === numbers.id) id = fields.uint64();
  }
  return { type, id };
}

// programs/shared/wal/decoder.ts
var BrokenLog = class extends Error {
};
var FRAME = 8;
var SECTOR = 512;
var WINDOW = 1 << 20;
var Decoder = class {
  constructor(segments) {
    this.segments = segments;
    this.nextSegment();
  }
  segments;
  /** Whether the last segment ends in an incomplete record. */
  torn = false;
  /** The place of the next record, and the checksum that it would continue. */
  tail = { segment: "", position: 0, sum: 0 };
  segment = -1;
  position = 0;
  sum = 0;
  window = Buffer.alloc(0);
  windowAt = 0;
  windowEnd = 0;
  /** Undefined at the end of the last segment. */
  next() {
    for (; ; ) {
      const segment = this.segments[this.segment];
      if (!segment) return void 0;
      const found = this.frame(segment);
      if (typeof found === "string" && this.isLast()) {
        this.tail = { segment: segment.name, position: this.position, sum: this.sum };
      }
      if (found === "end") this.nextSegment();
      else if (found !== "torn") return found;
      else if (this.isLast()) {
        this.torn = true;
        this.segment = this.segments.length;
      } else throw new BrokenLog(`${segment.name} ends within the record at ${this.position}`);
    }
  }
  frame(segment) {
    const head = this.bytes(segment, this.position, FRAME);
    if (head.length === 0) return "end";
    if (head.length < FRAME) return "torn";
    const low = head.readUInt32LE(0);
    const high = head.readUInt32LE(4);
    if (low === 0 && high === 0) return "end";
    const padding = high >>> 31 ? high >>> 24 & 7 : 0;
    const length = (high & 16777215) * 4294967296 + low;
    if (length > segment.size - this.position - padding) return "torn";
    const whole = this.bytes(segment, this.position + FRAME, length + padding);
    if (whole.length < length + padding) return "torn";
    const record = this.check(segment, whole, length);
    if (record !== "torn") this.position += FRAME + length + padding;
    return record;
  }
  check(segment, whole, length) {
    const where = `${segment.name} at ${this.position}`;
    let record;
    try {
      record = parseRecord(whole.subarray(0, length));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      if (this.isTorn(whole)) return "torn";
      throw new BrokenLog(`${where}: this is not a record: ${error.message}`);
    }
    if (record.type === recordTypes.crc) {
      if (this.sum !== 0 && record.crc !== this.sum) {
        throw new BrokenLog(`${where}: the segment doesn't continue the previous one: wrong checksum`);
      }
      this.sum = record.crc;
      return record;
    }
    const sum = crc32c(this.sum, record.data);
    if (record.crc !== sum) {
      if (this.isTorn(whole)) return "torn";
      throw new BrokenLog(`${where}: wrong checksum`);
    }
    this.sum = sum;
    return record;
  }
  /** A sector of zeros was never written. */
  isTorn(whole) {
    if (!this.isLast()) return false;
    const offset = this.position + FRAME;
    for (let from = 0; from < whole.length; ) {
      const to = Math.min(from + SECTOR - (offset + from) % SECTOR, whole.length);
      if (whole.subarray(from, to).every((byte) => byte === 0)) return true;
      from = to;
    }
    return false;
  }
  isLast() {
    return this.segment === this.segments.length - 1;
  }
  nextSegment() {
    this.segment++;
    this.position = 0;
    this.windowAt = 0;
    this.windowEnd = 0;
  }
  /** A view of these bytes, shorter at the segment's end. It is valid until the next call. */
  bytes(segment, at, length) {
    if (at + length > this.windowEnd) {
      const wanted = Math.min(Math.max(length, WINDOW), segment.size - at);
      if (wanted > this.window.length) this.window = Buffer.allocUnsafe(wanted);
      this.windowAt = at;
      this.windowEnd = at + segment.read(this.window.subarray(0, wanted), at);
    }
    const from = at - this.windowAt;
    return this.window.subarray(from, from + Math.max(0, Math.min(length, this.windowEnd - at)));
  }
};

// programs/shared/files.ts
var import_node_fs = require("node:fs");
var import_node_path = require("node:path");
function writeWhole(file, text) {
  const folder = (0, import_node_path.dirname)(file);
  (0, import_node_fs.mkdirSync)(folder, { recursive: true, mode: 448 });
  if (textOf(file) !== text) {
    const draft = `${file}.tmp`;
    try {
      (0, import_node_fs.writeFileSync)(draft, text, { mode: 384, flush: true });
      (0, import_node_fs.renameSync)(draft, file);
    } catch (error) {
      (0, import_node_fs.rmSync)(draft, { force: true });
      throw error;
    }
  }
  syncFolder(folder);
}
function textOf(file) {
  try {
    return (0, import_node_fs.readFileSync)(file, "utf8");
  } catch {
    return void 0;
  }
}
function syncFolder(folder) {
  const directory = (0, import_node_fs.openSync)(folder, "r");
  try {
    (0, import_node_fs.fsyncSync)(directory);
  } finally {
    (0, import_node_fs.closeSync)(directory);
  }
}
function isThere(path) {
  return (0, import_node_fs.statSync)(path, { throwIfNoEntry: false }) !== void 0;
}

// programs/shared/wal/membership.ts
var Membership = class {
  members = /* @__PURE__ */ new Map();
  removed = /* @__PURE__ */ new Set();
  constructor(snapshot) {
    for (const id of snapshot?.confState?.voters ?? []) this.members.set(id, { learner: false, urls: [] });
    for (const id of snapshot?.confState?.learners ?? []) this.members.set(id, { learner: true, urls: [] });
  }
  apply(entry) {
    const { changes, context } = parseChanges(entry);
    const target = parseContext(context);
    for (const change of changes) this.change(change, target);
  }
  voters() {
    return [...this.members].filter(([, m]) => !m.learner).map(([id]) => id);
  }
  change({ type, id }, target) {
    if (this.removed.has(id)) return;
    const known = this.members.get(id);
    switch (type) {
      case changeTypes.addNode:
      case changeTypes.addLearner:
        if (target.isPromote) {
          if (known) known.learner = false;
        } else if (!known && !this.isTaken(target.urls)) {
          this.members.set(id, { learner: type === changeTypes.addLearner, urls: target.urls });
        }
        break;
      case changeTypes.removeNode:
        if (this.members.delete(id)) this.removed.add(id);
        break;
      case changeTypes.updateNode:
        if (known) known.urls = target.urls;
        break;
    }
  }
  isTaken(urls) {
    return [...this.members.values()].some((m) => m.urls.some((url) => urls.includes(url)));
  }
};
function parseContext(bytes) {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return {
      isPromote: value.isPromote === true,
      urls: Array.isArray(value.peerURLs) ? value.peerURLs.filter((x) => typeof x === "string") : []
    };
  } catch {
    return { isPromote: false, urls: [] };
  }
}

// programs/shared/wal/log.ts
var Log = class {
  metadata;
  state = { term: 0, vote: 0n, commit: 0 };
  /**
   * The last entry written. It is the end of the log, since it replaces all entries with the same or a higher index.
   */
  last = { index: 0, term: 0 };
  torn = false;
  tail;
  metadataBytes;
  snapshots = [];
  oldRequests = [];
  changes = [];
  /** The highest index before which entries are missing. A snapshot has to contain those. */
  gapBefore = 0;
  read(segments) {
    const decoder = new Decoder(segments);
    for (let record = decoder.next(); record; record = decoder.next()) this.take(record);
    this.torn = decoder.torn;
    this.tail = decoder.tail;
  }
  /** The index of the first membership change after `index`. */
  changeAfter(index) {
    return this.changes.find((c) => c.index > index)?.index;
  }
  /**
   * The snapshot records that etcd uses. It ignores one beyond the commit index, which was written right before a
   * crash.
   */
  validSnapshots() {
    return this.snapshots.filter((s) => s.index <= this.state.commit);
  }
  /** Why etcd could not start from this snapshot and the entries after it. */
  problemFrom(start) {
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
    return void 0;
  }
  /** Index of the last request in the form of 3.5 that a start from this snapshot would apply. */
  lastOldRequest(start) {
    return this.oldRequests.filter((index) => index > start.index).at(-1);
  }
  voters() {
    const start = this.validSnapshots().at(-1);
    const membership = new Membership(start);
    for (const change of this.changes) {
      if (change.index > (start?.index ?? 0) && change.index <= this.state.commit) membership.apply(change);
    }
    return membership.voters();
  }
  take(record) {
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
  takeMetadata(bytes) {
    if (this.metadataBytes && !this.metadataBytes.equals(bytes)) {
      throw new BrokenLog("the log's segments belong to different members");
    }
    this.metadataBytes = Buffer.from(bytes);
    this.metadata = parseMetadata(bytes);
  }
  takeEntry(entry) {
    const { type, index, term } = entry;
    if (type > entryTypes.confChangeV2) throw new BrokenLog(`entry ${index} has the unknown type ${type}`);
    if (index === 0 || term === 0) throw new BrokenLog("an entry has no index or no term");
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
  takeState(state) {
    if (state.term < this.state.term || state.commit < this.state.commit || state.commit && !state.term) {
      throw new BrokenLog("the log's term or commit index goes backwards");
    }
    this.state = state;
  }
};

// programs/shared/wal/segments.ts
var import_node_fs2 = require("node:fs");
var import_node_path2 = require("node:path");
function hasLog(walDir) {
  return isThere(walDir) && (0, import_node_fs2.readdirSync)(walDir).some((name) => name.endsWith(".wal"));
}
function segmentNames(names) {
  return [...names].sort().flatMap((name) => {
    const found = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/.exec(name);
    return found ? [{ name, sequence: BigInt(`0x${found[1]}`), index: BigInt(`0x${found[2]}`) }] : [];
  });
}
function withFiles(walDir, names, use) {
  const open2 = [];
  try {
    const segments = names.map((name) => {
      const fd = (0, import_node_fs2.openSync)((0, import_node_path2.join)(walDir, name), "r");
      open2.push(fd);
      return fileSegment(name, fd);
    });
    return use(segments);
  } finally {
    open2.forEach((fd) => (0, import_node_fs2.closeSync)(fd));
  }
}
function fileSegment(name, fd) {
  return {
    name,
    size: (0, import_node_fs2.fstatSync)(fd).size,
    read(into, at) {
      let done = 0;
      while (done < into.length) {
        const count = (0, import_node_fs2.readSync)(fd, into, done, into.length - done, at + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    }
  };
}

// programs/shared/wal/index.ts
function readMember(memberDir2, etcdVersion) {
  try {
    return read(memberDir2, etcdVersion);
  } catch (error) {
    const { code, message } = error;
    if (code === "EIO") return { state: "broken", reason: `reading the disk failed: ${message}` };
    throw error;
  }
}
function read(memberDir2, etcdVersion) {
  const walDir = (0, import_node_path3.join)(memberDir2, "wal");
  const database = (0, import_node_path3.join)(memberDir2, "snap", "db");
  if (!hasLog(walDir)) {
    return wasUsed(database) ? {
      state: "broken",
      reason: "there is a database and no write-ahead log: etcd would start as a new member"
    } : { state: "empty" };
  }
  const names = segmentNames((0, import_node_fs3.readdirSync)(walDir));
  const log = new Log();
  const broken = (reason2) => {
    const memberId = log.metadata?.memberId;
    return { state: "broken", reason: reason2, ...memberId ? { memberId: memberId.toString() } : {} };
  };
  const missing = names.find((n, i) => i > 0 && n.sequence !== names[i - 1].sequence + 1n);
  try {
    const files = missing ? names.slice(0, names.indexOf(missing)) : names;
    withFiles(
      walDir,
      files.map((n) => n.name),
      (segments) => log.read(segments)
    );
  } catch (error) {
    if (error instanceof BrokenLog) return broken(error.message);
    const { code, message } = error;
    if (code === "EIO") return broken(`reading the log failed: ${message}`);
    throw error;
  }
  if (missing) return broken(`the segment before ${missing.name} is missing`);
  const { metadata } = log;
  if (!metadata?.memberId || !metadata.clusterId) return broken("the log has no member ID or no cluster ID");
  const snapshot = log.validSnapshots().at(-1) ?? { index: 0, term: 0 };
  const reason = problem(log, names, memberDir2, snapshot, etcdVersion);
  if (reason) return broken(reason);
  const oldEntry = log.lastOldRequest(snapshot);
  const ahead = log.last.index > snapshot.index;
  return {
    state: "wal",
    memberId: metadata.memberId.toString(),
    clusterId: metadata.clusterId.toString(),
    lastTerm: ahead ? log.last.term : snapshot.term,
    lastIndex: ahead ? log.last.index : snapshot.index,
    commit: log.state.commit,
    term: log.state.term,
    voted: log.state.vote !== 0n,
    voters: log.voters().map(String).sort(),
    ...oldEntry === void 0 ? {} : { oldEntry },
    torn: log.torn
  };
}
function problem(log, names, memberDir2, last, etcdVersion) {
  const start = needsFile(etcdVersion) ? newestWithFile(log, (0, import_node_path3.join)(memberDir2, "snap")) : last;
  const first = names[0];
  if (!first || first.index > BigInt(start.index)) {
    return first ? `the log begins at ${first.index}, and there is no snapshot of the entries before` : "the log has no segment with a valid name";
  }
  const found = log.problemFrom(start);
  if (found) return found;
  if (start.index > 0 && !isThere((0, import_node_path3.join)(memberDir2, "snap", "db"))) return "the database is missing";
  return void 0;
}
function needsFile(etcdVersion) {
  const [major = 0, minor = 0] = etcdVersion.split(".").map(Number);
  return major < 3 || major === 3 && minor < 7;
}
function newestWithFile(log, snapDir) {
  const hex = (n) => n.toString(16).padStart(16, "0");
  const files = new Set(isThere(snapDir) ? (0, import_node_fs3.readdirSync)(snapDir) : []);
  const found = log.validSnapshots().filter((s) => files.has(`${hex(s.term)}-${hex(s.index)}.snap`)).sort((a, b) => a.term - b.term || a.index - b.index);
  return found.at(-1) ?? { index: 0, term: 0 };
}
var FRESH_DATABASE_BYTES = 64 * 1024 * 1024;
function wasUsed(database) {
  if (!isThere(database)) return false;
  if ((0, import_node_fs3.statSync)(database).size > FRESH_DATABASE_BYTES) return true;
  return (0, import_node_fs3.readFileSync)(database).includes("consistent_index");
}

// programs/gate/config.ts
function renderConfig(settings, member) {
  const host = member.podIps.some((ip) => ip.includes(":")) ? "[::]" : "0.0.0.0";
  const { ports } = member;
  const own = {
    name: member.name,
    "listen-peer-urls": `https://${host}:${ports.peer}`,
    "listen-client-urls": `https://${host}:${ports.client}`,
    "listen-metrics-urls": `http://${host}:${ports.metrics}`,
    "initial-advertise-peer-urls": member.peerUrl,
    "advertise-client-urls": member.clientUrl,
    "initial-cluster": member.initialCluster,
    "initial-cluster-state": member.initialClusterState,
    "initial-cluster-token": member.token
  };
  const lines = Object.entries(own).map(([key, value]) => `${key}: ${JSON.stringify(value)}
`);
  return settings + lines.join("");
}

// programs/gate/files.ts
var import_node_fs4 = require("node:fs");
var import_node_path4 = require("node:path");
var UNMARKED = { generation: 0, lastVersion: "0.0.0" };
var markFile = (memberDir2) => (0, import_node_path4.join)(memberDir2, "gate.json");
var readMark = (dataDir) => markIn((0, import_node_path4.join)(dataDir, "member"));
function markIn(memberDir2) {
  const value = readJson(markFile(memberDir2));
  const { generation, lastVersion } = value ?? {};
  if (!Number.isSafeInteger(generation) || typeof lastVersion !== "string") return UNMARKED;
  return { generation, lastVersion };
}
function writeMark(dataDir, { generation, lastVersion }) {
  writeWhole(
    markFile((0, import_node_path4.join)(dataDir, "member")),
    `${JSON.stringify({ format: 1, generation, lastVersion })}
`
  );
}
var fenceFile = (volume) => (0, import_node_path4.join)(volume, "gate.json");
function isFenced(volume) {
  try {
    return isThere(fenceFile(volume));
  } catch {
    return true;
  }
}
function writeFence(volume, reason) {
  writeWhole(fenceFile(volume), `${JSON.stringify({ format: 1, hold: reason })}
`);
}
function liftFence(volume) {
  if (!isFenced(volume)) return;
  (0, import_node_fs4.rmSync)(fenceFile(volume), { force: true });
  syncFolder(volume);
}
var DEFRAGMENTATION_COPY = /^db\.tmp\.\d+$/;
function dropDefragmentationCopies(dataDir) {
  const folder = (0, import_node_path4.join)(dataDir, "member", "snap");
  try {
    for (const name of (0, import_node_fs4.readdirSync)(folder)) if (DEFRAGMENTATION_COPY.test(name)) (0, import_node_fs4.rmSync)((0, import_node_path4.join)(folder, name));
  } catch {
  }
}
var QUARANTINE = /^aside-(\d+)$/;
function quarantineNames(volume) {
  const numbers = (0, import_node_fs4.readdirSync)(volume).flatMap((name) => QUARANTINE.exec(name)?.[1] ?? []);
  return numbers.sort((a, b) => Number(b) - Number(a)).map((n) => `aside-${n}`);
}
var quarantine = (volume, dataDir) => quarantineDirectory(volume, (0, import_node_path4.join)(dataDir, "member"));
function quarantineDirectory(volume, directory) {
  const [newest] = quarantineNames(volume);
  const { generation } = markIn(directory);
  const name = `aside-${Number(QUARANTINE.exec(newest ?? "aside-0")?.[1]) + 1}`;
  move(directory, (0, import_node_path4.join)(volume, name));
  for (const other of quarantineNames(volume).filter((n) => n !== name))
    if (markIn((0, import_node_path4.join)(volume, other)).generation === generation) drop(volume, other);
  return name;
}
var replacedIn = (volume) => (0, import_node_path4.join)(volume, "replaced");
function replace(volume, dataDir, fresh) {
  const place = (0, import_node_path4.join)(dataDir, "member");
  if (isThere(place)) move(place, replacedIn(volume));
  try {
    move(fresh, place);
  } finally {
    finishReplacement(volume, dataDir);
  }
}
function finishReplacement(volume, dataDir) {
  const replaced = replacedIn(volume);
  if (!isThere(replaced)) return;
  const place = (0, import_node_path4.join)(dataDir, "member");
  if (isThere(place)) quarantineDirectory(volume, replaced);
  else move(replaced, place);
}
function move(from, to) {
  (0, import_node_fs4.renameSync)(from, to);
  for (const folder of /* @__PURE__ */ new Set([(0, import_node_path4.dirname)(from), (0, import_node_path4.dirname)(to)])) syncFolder(folder);
}
function dropQuarantine(volume) {
  for (const name of quarantineNames(volume)) drop(volume, name);
}
var drop = (volume, name) => (0, import_node_fs4.rmSync)((0, import_node_path4.join)(volume, name), { recursive: true, force: true });
function readJson(file) {
  try {
    const value = JSON.parse((0, import_node_fs4.readFileSync)(file, "utf8"));
    return typeof value === "object" && value !== null ? value : void 0;
  } catch {
    return void 0;
  }
}

// programs/gate/order.ts
var import_node_fs5 = require("node:fs");
var import_node_path5 = require("node:path");
var memberDir = (dataDir) => (0, import_node_path5.join)(dataDir, "member");
var orderDir = (dataDir) => (0, import_node_path5.join)(dataDir, "member", "order");
function writeConfig(dataDir, text) {
  writeWhole((0, import_node_path5.join)(memberDir(dataDir), "etcd.yaml"), text);
}
function writeOrder(dataDir, text) {
  const log = (0, import_node_path5.join)(memberDir(dataDir), "wal");
  if (hasLog(log)) throw new Error("a write-ahead log has appeared on a disk that had none");
  (0, import_node_fs5.rmSync)(log, { recursive: true, force: true });
  dropOrder(dataDir);
  (0, import_node_fs5.mkdirSync)((0, import_node_path5.join)(orderDir(dataDir), "wal"), { recursive: true, mode: 448 });
  writeWhole((0, import_node_path5.join)(orderDir(dataDir), "etcd.yaml"), text);
  (0, import_node_fs5.symlinkSync)((0, import_node_path5.join)("order", "wal"), log);
  syncFolder(memberDir(dataDir));
}
function dropOrder(dataDir) {
  (0, import_node_fs5.rmSync)(orderDir(dataDir), { recursive: true, force: true });
}

// programs/gate/space.ts
var import_node_crypto = require("node:crypto");
var import_node_fs6 = require("node:fs");
var import_node_path6 = require("node:path");

// programs/shared/errors.ts
var LONGEST = 300;
function inShort(message, longest = LONGEST) {
  const line = message.trim().replace(/\s+/g, " ");
  return line.length <= longest ? line : `${line.slice(0, longest)}\u2026`;
}
function messageOf(error) {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map(messageOf).join("; ") || "unknown error";
  return error instanceof Error ? error.message || error.name : String(error);
}

// programs/gate/space.ts
var RESERVE_BYTES = 64 * 1024;
var reserveFile = (volume) => (0, import_node_path6.join)(volume, "gate.reserve");
function keepReserve(volume) {
  const file = reserveFile(volume);
  if ((0, import_node_fs6.existsSync)(file)) return;
  try {
    (0, import_node_fs6.writeFileSync)(file, (0, import_node_crypto.randomBytes)(RESERVE_BYTES), { mode: 384, flush: true });
  } catch {
    (0, import_node_fs6.rmSync)(file, { force: true });
  }
}
function dropReserve(volume) {
  (0, import_node_fs6.rmSync)(reserveFile(volume), { force: true });
  syncFolder(volume);
}
var isFull = (error) => ["ENOSPC", "EDQUOT"].includes(String(error.code));
function withSpace(volume, work, mayDropQuarantine = false) {
  const ways = mayDropQuarantine ? [dropReserve, dropQuarantine] : [dropReserve];
  for (const freeSpace of ways) {
    try {
      return work();
    } catch (error) {
      if (!isFull(error)) throw error;
      freeSpace(volume);
    }
  }
  work();
}
function volumeProblem(error) {
  const { code, syscall } = error;
  return code !== void 0 && syscall !== void 0 ? messageOf(error) : void 0;
}

// programs/gate/act.ts
function carryOut(settings, step) {
  const { volume, dataDir } = settings;
  (0, import_node_fs7.mkdirSync)(dataDir, { recursive: true, mode: 448 });
  switch (step.kind) {
    case "start":
      dropDefragmentationCopies(dataDir);
      withSpace(volume, () => prepare(settings, void 0, step.generation), step.dropAside);
      if (step.dropAside) dropQuarantine(volume);
      break;
    case "birth": {
      requireEmpty(dataDir);
      const order = {
        initialCluster: step.initialCluster,
        initialClusterState: "new",
        token: step.token
      };
      withSpace(volume, () => prepare(settings, order));
      break;
    }
    case "join": {
      if (step.setAside) quarantine(volume, dataDir);
      requireEmpty(dataDir);
      const order = {
        initialCluster: step.initialCluster,
        initialClusterState: "existing",
        token: ""
      };
      withSpace(volume, () => prepare(settings, order), true);
      break;
    }
  }
  liftFence(volume);
  keepReserve(volume);
}
function prepare(settings, order, generation = settings.generation) {
  const { dataDir, version, podName, podIps, peerUrl, clientUrl, ports } = settings;
  writeMark(dataDir, { generation, lastVersion: version });
  const render = (bootstrap) => renderConfig(settings.etcdSettings, {
    ...{ name: podName, podIps, peerUrl, clientUrl, ports },
    ...bootstrap
  });
  const afterStart = render({
    initialCluster: `${podName}=${peerUrl}`,
    initialClusterState: "existing",
    token: ""
  });
  writeConfig(dataDir, afterStart);
  if (order) writeOrder(dataDir, render(order));
  else dropOrder(dataDir);
  if ((0, import_node_fs7.readFileSync)(settings.configFile, "utf8") !== (order ? render(order) : afterStart)) {
    throw new Error(
      `${settings.configFile}, which etcd will read, doesn't have the content that the gate wrote`
    );
  }
}
function requireEmpty(dataDir) {
  if (hasLog((0, import_node_path7.join)(dataDir, "member", "wal")))
    throw new Error("a write-ahead log has appeared on a disk that had none");
}

// programs/shared/https.ts
var import_node_https = require("node:https");
var import_node_stream = require("node:stream");
var import_promises = require("node:stream/promises");

// programs/shared/http.ts
async function textOf2(message, maxBytes) {
  const parts = [];
  let bytes = 0;
  for await (const part of message) {
    bytes += part.length;
    if (bytes > maxBytes) throw new Error(`the body is longer than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

// programs/shared/tls.ts
var import_node_fs8 = require("node:fs");
var import_node_path8 = require("node:path");
function readKeyPair(folder, caFile = (0, import_node_path8.join)(folder, "ca.crt")) {
  const read3 = (name) => (0, import_node_fs8.readFileSync)((0, import_node_path8.join)(folder, name));
  return { ca: (0, import_node_fs8.readFileSync)(caFile), cert: read3("tls.crt"), key: read3("tls.key") };
}

// programs/shared/https.ts
async function sendRequest(outgoing) {
  const { method, url, keyPair, headers, body, idleTimeoutMs, maxBytes, keepAlive, servername } = outgoing;
  const { minVersion = "TLSv1.3" } = outgoing;
  const sending = (0, import_node_https.request)(url, { method, agent: false, ...keyPair, headers, minVersion, servername });
  const giveUp = () => sending.destroy(new Error(`no answer from ${url.origin}`));
  let timer = setTimeout(giveUp, idleTimeoutMs);
  const restartTimer = () => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, idleTimeoutMs);
  };
  sending.on("response", restartTimer);
  sending.on("information", () => {
    keepAlive?.();
    restartTimer();
  });
  const failed = new Promise((_, reject) => sending.on("error", reject));
  const answered = responseTo(sending).then(async (response) => ({
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: await textOf2(response, maxBytes)
  }));
  sending.end(body);
  try {
    return await Promise.race([answered, failed]);
  } finally {
    clearTimeout(timer);
  }
}
var unexpectedAnswer = ({ status, text }) => new Error(`the server answered ${status}: ${text.slice(0, 200)}`);
async function download(url, tlsDir, take) {
  const sending = streaming("GET", url, tlsDir);
  sending.end();
  const response = await responseTo(sending);
  await requireOk(response);
  return take(response);
}
async function upload(url, tlsDir, stream) {
  const sending = streaming("POST", url, tlsDir);
  const answer = responseTo(sending);
  const [sent, response] = await Promise.allSettled([(0, import_promises.pipeline)(import_node_stream.Readable.from(stream), sending), answer]);
  if (response.status === "fulfilled") {
    await requireOk(response.value);
    response.value.resume();
  }
  for (const end of [sent, response]) if (end.status === "rejected") throw end.reason;
}
var STREAM_IDLE_TIMEOUT_MS = 3e4;
var MAX_REASON_BYTES = 64 * 1024;
function streaming(method, url, tlsDir) {
  const keyPair = readKeyPair(tlsDir);
  const options = { method, agent: false, ...keyPair, timeout: STREAM_IDLE_TIMEOUT_MS };
  const sending = (0, import_node_https.request)(url, { ...options, minVersion: "TLSv1.3" });
  sending.on(
    "timeout",
    () => sending.destroy(new Error(`no data from ${new URL(url).host} for ${STREAM_IDLE_TIMEOUT_MS / 1e3} s`))
  );
  return sending;
}
function responseTo(sending) {
  return new Promise((resolve, reject) => {
    sending.on("response", resolve);
    sending.on("error", reject);
    sending.on("close", () => reject(new Error("the connection was closed")));
  });
}
async function requireOk(response) {
  const { statusCode: status = 0 } = response;
  if (status !== 200) throw unexpectedAnswer({ status, text: await textOf2(response, MAX_REASON_BYTES) });
}

// programs/shared/protocol.ts
var REPORT_PATH = "/v1/report";
var TAG_HEADER = "etag";
var KNOWN_TAG_HEADER = "if-none-match";
var isText = (value) => typeof value === "string";
var isCount = (value) => Number.isSafeInteger(value) && value >= 0;
var isFlag = (value) => typeof value === "boolean";
var isId = (value) => isText(value) && /^\d{1,20}$/.test(value);
function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : void 0;
  } catch {
    return void 0;
  }
}
function parseOrder(text) {
  const o = parse(text);
  return o && isOrder(o) ? o : void 0;
}
function isOrder(o) {
  switch (o.kind) {
    case "start":
      return isFlag(o.acceptVersion) && isFlag(o.dropAside) && (o.generation === void 0 || isCount(o.generation));
    case "birth":
      return isText(o.token) && isText(o.initialCluster);
    case "join":
      return isId(o.memberId) && isText(o.initialCluster) && isFlag(o.setAside);
    case "seed":
      return isText(o.url) && isText(o.sha256);
    case "lend":
      return isText(o.url);
    case "wait":
      return isText(o.reason) && isFlag(o.hold);
    case "refuse":
      return isText(o.reason);
    default:
      return false;
  }
}

// programs/gate/ask.ts
var MAX_BYTES = 256 * 1024;
async function askController({ url, tlsDir, patienceMs, now }, message, tag) {
  let sinceMs = now();
  try {
    const answer = await sendRequest({
      method: "POST",
      url: new URL(REPORT_PATH, url),
      keyPair: readKeyPair(tlsDir),
      headers: { "content-type": "application/json", ...tag ? { [KNOWN_TAG_HEADER]: tag } : {} },
      body: JSON.stringify(message),
      idleTimeoutMs: patienceMs,
      maxBytes: MAX_BYTES,
      keepAlive: () => sinceMs = now()
    });
    const order = answer.status === 200 ? parseOrder(answer.text) : void 0;
    if (!order) throw unexpectedAnswer(answer);
    return { order, tag: answer.headers[TAG_HEADER] };
  } catch (error) {
    return { problem: messageOf(error), sinceMs };
  }
}

// components/contract/versions.ts
function parseVersion(text) {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (!found) return void 0;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3]) };
}

// components/contract/upgrade.ts
var BEFORE_NEXT_MINOR = { "3.5": 26, "3.6": 11 };
function stepProblem(from, to, clusterVersion) {
  const a = parseVersion(from);
  const b = parseVersion(to);
  if (!a || !b) return `the etcd versions ${from} and ${to} can't be compared`;
  if (a.major !== b.major) return `etcd ${from} to ${to} changes the major version`;
  if (b.minor > a.minor + 1)
    return `etcd ${from} to ${to} skips a minor version: declare one minor version after the other`;
  if (b.minor === a.minor + 1) {
    const floor = BEFORE_NEXT_MINOR[`${a.major}.${a.minor}`];
    if (floor === void 0 || a.patch >= floor) return void 0;
    const need = `${a.major}.${a.minor}.${floor}`;
    return `etcd ${from} to ${to} first needs ${need} or later on every member`;
  }
  if (b.minor === a.minor) return void 0;
  const cluster = clusterVersion ? parseVersion(clusterVersion) : void 0;
  if (a.minor === b.minor + 1 && cluster && cluster.minor <= b.minor) return void 0;
  return `etcd ${from} to ${to} is a downgrade`;
}

// programs/shared/etcd/upgrade.ts
function readsOldLog(version) {
  const v = parseVersion(version);
  return !v || v.major < 3 || v.major === 3 && v.minor < 7;
}
function oldLogProblem(oldEntry, version) {
  if (oldEntry === void 0 || readsOldLog(version)) return void 0;
  return `its log has entries of etcd 3.5, up to entry ${oldEntry}, and etcd ${version} can't read them: declare 3.6 again`;
}

// programs/gate/decide.ts
var ask = (why, hold = false) => ({ kind: "ask", why, hold });
function decide(s) {
  const { disk, answer } = s;
  switch (answer.kind) {
    case "start": {
      const { generation = s.generation, dropAside } = answer;
      const version = answer.acceptVersion ? void 0 : versionProblem(s);
      const problem2 = dataProblem(s.disk, generation) ?? version ?? logProblem(s);
      if (problem2) return ask(`ordered to start, but ${problem2}`);
      return { kind: "start", dropAside, generation, why: "the controller ordered it" };
    }
    case "birth":
      if (disk.state !== "empty") return ask(`ordered to bootstrap a cluster, but ${describe(disk)}`);
      return { kind: "birth", token: answer.token, initialCluster: answer.initialCluster };
    case "join":
      if (disk.state !== "empty" && !answer.setAside) return ask(`ordered to join, but ${describe(disk)}`);
      return {
        kind: "join",
        initialCluster: answer.initialCluster,
        setAside: disk.state !== "empty"
      };
    case "seed":
      if (disk.state === "wal" && disk.generation >= s.generation) {
        return ask(
          `ordered to take the restored data, but ${describe(disk)} of generation ${disk.generation}`
        );
      }
      return { kind: "seed", url: answer.url, sha256: answer.sha256, setAside: disk.state !== "empty" };
    case "lend":
      if (disk.state !== "wal") return ask(`ordered to send its data, but ${describe(disk)}`, true);
      return { kind: "lend", url: answer.url };
    case "wait":
      return ask(`waiting: ${answer.reason}`, answer.hold);
    case "refuse":
      return ask(`refused: ${answer.reason}`, true);
    case "silence":
      return withoutOrder(s, answer.forMs);
  }
}
function withoutOrder(s, silentMs) {
  const problem2 = s.held ? "the disk is fenced, and only an order of the controller lifts that" : dataProblem(s.disk, s.generation) ?? versionProblem(s) ?? logProblem(s);
  if (problem2)
    return ask(`no answer from the controller, and the gate doesn't start etcd by itself: ${problem2}`);
  if (silentMs < s.silenceMs) return ask("no answer from the controller yet");
  const why = "the controller doesn't answer, and the data is intact";
  return { kind: "start", dropAside: false, generation: s.generation, why };
}
function describe(disk) {
  switch (disk.state) {
    case "empty":
      return "the disk holds no member";
    case "wal":
      return `the disk holds member ${disk.memberId}`;
    case "broken":
      return `the disk can't be read: ${disk.reason}`;
  }
}
function dataProblem(disk, generation) {
  if (disk.state !== "wal") return describe(disk);
  if (disk.generation === generation) return void 0;
  return `the disk is of generation ${disk.generation}, not of generation ${generation}`;
}
function versionProblem({ disk, version }) {
  return disk.state === "wal" ? stepProblem(disk.lastVersion, version, void 0) : void 0;
}
function logProblem({ disk, version }) {
  return disk.state === "wal" ? oldLogProblem(disk.oldEntry, version) : void 0;
}

// programs/gate/disk.ts
var import_node_fs9 = require("node:fs");
var import_node_path9 = require("node:path");
function readDisk(dataDir, version) {
  try {
    const disk = read2(dataDir, version);
    if (disk.state === "wal") requireAccess(dataDir);
    return disk;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const [user, group] = [String(process.geteuid?.()), String(process.getegid?.())];
    throw new Error(
      `the member's files belong to another user than the one that the pod runs as, user ${user} of group ${group}: set security back to its previous value, or change the owner of the files (${messageOf(error)})`,
      { cause: error }
    );
  }
}
var isForbidden = (error) => ["EACCES", "EPERM"].includes(String(error.code));
function requireAccess(dataDir) {
  const member = (0, import_node_path9.join)(dataDir, "member");
  const { R_OK, W_OK, X_OK } = import_node_fs9.constants;
  try {
    for (const folder of [dataDir, member, (0, import_node_path9.join)(member, "wal"), (0, import_node_path9.join)(member, "snap")].filter(isThere)) {
      (0, import_node_fs9.accessSync)(folder, R_OK | W_OK | X_OK);
      const files = (0, import_node_fs9.readdirSync)(folder).filter((name) => /^(?:.*\.wal|db|gate\.json)$/.test(name));
      for (const name of files) (0, import_node_fs9.closeSync)((0, import_node_fs9.openSync)((0, import_node_path9.join)(folder, name), "r+"));
    }
  } catch (error) {
    if (isForbidden(error)) throw error;
  }
}
function read2(dataDir, version) {
  const data = readMember((0, import_node_path9.join)(dataDir, "member"), version);
  switch (data.state) {
    case "empty":
    case "broken":
      return data;
    case "wal": {
      const { memberId, clusterId, lastTerm, lastIndex, voters, commit, term, voted, oldEntry } = data;
      const known = { memberId, clusterId, lastTerm, lastIndex, voters, commit, term, voted };
      const old = oldEntry === void 0 ? {} : { oldEntry };
      return { state: "wal", ...known, ...old, ...readMark(dataDir) };
    }
  }
}

// programs/gate/peers.ts
var import_promises2 = require("node:dns/promises");
var import_node_net = require("node:net");
var systemLookup = async (host) => (await (0, import_promises2.lookup)(host, { all: true })).map((found) => found.address);
async function peerProblem(initialCluster, resolve = systemLookup) {
  const hosts = initialCluster.split(",").map((peer) => new URL(peer.slice(peer.indexOf("=") + 1)).hostname);
  const found = await Promise.all(hosts.map((host) => addressesOf(host, resolve)));
  const owner = /* @__PURE__ */ new Map();
  for (const [i, addresses] of found.entries()) {
    for (const address of addresses ?? []) {
      const other = owner.get(address);
      if (other && other !== hosts[i]) {
        return { why: `${other} and ${hosts[i]} have the same address, ${address}`, tolerable: false };
      }
      owner.set(address, hosts[i]);
    }
  }
  const unknown = hosts.filter((_, i) => !found[i]);
  if (unknown.length === 0) return void 0;
  return { why: `there is no address for ${unknown.join(", ")}`, tolerable: true };
}
async function addressesOf(host, resolve) {
  const bare = host.replace(/^\[|\]$/g, "");
  if ((0, import_node_net.isIP)(bare)) return [bare];
  try {
    const addresses = await resolve(host);
    return addresses.length > 0 ? addresses : void 0;
  } catch {
    return void 0;
  }
}

// programs/gate/restored.ts
var import_node_fs11 = require("node:fs");
var import_node_path12 = require("node:path");

// programs/shared/archive/receive.ts
var import_node_crypto2 = require("node:crypto");
var import_node_fs10 = require("node:fs");
var import_node_path10 = require("node:path");

// programs/shared/archive/format.ts
var LONGEST_LINE = 4096;
var lineOf = (line) => Buffer.from(`${JSON.stringify(line)}
`);
function parseLine(text) {
  const value = JSON.parse(text);
  if (value.end === true && typeof value.sha256 === "string") return { end: true, sha256: value.sha256 };
  const { path, size } = value;
  if (typeof path !== "string" || !Number.isSafeInteger(size) || size < 0)
    throw new Error(`the stream has an invalid line: ${text.slice(0, 100)}`);
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(path) || path.split("/").some((part) => /^\.+$/.test(part)))
    throw new Error(`the stream has a path that leads out of the directory: ${path.slice(0, 100)}`);
  return { path, size };
}

// programs/shared/archive/receive.ts
var SYNC_BYTES = 1 << 25;
async function receiveDirectory(stream, folder, expected) {
  (0, import_node_fs10.mkdirSync)((0, import_node_path10.dirname)(folder), { recursive: true, mode: 448 });
  (0, import_node_fs10.mkdirSync)(folder, { mode: 448 });
  const writer = new Writer(folder);
  try {
    for await (const part of stream) writer.take(Buffer.from(part));
    return writer.finish(expected);
  } catch (error) {
    writer.close();
    (0, import_node_fs10.rmSync)(folder, { recursive: true, force: true });
    throw error;
  }
}
var Writer = class {
  constructor(folder) {
    this.folder = folder;
    this.folders.add(folder);
  }
  folder;
  hash = (0, import_node_crypto2.createHash)("sha256");
  folders = /* @__PURE__ */ new Set();
  line = Buffer.alloc(0);
  file;
  unsynced = 0;
  end;
  take(part) {
    let rest = part;
    while (rest.length > 0) rest = this.file ? this.content(rest) : this.head(rest);
  }
  finish(expected) {
    if (!this.end) throw new Error("the stream is incomplete: its last line is missing");
    const sum = this.hash.digest("hex");
    if (sum !== this.end.sha256)
      throw new Error("the received data differs from the sent data: wrong SHA-256");
    if (expected !== void 0 && sum !== expected)
      throw new Error("the received data isn't what was announced: wrong SHA-256");
    for (const folder of this.folders) syncFolder(folder);
    return sum;
  }
  close() {
    if (this.file) (0, import_node_fs10.closeSync)(this.file.fd);
    this.file = void 0;
  }
  content(part) {
    const file = this.file;
    const mine = part.subarray(0, file.left);
    this.hash.update(mine);
    for (let at = 0; at < mine.length; ) at += (0, import_node_fs10.writeSync)(file.fd, mine, at);
    file.left -= mine.length;
    this.unsynced += mine.length;
    if (this.unsynced >= SYNC_BYTES) this.sync(file.fd);
    if (file.left === 0) this.closeFile();
    return part.subarray(mine.length);
  }
  head(part) {
    if (this.end) throw new Error("the stream has data after its last line");
    const at = part.indexOf(10);
    this.line = Buffer.concat([this.line, at < 0 ? part : part.subarray(0, at + 1)]);
    if (this.line.length > LONGEST_LINE) throw new Error("the stream has a line that is too long");
    if (at < 0) return Buffer.alloc(0);
    const bytes = this.line;
    this.line = Buffer.alloc(0);
    const line = parseLine(bytes.toString("utf8"));
    if ("end" in line) this.end = line;
    else {
      this.hash.update(bytes);
      this.openFile(line.path, line.size);
    }
    return part.subarray(at + 1);
  }
  openFile(path, size) {
    const name = (0, import_node_path10.join)(this.folder, path);
    for (let f = (0, import_node_path10.dirname)(name); f.length >= this.folder.length; f = (0, import_node_path10.dirname)(f)) this.folders.add(f);
    (0, import_node_fs10.mkdirSync)((0, import_node_path10.dirname)(name), { recursive: true, mode: 448 });
    this.file = { fd: (0, import_node_fs10.openSync)(name, "wx", 384), left: size };
    if (size === 0) this.closeFile();
  }
  closeFile() {
    if (!this.file) return;
    this.sync(this.file.fd);
    this.close();
  }
  sync(fd) {
    (0, import_node_fs10.fsyncSync)(fd);
    this.unsynced = 0;
  }
};

// programs/shared/archive/send.ts
var import_node_crypto3 = require("node:crypto");
var import_promises3 = require("node:fs/promises");
var import_node_path11 = require("node:path");
var CHUNK = 1 << 18;
async function* directoryStream(folder) {
  const hash = (0, import_node_crypto3.createHash)("sha256");
  const put = (bytes) => {
    hash.update(bytes);
    return bytes;
  };
  const line = (content) => put(lineOf(content));
  for (const path of await filesIn(folder)) {
    const { size } = await (0, import_promises3.stat)((0, import_node_path11.join)(folder, path));
    yield line({ path, size });
    const file = await (0, import_promises3.open)((0, import_node_path11.join)(folder, path), "r");
    try {
      for (let at = 0; at < size; ) {
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - at));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
        at += bytesRead;
        yield put(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
  yield lineOf({ end: true, sha256: hash.digest("hex") });
}
async function filesIn(folder) {
  const entries = await (0, import_promises3.readdir)(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile() && !e.name.endsWith(".tmp")).map((e) => (0, import_node_path11.join)(e.parentPath.slice(folder.length).replace(/^\//, ""), e.name)).sort();
}

// programs/gate/restored.ts
var incomingOf = (volume) => (0, import_node_path12.join)(volume, "incoming");
var dropIncoming = (volume) => (0, import_node_fs11.rmSync)(incomingOf(volume), { recursive: true, force: true });
async function takeSeed(settings, seed) {
  const { volume, dataDir, tlsDir, generation, version } = settings;
  const incoming = incomingOf(volume);
  const fresh = (0, import_node_path12.join)(incoming, "member");
  dropIncoming(volume);
  try {
    await download(seed.url, tlsDir, (stream) => receiveDirectory(stream, fresh, seed.sha256));
    writeMark(incoming, { generation, lastVersion: version });
  } catch (error) {
    dropIncoming(volume);
    if (error.code === "ENOSPC") dropQuarantine(volume);
    throw error;
  }
  const data = readMember(fresh, version);
  if (data.state !== "wal")
    throw new Error(`the restored data holds no member that etcd ${version} would start`);
  (0, import_node_fs11.mkdirSync)(dataDir, { recursive: true, mode: 448 });
  const place = (0, import_node_path12.join)(dataDir, "member");
  const worthless = !seed.setAside && !isThere((0, import_node_path12.join)(place, "snap"));
  if (worthless) (0, import_node_fs11.rmSync)(place, { recursive: true, force: true });
  replace(volume, dataDir, fresh);
  dropIncoming(volume);
}
async function lend(settings, url) {
  await upload(url, settings.tlsDir, directoryStream((0, import_node_path12.join)(settings.dataDir, "member")));
}

// programs/gate/run.ts
var gateTimes = {
  pauseMs: 250,
  longPauseMs: 1e3,
  patienceMs: 3e3,
  silenceMs: 5e3,
  namesMs: 3e4
};
var defaults = { times: gateTimes, now: () => performance.now(), sleep: import_promises4.setTimeout };
async function runGate(settings, log, dependencies = {}) {
  const { times, resolve, now, sleep: sleep2 } = { ...defaults, ...dependencies };
  const { volume, dataDir, podName, podUid, generation, version } = settings;
  const ask2 = { url: settings.controllerUrl, tlsDir: settings.tlsDir, patienceMs: times.patienceMs, now };
  finishReplacement(volume, dataDir);
  let disk = readDisk(dataDir, version);
  log(describe2(disk));
  let fencedInMemory = false;
  let volumeFailure;
  let transferFailure;
  let last = "";
  const logChange = (text) => {
    if (text !== last) log(text);
    last = text;
  };
  const fence = (why) => {
    try {
      withSpace(volume, () => writeFence(volume, why));
      volumeFailure = void 0;
    } catch (error) {
      fencedInMemory = true;
      volumeFailure = `the fence can't be written to the volume, so this gate has to keep running: ${messageOf(error)}`;
      logChange(volumeFailure);
    }
  };
  let tag;
  let silentSince;
  let joinSince;
  let answeredOnce = false;
  volumeFailure = volumeProblemIn(() => dropIncoming(volume));
  for (; ; ) {
    const fencedOnVolume = isFenced(volume);
    const held = fencedInMemory || fencedOnVolume;
    const problem2 = volumeFailure ?? transferFailure;
    const message = { podUid, podName, disk, aside: quarantineNames(volume), held, problem: problem2 };
    const began = now();
    const reply = await askController(ask2, message, tag);
    let answer;
    if ("order" in reply) {
      ({ order: answer, tag } = reply);
      silentSince = void 0;
      answeredOnce = true;
    } else {
      tag = void 0;
      silentSince ??= reply.sinceMs;
      answer = { kind: "silence", forMs: now() - silentSince };
    }
    const step = decide({ disk, held, generation, version, answer, silenceMs: times.silenceMs });
    if (step.kind !== "lend" && step.kind !== "seed" && answer.kind !== "silence")
      transferFailure = void 0;
    if (step.kind === "ask") {
      if (step.hold && !fencedOnVolume) fence(step.why);
      const notes = "problem" in reply ? [reply.problem, ...networkHint(answeredOnce, answer)] : [];
      logChange([step.why, ...notes.map((note) => `(${note})`)].join(" "));
    } else if (step.kind === "lend") {
      if (!fencedOnVolume) fence("a recovery uses its data");
      logChange(`sending the data to ${step.url}`);
      const failure = await problemOf(lend(settings, step.url));
      transferFailure = failure && `its data can't be sent: ${inShort(failure)}`;
      if (transferFailure) tag = void 0;
      logChange(transferFailure ?? "the data was sent, and stays unchanged on this disk");
    } else if (step.kind === "seed") {
      logChange(`fetching the restored data from ${step.url}`);
      const failure = await problemOf(takeSeed(settings, step));
      transferFailure = failure && `the restored data can't be taken: ${inShort(failure)}`;
      if (transferFailure) logChange(transferFailure);
      disk = readDisk(dataDir, version);
      log(describe2(disk));
    } else {
      const peers = step.kind === "join" ? await peerProblem(step.initialCluster, resolve) : void 0;
      joinSince ??= now();
      if (!peers || peers.tolerable && now() - joinSince >= times.namesMs) {
        volumeFailure = volumeProblemIn(() => carryOut(settings, step));
        if (!volumeFailure) {
          log(started(step));
          return;
        }
        logChange(`${ordered(step.kind)}, but the volume prevents it: ${volumeFailure}`);
        disk = readDisk(dataDir, version);
      } else logChange(`ordered to join, but ${peers.why}`);
    }
    const waits = answer.kind === "wait" || answer.kind === "silence";
    const pauseMs = waits ? times.pauseMs : times.longPauseMs;
    await sleep2(Math.max(0, pauseMs - (now() - began)));
  }
}
async function problemOf(work) {
  try {
    await work;
    return void 0;
  } catch (error) {
    return messageOf(error);
  }
}
function volumeProblemIn(work) {
  try {
    work();
    return void 0;
  } catch (error) {
    const problem2 = volumeProblem(error);
    if (problem2 === void 0) throw error;
    return problem2;
  }
}
var HINT_AFTER_MS = 3e4;
function networkHint(answeredOnce, answer) {
  if (answeredOnce || (answer.forMs ?? 0) < HINT_AFTER_MS) return [];
  return [
    "the controller has never answered: check that it runs, and that this container may use the network. The sidecar of a service mesh starts only after this container: disable its injection, see docs/operation.md"
  ];
}
var ordered = (kind) => `ordered to ${kind === "birth" ? "bootstrap" : kind}`;
function started(step) {
  if (step.kind === "start") return `starting the member on this disk: ${step.why}`;
  return `${step.kind === "birth" ? "bootstrapping" : "joining"} the cluster ${step.initialCluster}`;
}
function describe2(disk) {
  switch (disk.state) {
    case "empty":
      return "the disk holds no member";
    case "broken":
      return `the disk is broken: ${disk.reason}`;
    case "wal":
      return `the disk holds member ${disk.memberId} of cluster ${disk.clusterId}, up to entry ${disk.lastIndex} of term ${disk.lastTerm}, generation ${disk.generation}, last used by etcd ${disk.lastVersion}`;
  }
}

// components/contract/env.ts
var podEnv = {
  name: "POD_NAME",
  uid: "POD_UID",
  namespace: "POD_NAMESPACE",
  ips: "POD_IPS"
};
var gateEnv = {
  volume: "GATE_VOLUME",
  dataDir: "GATE_DATA_DIR",
  configFile: "GATE_CONFIG_FILE",
  tlsDir: "GATE_TLS_DIR",
  controllerUrl: "GATE_CONTROLLER_URL",
  peerUrl: "GATE_PEER_URL",
  clientUrl: "GATE_CLIENT_URL",
  peerPort: "GATE_PEER_PORT",
  clientPort: "GATE_CLIENT_PORT",
  metricsPort: "GATE_METRICS_PORT",
  generation: "GATE_GENERATION",
  version: "GATE_VERSION",
  settings: "GATE_SETTINGS"
};

// programs/gate/settings.ts
function readSettings(variables) {
  const text = (name) => {
    const value = variables[name];
    if (value === void 0) throw new Error(`the variable ${name} is missing`);
    return value;
  };
  const generation = Number(text(gateEnv.generation));
  if (!Number.isSafeInteger(generation) || generation < 1)
    throw new Error(`${gateEnv.generation} is not a generation: a whole number from 1`);
  return {
    podName: text(podEnv.name),
    podUid: text(podEnv.uid),
    podIps: text(podEnv.ips).split(","),
    volume: text(gateEnv.volume),
    dataDir: text(gateEnv.dataDir),
    configFile: text(gateEnv.configFile),
    tlsDir: text(gateEnv.tlsDir),
    controllerUrl: text(gateEnv.controllerUrl),
    peerUrl: text(gateEnv.peerUrl),
    clientUrl: text(gateEnv.clientUrl),
    ports: {
      peer: text(gateEnv.peerPort),
      client: text(gateEnv.clientPort),
      metrics: text(gateEnv.metricsPort)
    },
    generation,
    version: text(gateEnv.version),
    etcdSettings: text(gateEnv.settings)
  };
}

// programs/gate/main.ts
var TERMINATION_LOG = "/dev/termination-log";
function say(text) {
  console.log(`${(/* @__PURE__ */ new Date()).toISOString()} ${text}`);
  try {
    if ((0, import_node_fs12.existsSync)(TERMINATION_LOG)) (0, import_node_fs12.writeFileSync)(TERMINATION_LOG, text);
  } catch {
  }
}
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(143));
async function main() {
  await runGate(readSettings(process.env), say);
}
main().then(
  () => process.exit(0),
  (error) => {
    say(`etcd may not start: ${messageOf(error)}`);
    process.exit(1);
  }
);
