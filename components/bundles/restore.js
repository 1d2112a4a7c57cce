"use strict";

// programs/restore/main.ts
var import_node_fs12 = require("node:fs");

// programs/shared/refusal.ts
var Refusal = class extends Error {
};

// programs/restore/settings.ts
var import_node_path = require("node:path");

// components/contract/restore-files.ts
var revisionBump = 1e9;
var restoreFiles = {
  /** Comes into being whole, with everything below it. */
  survivor: "survivor",
  /** etcd's data directory, a survivor's copy. */
  survivorData: "survivor/data",
  /** What that copy is, and up to where. */
  survivorReceipt: "survivor/receipt.json",
  snapshot: "snapshot.db",
  /** Revision and number of entries of the snapshot. */
  contents: "contents.json",
  /** Beside a snapshot from a store of backups. */
  manifest: "manifest.json",
  /** Where the snapshot is from, in words. */
  source: "source.txt",
  /** Of the etcd that it is from, if that is known: JSON, as in a manifest. */
  version: "version.json",
  restored: "restored"
};

// programs/restore/settings.ts
function readSettings(env) {
  const text2 = (name) => {
    const value = env[name];
    if (!value) throw new Error(`the variable ${name} is missing`);
    return value;
  };
  return {
    podUid: text2("POD_UID"),
    generation: Number(text2("RESTORE_GENERATION")),
    controllerUrl: text2("RESTORE_CONTROLLER_URL"),
    tlsDir: text2("RESTORE_TLS_DIR"),
    port: Number(text2("RESTORE_PORT")),
    version: text2("RESTORE_VERSION"),
    scratch: text2("RESTORE_SCRATCH")
  };
}
var place = (scratch, file) => (0, import_node_path.join)(scratch, restoreFiles[file]);

// programs/restore/sources.ts
var import_node_fs3 = require("node:fs");
var import_node_path4 = require("node:path");
var import_promises = require("node:timers/promises");

// programs/shared/etcd/channel.ts
var import_node_http2 = require("node:http2");

// programs/shared/etcd/frames.ts
var HEAD = 5;
var LARGEST = 16 * 2 ** 20;
var Frames = class {
  head = Buffer.alloc(HEAD);
  headFilled = 0;
  body = Buffer.alloc(64 * 1024);
  wanted = 0;
  filled = 0;
  /** Calls `message` for each that is whole. What it is given is overwritten afterwards. */
  push(chunk, message2) {
    let at = 0;
    while (at < chunk.length) {
      if (this.headFilled < HEAD) {
        const taken2 = chunk.copy(this.head, this.headFilled, at, at + HEAD - this.headFilled);
        this.headFilled += taken2;
        at += taken2;
        if (this.headFilled < HEAD) return;
        this.begin();
      }
      if (this.filled === 0 && chunk.length - at >= this.wanted) {
        const whole = chunk.subarray(at, at + this.wanted);
        at += this.wanted;
        this.headFilled = 0;
        message2(whole);
        continue;
      }
      const taken = chunk.copy(this.body, this.filled, at, at + this.wanted - this.filled);
      this.filled += taken;
      at += taken;
      if (this.filled < this.wanted) return;
      this.headFilled = 0;
      this.filled = 0;
      message2(this.body.subarray(0, this.wanted));
    }
  }
  /** Whether a message has begun that hasn't ended. */
  get open() {
    return this.headFilled > 0;
  }
  begin() {
    if (this.head[0] !== 0) throw new Error("a compressed message, and none was asked for");
    this.wanted = this.head.readUInt32BE(1);
    if (this.wanted > LARGEST) throw new Error(`a message of ${this.wanted} bytes`);
    if (this.wanted > this.body.length) this.body = Buffer.alloc(this.wanted);
  }
};
function frame(message2) {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(message2.length, 1);
  return Buffer.concat([head, message2]);
}

// programs/shared/etcd/channel.ts
var CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED"
];
var CallError = class extends Error {
  constructor(code, details) {
    super(`${code}: ${details}`);
    this.code = code;
    this.details = details;
  }
  code;
  details;
};
var WINDOW = 2 * 2 ** 20;
var CONNECT_MS = 5e3;
var Channel = class {
  constructor(url, pair, serverName) {
    this.url = url;
    this.pair = pair;
    this.serverName = serverName;
  }
  url;
  pair;
  serverName;
  session;
  async call(method2, request2, timeoutMs) {
    let answer;
    const signal = AbortSignal.timeout(timeoutMs);
    await this.stream(method2.path, method2.request.encode(request2), {
      message: (bytes2) => {
        answer = Buffer.from(bytes2);
        return void 0;
      },
      idleMs: timeoutMs,
      signal
    }).catch((error) => {
      throw signal.aborted ? new CallError("DEADLINE_EXCEEDED", `no answer in ${timeoutMs / 1e3} s`) : error;
    });
    if (!answer) throw new CallError("INTERNAL", "no answer");
    return method2.answer.decode(answer);
  }
  /** Until the server has said that all is told. */
  stream(path, request2, { message: message2, idleMs, signal }) {
    return new Promise((resolve, reject) => {
      const session = this.open();
      const failed = (error) => {
        settle(() => reject(error instanceof Error ? error : new Error(String(error))));
        call.close(8);
      };
      const settle = (end3) => {
        clearInterval(watch);
        session.off("error", failed);
        signal?.removeEventListener("abort", aborted);
        end3();
      };
      const call = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers"
      });
      const aborted = () => failed(signal?.reason);
      const frames = new Frames();
      let head = {};
      let end2;
      session.on("error", failed);
      signal?.addEventListener("abort", aborted, { once: true });
      call.on("response", (headers) => head = headers);
      call.on("trailers", (headers) => end2 = headers);
      let heardMs = performance.now();
      const watch = setInterval(
        () => {
          if (call.isPaused()) heardMs = performance.now();
          else if (performance.now() - heardMs > idleMs)
            failed(new CallError("UNAVAILABLE", `nothing came for ${idleMs / 1e3} s`));
        },
        Math.min(idleMs, 1e3)
      );
      call.on("data", (chunk) => {
        heardMs = performance.now();
        try {
          frames.push(chunk, (bytes2) => hold(call, message2(bytes2), failed));
        } catch (error) {
          failed(error);
        }
      });
      call.on("error", failed);
      call.on("close", () => settle(() => finish(resolve, reject, head, end2, frames.open)));
      if (signal?.aborted) aborted();
      else call.end(frame(request2));
    });
  }
  close() {
    this.session?.destroy();
    this.session = void 0;
  }
  open() {
    if (this.session && !this.session.destroyed && !this.session.closed) return this.session;
    const { ca, cert, key } = this.pair;
    const session = (0, import_node_http2.connect)(this.url, {
      ca,
      cert,
      key,
      ...this.serverName ? { servername: this.serverName } : {},
      ALPNProtocols: ["h2"],
      settings: { initialWindowSize: WINDOW, enablePush: false, maxFrameSize: 2 ** 18 }
    });
    const limit = setTimeout(
      () => session.destroy(new CallError("UNAVAILABLE", `no connection in ${CONNECT_MS / 1e3} s`)),
      CONNECT_MS
    );
    session.on("connect", () => {
      clearTimeout(limit);
      session.setLocalWindowSize(WINDOW);
    });
    session.on("close", () => clearTimeout(limit));
    session.setMaxListeners(0);
    session.on("error", () => void 0);
    this.session = session;
    return session;
  }
};
function hold(call, until, failed) {
  if (!until) return;
  call.pause();
  until.then(() => call.resume(), failed);
}
function finish(resolve, reject, head, trailers, open2) {
  const status = Number(head[":status"] ?? 200);
  const told2 = trailers ?? head;
  const code = told2["grpc-status"];
  if (code === void 0)
    reject(
      new CallError("UNAVAILABLE", status === 200 ? "the connection ended in the middle" : `HTTP ${status}`)
    );
  else if (code !== "0") {
    const text2 = decodeURIComponent(String(told2["grpc-message"] ?? ""));
    reject(new CallError(CODES[Number(code)] ?? String(code), text2));
  } else if (open2) reject(new CallError("DATA_LOSS", "a message was cut short"));
  else resolve();
}

// programs/shared/etcd/snapshot.ts
var import_node_crypto = require("node:crypto");

// programs/shared/etcd/wire.ts
var field = (number3, encoding) => ({
  number: number3,
  repeated: false,
  absent: encoding.absent,
  encoding
});
var varint = (absent, toWire, fromWire) => ({
  type: 0,
  absent,
  toWire,
  fromWire
});
var id = (number3) => field(
  number3,
  varint("0", (value) => BigInt.asUintN(64, BigInt(value)), String)
);
var count = (number3) => field(
  number3,
  varint(
    0,
    (value) => BigInt.asUintN(64, BigInt(value)),
    (bits) => Number(BigInt.asIntN(64, bits))
  )
);
var bool = (number3) => field(
  number3,
  varint(
    false,
    (value) => value ? 1n : 0n,
    (bits) => bits !== 0n
  )
);
var choice = (number3, names) => field(
  number3,
  varint(
    names[0],
    (value) => BigInt(names.indexOf(value)),
    (bits) => names[Number(bits)] ?? names[0]
  )
);
var text = (number3) => field(number3, {
  type: 2,
  absent: "",
  toWire: (value) => Buffer.from(value, "utf8"),
  fromWire: (bytes2) => Buffer.from(bytes2).toString("utf8")
});
var bytes = (number3) => field(number3, {
  type: 2,
  absent: new Uint8Array(),
  toWire: (value) => value,
  fromWire: (value) => value
});
var nested = (number3, inner) => field(number3, {
  type: 2,
  absent: void 0,
  toWire: (value) => inner.encode(value ?? {}),
  fromWire: (bytes2) => inner.decode(bytes2)
});
var list = (of) => ({
  number: of.number,
  repeated: true,
  absent: [],
  encoding: of.encoding
});
function message(fields) {
  const byNumber = new Map(Object.entries(fields).map(([name, f]) => [f.number, { name, ...f }]));
  return {
    encode: (value) => {
      const parts = [];
      for (const { name, number: number3, repeated, absent, encoding } of byNumber.values()) {
        const own = value[name];
        if (own === void 0 || own === absent) continue;
        for (const element of repeated ? own : [own]) {
          parts.push(writeVarint(BigInt(number3 * 8 + encoding.type)));
          if (encoding.type === 0) parts.push(writeVarint(encoding.toWire(element)));
          else {
            const bytes2 = encoding.toWire(element);
            parts.push(writeVarint(BigInt(bytes2.length)), bytes2);
          }
        }
      }
      return Buffer.concat(parts);
    },
    decode: (bytes2) => {
      const result = {};
      for (const { name, absent, repeated } of byNumber.values()) result[name] = repeated ? [] : absent;
      for (const { number: number3, type, value } of read(bytes2)) {
        const known = byNumber.get(number3);
        if (!known || known.encoding.type !== type) continue;
        const decoded = known.encoding.fromWire(value);
        if (known.repeated) result[known.name].push(decoded);
        else result[known.name] = decoded;
      }
      return result;
    }
  };
}
function writeVarint(value) {
  const bytes2 = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 0x80n) {
      bytes2.push(low);
      return Uint8Array.from(bytes2);
    }
    bytes2.push(low | 128);
  }
}
function* read(bytes2) {
  let at = 0;
  const take = (length) => {
    if (at + length > bytes2.length) throw new Error("a message is cut short");
    return bytes2.subarray(at, at += length);
  };
  const varint2 = () => {
    for (let value = 0n, shift = 0n; shift < 70n; shift += 7n) {
      const byte = take(1)[0] ?? 0;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new Error("a number is longer than 64 bits");
  };
  while (at < bytes2.length) {
    const key = Number(varint2());
    const [number3, type] = [key >> 3, key & 7];
    if (type === 0) yield { number: number3, type, value: varint2() };
    else if (type === 2) yield { number: number3, type, value: take(Number(varint2())) };
    else if (type === 1) take(8);
    else if (type === 5) take(4);
    else throw new Error(`wire type ${type} is not known`);
  }
}

// programs/shared/etcd/census.ts
var MAGIC = 3977042669;
var PAGE_HEAD = 16;
var ELEMENT = 16;
var BRANCH = 1;
var LEAF = 2;
var BUCKET = 1;
var DEEPEST = 20;
var LARGEST_PAGE = 65536;
var FIRST_BYTES = PAGE_HEAD + 64;
var KEY_LENGTH = 17;
var isKey = (length) => length === KEY_LENGTH || length === KEY_LENGTH + 1;
var LARGEST_NODE = 2 ** 28;
var Column = class {
  constructor(values, make) {
    this.values = values;
    this.make = make;
  }
  values;
  make;
  get(index) {
    return this.values[index] ?? 0;
  }
  set(index, value) {
    if (index >= this.values.length) {
      const larger = this.make(Math.max(index + 1, Math.ceil(this.values.length * 1.5)));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[index] = value;
  }
};
var numbers = () => new Column(new Uint32Array(1024), (n) => new Uint32Array(n));
var Census = class {
  pageSize = 0;
  root = 0;
  transaction = 0;
  /** Pages that the file has to have. */
  highWater = 0;
  page = 0;
  partial = Buffer.alloc(LARGEST_PAGE);
  filled = 0;
  /** By page: entries + 1 of a leaf, or 2³¹ and the number of children of a branch; 0 for anything else. */
  shape = numbers();
  /** By page: a leaf's last revision, a branch's first place in `children`. */
  more = new Column(new Float64Array(1024), (n) => new Float64Array(n));
  children = numbers();
  childCount = 0;
  /** Buckets in a leaf, by page. */
  buckets = /* @__PURE__ */ new Map();
  /** Last keys that lie behind a value which takes more than a page, by the place in the file where they begin. */
  awaited = /* @__PURE__ */ new Map();
  /** The chunk isn't kept. */
  push(chunk) {
    let at = 0;
    while (at < chunk.length) {
      if (this.filled === 0 && this.pageSize && chunk.length - at >= this.pageSize) {
        this.read(chunk.subarray(at, at + this.pageSize));
        at += this.pageSize;
        continue;
      }
      const size = this.pageSize || FIRST_BYTES;
      const taken = chunk.copy(this.partial, this.filled, at, at + size - this.filled);
      this.filled += taken;
      at += taken;
      if (this.filled < size) return;
      if (this.pageSize === 0) this.begin();
      else {
        this.read(this.partial.subarray(0, size));
        this.filled = 0;
      }
    }
  }
  result() {
    if (this.pageSize === 0) throw new Refusal("it is no database of etcd's: it has no first page");
    if (this.filled > 0 || this.page < this.highWater)
      throw new Refusal(`the database is cut short: it has ${this.page} of ${this.highWater} pages`);
    const found = this.bucketsBelow(this.root).get("key");
    if (!found) throw new Refusal("the database has no bucket called key");
    if (found.inline) return { revision: found.inline.revision, keys: found.inline.entries };
    const seen = new Uint8Array(this.page);
    const total = { revision: 0, keys: 0 };
    this.walk(found.root, 0, seen, (page, entries) => {
      total.keys += entries;
      if (entries > 0) total.revision = this.more.get(page);
    });
    return total;
  }
  begin() {
    const meta = PAGE_HEAD;
    if (this.partial.readUInt32LE(meta) !== MAGIC) throw new Refusal("it is no database of etcd's");
    const size = this.partial.readUInt32LE(meta + 8);
    if (size < 512 || size > LARGEST_PAGE || (size & size - 1) !== 0)
      throw new Refusal(`the database has pages of ${size} bytes`);
    this.pageSize = size;
    this.takeMeta(this.partial);
  }
  /** The first two pages tell in turn, at each commit, where the tree begins. In a file that was closed both are whole. */
  takeMeta(page) {
    const transaction = number(page, PAGE_HEAD + 48);
    if (transaction < this.transaction) return;
    this.transaction = transaction;
    this.root = number(page, PAGE_HEAD + 16);
    this.highWater = number(page, PAGE_HEAD + 40);
  }
  /** One page's place in the file. The number in its head tells whether a page begins here. */
  read(bytes2) {
    const page = this.page++;
    if (page === 1 && bytes2.readUInt32LE(PAGE_HEAD) === MAGIC) this.takeMeta(bytes2);
    if (this.awaited.size > 0) this.receive(page, bytes2);
    const flags = bytes2.readUInt16LE(8);
    const count2 = bytes2.readUInt16LE(10);
    const overflow = bytes2.readUInt32LE(12);
    if (number(bytes2, 0) !== page || flags !== BRANCH && flags !== LEAF) return;
    if (PAGE_HEAD + count2 * ELEMENT > bytes2.length && overflow === 0) return;
    if (flags === LEAF) this.readLeaf(page, bytes2, count2);
    else this.readBranch(page, bytes2, count2);
  }
  readLeaf(page, bytes2, count2) {
    const { last, buckets } = leaf(bytes2, 0, count2);
    this.shape.set(page, count2 + 1);
    this.more.set(page, 0);
    if (buckets.size > 0) this.buckets.set(page, buckets);
    if (last === void 0 || !isKey(last.length) || last.at > LARGEST_NODE) return;
    if (last.at + KEY_LENGTH <= bytes2.length) this.more.set(page, revisionOf(bytes2, last.at));
    else this.awaited.set(page, { from: page * this.pageSize + last.at, key: Buffer.alloc(KEY_LENGTH) });
    if (last.at < bytes2.length) this.receive(page, bytes2);
  }
  /** The part of awaited keys that lies in this page. */
  receive(page, bytes2) {
    const start = page * this.pageSize;
    for (const [owner, { from, key }] of this.awaited) {
      const skip = Math.max(0, start - from);
      if (from >= start + bytes2.length || skip >= KEY_LENGTH) continue;
      bytes2.copy(key, skip, from + skip - start);
      if (from + KEY_LENGTH > start + bytes2.length) continue;
      this.awaited.delete(owner);
      this.more.set(owner, revisionOf(key, 0));
    }
  }
  readBranch(page, bytes2, count2) {
    if (PAGE_HEAD + count2 * ELEMENT > bytes2.length) return;
    this.shape.set(page, 2 ** 31 + count2);
    this.more.set(page, this.childCount);
    for (let i = 0; i < count2; i++)
      this.children.set(this.childCount++, number(bytes2, PAGE_HEAD + i * ELEMENT + 8) % 2 ** 32);
  }
  bucketsBelow(root) {
    const all = /* @__PURE__ */ new Map();
    this.walk(root, 0, new Uint8Array(this.page), (page) => {
      for (const [name, bucket] of this.buckets.get(page) ?? []) all.set(name, bucket);
    });
    return all;
  }
  walk(page, depth, seen, visit) {
    const shape = this.shape.get(page);
    if (page < 2 || page >= this.page || shape === 0 || depth > DEEPEST)
      throw new Refusal(`the database is damaged: page ${page} is not there`);
    if (seen[page]) throw new Refusal(`the database is damaged: page ${page} is in two places`);
    seen[page] = 1;
    if (shape < 2 ** 31) return visit(page, shape - 1);
    const first = this.more.get(page);
    for (let i = 0; i < shape - 2 ** 31; i++) this.walk(this.children.get(first + i), depth + 1, seen, visit);
  }
};
function number(bytes2, at) {
  return bytes2.readUInt32LE(at) + bytes2.readUInt32LE(at + 4) * 2 ** 32;
}
function revisionOf(bytes2, at) {
  return bytes2[at + 8] === 95 ? bytes2.readUInt32BE(at) * 2 ** 32 + bytes2.readUInt32BE(at + 4) : 0;
}
function leaf(bytes2, from, count2) {
  const buckets = /* @__PURE__ */ new Map();
  const element = (i) => {
    const head = from + PAGE_HEAD + i * ELEMENT;
    if (head + ELEMENT > bytes2.length) return void 0;
    const isBucket = (bytes2.readUInt32LE(head) & BUCKET) !== 0;
    return { isBucket, at: head + bytes2.readUInt32LE(head + 4), length: bytes2.readUInt32LE(head + 8) };
  };
  for (let i = 0; i < count2; i++) {
    const e = element(i);
    const value = e ? e.at + e.length : 0;
    if (!e?.isBucket || value + 16 > bytes2.length) break;
    const name = bytes2.toString("latin1", e.at, value);
    const root = number(bytes2, value);
    if (root !== 0) buckets.set(name, { root });
    else if (value + 16 + PAGE_HEAD <= bytes2.length) {
      const entries = bytes2.readUInt16LE(value + 16 + 10);
      const { last } = leaf(bytes2, value + 16, entries);
      const whole = last !== void 0 && isKey(last.length) && last.at + KEY_LENGTH <= bytes2.length;
      buckets.set(name, { root, inline: { entries, revision: whole ? revisionOf(bytes2, last.at) : 0 } });
    }
  }
  return { last: count2 > 0 ? element(count2 - 1) : void 0, buckets };
}

// programs/shared/etcd/snapshot.ts
var TRAILER_BYTES = 32;
var IDLE_MS = 6e4;
var snapshotAnswer = message({ remainingBytes: count(2), blob: bytes(3), version: text(4) });
var Check = class {
  hash = (0, import_node_crypto.createHash)("sha256");
  census = new Census();
  last = Buffer.alloc(TRAILER_BYTES);
  held = 0;
  total = 0;
  /** The chunk isn't kept. */
  push(chunk) {
    this.total += chunk.length;
    const before = Math.max(0, Math.min(this.held, this.held + chunk.length - TRAILER_BYTES));
    if (before > 0) {
      this.take(this.last.subarray(0, before));
      this.last.copy(this.last, 0, before, this.held);
      this.held -= before;
    }
    const ours = Math.max(0, chunk.length - TRAILER_BYTES);
    if (ours > 0) this.take(chunk.subarray(0, ours));
    chunk.copy(this.last, this.held, ours);
    this.held += chunk.length - ours;
  }
  result() {
    const sha256 = this.hash.digest("hex");
    if (this.held < TRAILER_BYTES || this.last.toString("hex") !== sha256)
      throw new Refusal(
        "the snapshot doesn't end with the hash of what is in it: it was damaged or cut short"
      );
    return { bytes: this.total, sha256, ...this.census.result() };
  }
  take(part) {
    this.hash.update(part);
    this.census.push(part);
  }
};
async function streamSnapshot(channel, write, signal) {
  const check = new Check();
  await channel.stream("/etcdserverpb.Maintenance/Snapshot", Buffer.alloc(0), {
    idleMs: IDLE_MS,
    signal,
    message: (answer) => {
      const blob = snapshotAnswer.decode(answer).blob;
      check.push(blob);
      return write(blob);
    }
  });
  return check.result();
}

// programs/shared/etcd/messages.ts
var header = message({ clusterId: id(1), memberId: id(2), revision: count(3), raftTerm: count(4) });
var member = message({
  id: id(1),
  name: text(2),
  peerUrls: list(text(3)),
  clientUrls: list(text(4)),
  isLearner: bool(5)
});
var onlyHeader = message({ header: nested(1, header) });
var membersAfter = message({ header: nested(1, header), members: list(nested(2, member)) });
var nothing = message({});
var alarmTypes = ["NONE", "NOSPACE", "CORRUPT"];
var method = (name, request2, answer) => ({
  path: `/etcdserverpb.${name}`,
  request: request2,
  answer
});
var methods = {
  range: method(
    "KV/Range",
    message({ key: text(1), limit: count(3), serializable: bool(7), keysOnly: bool(8), countOnly: bool(9) }),
    message({ header: nested(1, header), count: count(4) })
  ),
  compact: method("KV/Compact", message({ revision: count(1), physical: bool(2) }), onlyHeader),
  memberList: method("Cluster/MemberList", message({ linearizable: bool(1) }), membersAfter),
  memberAdd: method(
    "Cluster/MemberAdd",
    message({ peerUrls: list(text(1)), isLearner: bool(2) }),
    message({ header: nested(1, header), member: nested(2, member), members: list(nested(3, member)) })
  ),
  memberRemove: method("Cluster/MemberRemove", message({ id: id(1) }), membersAfter),
  memberPromote: method("Cluster/MemberPromote", message({ id: id(1) }), membersAfter),
  status: method(
    "Maintenance/Status",
    nothing,
    message({
      header: nested(1, header),
      version: text(2),
      dbSize: count(3),
      leader: id(4),
      raftIndex: count(5),
      raftTerm: count(6),
      raftAppliedIndex: count(7),
      errors: list(text(8)),
      dbSizeInUse: count(9),
      isLearner: bool(10),
      // From 3.6 on.
      storageVersion: text(11),
      dbSizeQuota: count(12),
      downgrade: nested(13, message({ enabled: bool(1), targetVersion: text(2) }))
    })
  ),
  alarm: method(
    "Maintenance/Alarm",
    message({
      action: choice(1, ["GET", "ACTIVATE", "DEACTIVATE"]),
      memberId: id(2),
      alarm: choice(3, alarmTypes)
    }),
    message({
      header: nested(1, header),
      alarms: list(nested(2, message({ memberId: id(1), alarm: choice(2, alarmTypes) })))
    })
  ),
  defragment: method("Maintenance/Defragment", nothing, onlyHeader),
  hashKv: method(
    "Maintenance/HashKV",
    message({ revision: count(1) }),
    message({ header: nested(1, header), hash: count(2), compactRevision: count(3) })
  ),
  moveLeader: method("Maintenance/MoveLeader", message({ targetId: id(1) }), onlyHeader),
  downgrade: method(
    "Maintenance/Downgrade",
    message({ action: choice(1, ["VALIDATE", "ENABLE", "CANCEL"]), version: text(2) }),
    message({ header: nested(1, header), version: text(2) })
  )
};

// programs/shared/files.ts
var import_node_fs = require("node:fs");
var import_node_path2 = require("node:path");
function writeWhole(file, text2) {
  const folder = (0, import_node_path2.dirname)(file);
  (0, import_node_fs.mkdirSync)(folder, { recursive: true, mode: 448 });
  if (textOf(file) !== text2) {
    const draft = `${file}.tmp`;
    try {
      (0, import_node_fs.writeFileSync)(draft, text2, { mode: 384, flush: true });
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

// programs/restore/receipt.ts
var import_node_fs2 = require("node:fs");
var import_node_path3 = require("node:path");
function readReceipt(scratch) {
  const file = place(scratch, "survivorReceipt");
  return (0, import_node_fs2.existsSync)(file) ? JSON.parse((0, import_node_fs2.readFileSync)(file, "utf8")) : void 0;
}
function writeContents(scratch, { revision, keys }) {
  writeWhole(place(scratch, "contents"), JSON.stringify({ revision, keys }));
}
function readContents(scratch) {
  const file = [place(scratch, "contents"), place(scratch, "manifest")].find((f) => (0, import_node_fs2.existsSync)(f));
  const { revision, keys } = JSON.parse(file ? (0, import_node_fs2.readFileSync)(file, "utf8") : "{}");
  if (revision === void 0 || keys === void 0)
    throw new Error("nobody has left what is in the snapshot");
  return { revision, keys };
}
async function differenceFrom(snapshot, member2) {
  const census = new Census();
  for await (const chunk of (0, import_node_fs2.createReadStream)((0, import_node_path3.join)(member2, "snap", "db"), { highWaterMark: 1 << 20 }))
    census.push(chunk);
  const is = census.result();
  const expected = { revision: snapshot.revision + revisionBump, keys: snapshot.keys + 1 };
  if (is.revision === expected.revision && is.keys === expected.keys) return void 0;
  return `the restored data has revision ${is.revision} and ${is.keys} entries, and of the snapshot it has to have ${expected.revision} and ${expected.keys}`;
}

// programs/shared/errors.ts
function wordsOf(error) {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map(wordsOf).join("; ") || "unknown";
  return error instanceof Error ? error.message || error.name : String(error);
}

// programs/restore/sources.ts
var CALL_MS = 5e3;
var AGAIN_MS = 500;
async function save(settings, url = "https://127.0.0.1:2379") {
  const receipt = readReceipt(settings.scratch);
  if (!receipt) throw new Error("there is no survivor's copy");
  const channel = new Channel(url, pairIn(settings.tlsDir), "localhost");
  let last = "";
  for (; ; ) {
    try {
      await channel.call(methods.range, { key: "health", countOnly: true }, CALL_MS);
      break;
    } catch (error) {
      const words = wordsOf(error);
      if (words !== last) console.log(`the survivor's copy doesn't answer yet: ${last = words}`);
      channel.close();
      await (0, import_promises.setTimeout)(AGAIN_MS);
    }
  }
  const { header: header2, raftAppliedIndex = 0 } = await channel.call(methods.status, {}, CALL_MS);
  if (header2?.memberId !== receipt.memberId || header2.clusterId !== receipt.clusterId)
    throw new Error(
      `what runs here is member ${header2?.memberId} of cluster ${header2?.clusterId}, and the survivor is ${receipt.memberId} of ${receipt.clusterId}`
    );
  if (raftAppliedIndex < receipt.commit)
    throw new Error(`entries up to ${raftAppliedIndex} are applied, and there are ${receipt.commit}`);
  const checked = await download(settings.scratch, channel);
  channel.close();
  if (checked.revision === 0)
    throw new Refusal(
      `the survivor's disk, up to entry ${receipt.commit}, holds no data at all (revision 0): nothing was ever written there`
    );
  console.log(`a snapshot of the survivor's copy: ${told(checked)}`);
}
async function fromEndpoints(settings, from, tlsDir) {
  const problems = [];
  for (const url of from.urls) {
    const channel = new Channel(url, pairIn(tlsDir), from.serverName);
    try {
      await channel.call(methods.range, { key: "health", countOnly: true }, CALL_MS);
      const { version: etcdVersion } = await channel.call(methods.status, {}, CALL_MS);
      const checked = await download(settings.scratch, channel);
      (0, import_node_fs3.writeFileSync)(place(settings.scratch, "version"), JSON.stringify({ etcdVersion }), { flush: true });
      return say(settings, `the etcd at ${url}, ${told(checked)}`);
    } catch (error) {
      problems.push(`${url}: ${wordsOf(error)}`);
    } finally {
      channel.close();
    }
  }
  throw new Error(`no endpoint gave a snapshot: ${problems.join("; ")}`);
}
async function fromFile(settings, file) {
  const check = new Check();
  const checked = await toFile(settings.scratch, async (write) => {
    for await (const chunk of (0, import_node_fs3.createReadStream)(file, { highWaterMark: 1 << 20 })) {
      check.push(chunk);
      write(chunk);
    }
    return check.result();
  }).catch((error) => {
    throw new Refusal(`the snapshot file ${file}: ${wordsOf(error)}`);
  });
  say(settings, `the snapshot file ${file}, ${told(checked)}`);
}
var told = ({ revision, keys, bytes: bytes2 }) => `revision ${revision}, ${keys} entries, ${bytes2} bytes`;
function say({ scratch }, source) {
  console.log(source);
  (0, import_node_fs3.writeFileSync)(place(scratch, "source"), source, { flush: true });
}
function download(scratch, channel) {
  return toFile(
    scratch,
    (write) => streamSnapshot(channel, (chunk) => {
      write(chunk);
      return void 0;
    })
  );
}
async function toFile(scratch, fill) {
  const file = place(scratch, "snapshot");
  const draft = `${file}.partial`;
  (0, import_node_fs3.rmSync)(draft, { force: true });
  const fd = (0, import_node_fs3.openSync)(draft, "wx", 384);
  try {
    const checked = await fill((chunk) => {
      for (let at = 0; at < chunk.length; ) at += (0, import_node_fs3.writeSync)(fd, chunk, at);
    });
    (0, import_node_fs3.fsyncSync)(fd);
    writeContents(scratch, checked);
    (0, import_node_fs3.renameSync)(draft, file);
    syncFolder((0, import_node_path4.dirname)(file));
    return checked;
  } finally {
    (0, import_node_fs3.closeSync)(fd);
  }
}
function pairIn(folder) {
  const read3 = (name) => (0, import_node_fs3.readFileSync)((0, import_node_path4.join)(folder, name));
  return { ca: read3("ca.crt"), cert: read3("tls.crt"), key: read3("tls.key") };
}

// programs/restore/steps.ts
var import_node_fs11 = require("node:fs");
var import_node_path13 = require("node:path");
var import_node_stream = require("node:stream");
var import_promises4 = require("node:stream/promises");
var import_promises5 = require("node:timers/promises");

// programs/shared/archive/send.ts
var import_node_crypto2 = require("node:crypto");
var import_promises2 = require("node:fs/promises");
var import_node_path5 = require("node:path");

// programs/shared/archive/format.ts
var LONGEST_LINE = 4096;
var lineOf = (line) => Buffer.from(`${JSON.stringify(line)}
`);
function parseLine(text2) {
  const value = JSON.parse(text2);
  if (value.end === true && typeof value.sha256 === "string") return { end: true, sha256: value.sha256 };
  const { path, size } = value;
  if (typeof path !== "string" || !Number.isSafeInteger(size) || size < 0)
    throw new Error(`not a line of a directory's stream: ${text2.slice(0, 100)}`);
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(path) || path.split("/").some((part) => /^\.+$/.test(part)))
    throw new Error(`a path that leads elsewhere: ${path.slice(0, 100)}`);
  return { path, size };
}

// programs/shared/archive/send.ts
var CHUNK = 1 << 18;
async function* directoryStream(folder) {
  const hash = (0, import_node_crypto2.createHash)("sha256");
  const put = (bytes2) => {
    hash.update(bytes2);
    return bytes2;
  };
  const line = (content) => put(lineOf(content));
  for (const path of await filesIn(folder)) {
    const { size } = await (0, import_promises2.stat)((0, import_node_path5.join)(folder, path));
    yield line({ path, size });
    const file = await (0, import_promises2.open)((0, import_node_path5.join)(folder, path), "r");
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
async function directorySum(folder) {
  let last = Buffer.alloc(0);
  for await (const part of directoryStream(folder)) last = part;
  return JSON.parse(last.toString("utf8")).sha256;
}
async function filesIn(folder) {
  const entries = await (0, import_promises2.readdir)(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile() && !e.name.endsWith(".tmp")).map((e) => (0, import_node_path5.join)(e.parentPath.slice(folder.length).replace(/^\//, ""), e.name)).sort();
}

// components/contract/versions.ts
function parseVersion(text2) {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text2);
  if (!found) return void 0;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3]) };
}

// programs/shared/wal/index.ts
var import_node_fs5 = require("node:fs");
var import_node_path7 = require("node:path");

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
function crc32c(sum, bytes2) {
  const t = tables;
  const end2 = bytes2.length;
  let crc = ~sum;
  let i = 0;
  for (; i + 8 <= end2; i += 8) {
    const low = crc ^ (bytes2[i] | bytes2[i + 1] << 8 | bytes2[i + 2] << 16 | bytes2[i + 3] << 24);
    crc = t[1792 + (low & 255)] ^ t[1536 + (low >>> 8 & 255)] ^ t[1280 + (low >>> 16 & 255)] ^ t[1024 + (low >>> 24)] ^ t[768 + bytes2[i + 4]] ^ t[512 + bytes2[i + 5]] ^ t[256 + bytes2[i + 6]] ^ t[bytes2[i + 7]];
  }
  for (; i < end2; i++) crc = crc >>> 8 ^ t[(crc ^ bytes2[i]) & 255];
  return ~crc >>> 0;
}

// programs/shared/wal/protobuf.ts
var Unreadable = class extends Error {
};
var Fields = class _Fields {
  constructor(bytes2) {
    this.bytes = bytes2;
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
    else throw new Unreadable(`a field is of the unknown kind ${this.wire}`);
    return true;
  }
  /** A counter: raft's terms and indexes count up from 1, so that what exceeds 2^53 never was one. */
  count() {
    this.expect(0);
    const value = this.high * 4294967296 + this.low;
    if (!Number.isSafeInteger(value)) throw new Unreadable("a counter is beyond all measure");
    return value;
  }
  uint32() {
    this.expect(0);
    return this.low;
  }
  /** An ID: 64 bit, never through a number. */
  uint64() {
    this.expect(0);
    return BigInt(this.high) << 32n | BigInt(this.low);
  }
  data() {
    this.expect(2);
    return this.bytes.subarray(this.from, this.position);
  }
  /** IDs of a repeated field, which may be packed. */
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
    if (this.wire !== wire) throw new Unreadable(`field ${this.field} is of another kind than expected`);
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
      if (byte === void 0) throw new Unreadable("it ends within a number");
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
function parseRecord(bytes2) {
  const fields = new Fields(bytes2);
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
function parseMetadata(bytes2) {
  const fields = new Fields(bytes2);
  let memberId = 0n;
  let clusterId = 0n;
  while (fields.next()) {
    if (fields.field === 1) memberId = fields.uint64();
    else if (fields.field === 2) clusterId = fields.uint64();
  }
  return { memberId, clusterId };
}
var entryTypes = { normal: 0, confChange: 1, confChangeV2: 2 };
function parseEntry(bytes2) {
  const fields = new Fields(bytes2);
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
function parseHardState(bytes2) {
  const fields = new Fields(bytes2);
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
function parseSnapshot(bytes2) {
  const fields = new Fields(bytes2);
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
function parseConfState(bytes2) {
  const fields = new Fields(bytes2);
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
function parseChange(fields, numbers2) {
  let type = 0;
  let id2 = 0n;
  while (fields.next()) {
    if (fields.field === numbers2.type) type = fields.count();
    else if (fields.field === numbers2.id) id2 = fields.uint64();
  }
  return { type, id: id2 };
}

// programs/shared/wal/decoder.ts
var BrokenLog = class extends Error {
};
var FRAME = 8;
var SECTOR = 512;
var WINDOW2 = 1 << 20;
var Decoder = class {
  constructor(segments) {
    this.segments = segments;
    this.nextSegment();
  }
  segments;
  /** Whether the last segment ends in a record that was not written to its end. */
  torn = false;
  /** Where the next record would be written, and what its checksum would go on from. */
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
      } else throw new BrokenLog(`${segment.name} ends within a record, at ${this.position}`);
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
      throw new BrokenLog(`${where}: not a record: ${error.message}`);
    }
    if (record.type === recordTypes.crc) {
      if (this.sum !== 0 && record.crc !== this.sum) {
        throw new BrokenLog(`${where}: it doesn't continue the segment before it`);
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
  /** A sector that holds nothing but zeros was never written. */
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
  /** A view of these bytes, shorter where the segment ends; good until the next one is asked for. */
  bytes(segment, at, length) {
    if (at + length > this.windowEnd) {
      const wanted = Math.min(Math.max(length, WINDOW2), segment.size - at);
      if (wanted > this.window.length) this.window = Buffer.allocUnsafe(wanted);
      this.windowAt = at;
      this.windowEnd = at + segment.read(this.window.subarray(0, wanted), at);
    }
    const from = at - this.windowAt;
    return this.window.subarray(from, from + Math.max(0, Math.min(length, this.windowEnd - at)));
  }
};

// programs/shared/wal/membership.ts
var Membership = class {
  members = /* @__PURE__ */ new Map();
  removed = /* @__PURE__ */ new Set();
  constructor(snapshot) {
    for (const id2 of snapshot?.confState?.voters ?? []) this.members.set(id2, { learner: false, urls: [] });
    for (const id2 of snapshot?.confState?.learners ?? []) this.members.set(id2, { learner: true, urls: [] });
  }
  apply(entry) {
    const { changes, context } = parseChanges(entry);
    const said = parseContext(context);
    for (const change of changes) this.change(change, said);
  }
  voters() {
    return [...this.members].filter(([, m]) => !m.learner).map(([id2]) => id2);
  }
  change({ type, id: id2 }, said) {
    if (this.removed.has(id2)) return;
    const known = this.members.get(id2);
    switch (type) {
      case changeTypes.addNode:
      case changeTypes.addLearner:
        if (said.isPromote) {
          if (known) known.learner = false;
        } else if (!known && !this.isTaken(said.urls)) {
          this.members.set(id2, { learner: type === changeTypes.addLearner, urls: said.urls });
        }
        break;
      case changeTypes.removeNode:
        if (this.members.delete(id2)) this.removed.add(id2);
        break;
      case changeTypes.updateNode:
        if (known) known.urls = said.urls;
        break;
    }
  }
  isTaken(urls) {
    return [...this.members.values()].some((m) => m.urls.some((url) => urls.includes(url)));
  }
};
function parseContext(bytes2) {
  try {
    const value = JSON.parse(Buffer.from(bytes2).toString("utf8"));
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
  /** The last entry: each one that is written ends the log, whatever stood behind it. */
  last = { index: 0, term: 0 };
  torn = false;
  tail;
  metadataBytes;
  snapshots = [];
  oldRequests = [];
  changes = [];
  /** Highest index before which entries are missing; a snapshot has to stand for those. */
  gapBefore = 0;
  read(segments) {
    const decoder = new Decoder(segments);
    for (let record = decoder.next(); record; record = decoder.next()) this.take(record);
    this.torn = decoder.torn;
    this.tail = decoder.tail;
  }
  /** Index of the first change of the membership after this one. */
  changeAfter(index) {
    return this.changes.find((c) => c.index > index)?.index;
  }
  /** Snapshot records that etcd believes: one beyond the commit index was written right before a crash. */
  validSnapshots() {
    return this.snapshots.filter((s) => s.index <= this.state.commit);
  }
  /** Why etcd could not start from this snapshot and the entries after it. */
  problemFrom(start) {
    if (this.snapshots.some((s) => s.index === start.index && s.term !== start.term)) {
      return `the snapshot at ${start.index} is in the log twice, with different terms`;
    }
    if (this.gapBefore > start.index + 1) {
      return `entries before ${this.gapBefore} are missing, and the snapshot ends at ${start.index}`;
    }
    const end2 = Math.max(start.index, this.last.index);
    if (this.state.commit > end2) {
      return `the log ends at ${end2}, and ${this.state.commit} had been committed`;
    }
    return void 0;
  }
  /** The last request in the form of 3.5 that a start from this snapshot would apply. */
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
          throw new BrokenLog(`a record of the unknown kind ${record.type}`);
      }
    } catch (error) {
      if (error instanceof Unreadable) throw new BrokenLog(`a record can't be read: ${error.message}`);
      throw error;
    }
  }
  takeMetadata(bytes2) {
    if (this.metadataBytes && !this.metadataBytes.equals(bytes2)) {
      throw new BrokenLog("its segments are of different members");
    }
    this.metadataBytes = Buffer.from(bytes2);
    this.metadata = parseMetadata(bytes2);
  }
  takeEntry(entry) {
    const { type, index, term } = entry;
    if (type > entryTypes.confChangeV2) throw new BrokenLog(`entry ${index} is of the unknown kind ${type}`);
    if (index === 0 || term === 0) throw new BrokenLog("an entry without index or term");
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
  takeState(state) {
    if (state.term < this.state.term || state.commit < this.state.commit || state.commit && !state.term) {
      throw new BrokenLog("its term or commit index goes backwards");
    }
    this.state = state;
  }
};

// programs/shared/wal/segments.ts
var import_node_fs4 = require("node:fs");
var import_node_path6 = require("node:path");
function hasLog(walDir) {
  return isThere(walDir) && (0, import_node_fs4.readdirSync)(walDir).some((name) => name.endsWith(".wal"));
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
      const fd = (0, import_node_fs4.openSync)((0, import_node_path6.join)(walDir, name), "r");
      open2.push(fd);
      return fileSegment(name, fd);
    });
    return use(segments);
  } finally {
    open2.forEach((fd) => (0, import_node_fs4.closeSync)(fd));
  }
}
function fileSegment(name, fd) {
  return {
    name,
    size: (0, import_node_fs4.fstatSync)(fd).size,
    read(into, at) {
      let done = 0;
      while (done < into.length) {
        const count2 = (0, import_node_fs4.readSync)(fd, into, done, into.length - done, at + done);
        if (count2 === 0) break;
        done += count2;
      }
      return done;
    }
  };
}

// programs/shared/wal/index.ts
function readMember(memberDir, etcdVersion) {
  try {
    return read2(memberDir, etcdVersion);
  } catch (error) {
    const { code, message: message2 } = error;
    if (code === "EIO") return { state: "broken", reason: `it can't be read: ${message2}` };
    throw error;
  }
}
function read2(memberDir, etcdVersion) {
  const walDir = (0, import_node_path7.join)(memberDir, "wal");
  const database = (0, import_node_path7.join)(memberDir, "snap", "db");
  if (!hasLog(walDir)) {
    return wasUsed(database) ? { state: "broken", reason: "there is a database and no write-ahead log: etcd would be a new member" } : { state: "empty" };
  }
  const names = segmentNames((0, import_node_fs5.readdirSync)(walDir));
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
    const { code, message: message2 } = error;
    if (code === "EIO") return broken(`the log can't be read: ${message2}`);
    throw error;
  }
  if (missing) return broken(`the segment before ${missing.name} is missing`);
  const { metadata } = log;
  if (!metadata?.memberId || !metadata.clusterId) return broken("the log doesn't say whose it is");
  const snapshot = log.validSnapshots().at(-1) ?? { index: 0, term: 0 };
  const reason = problem(log, names, memberDir, snapshot, etcdVersion);
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
function problem(log, names, memberDir, last, etcdVersion) {
  const start = needsFile(etcdVersion) ? newestWithFile(log, (0, import_node_path7.join)(memberDir, "snap")) : last;
  const first = names[0];
  if (!first || first.index > BigInt(start.index)) {
    return `the log begins at ${first?.index ?? "nothing"}, and there is no snapshot for what was before`;
  }
  const found = log.problemFrom(start);
  if (found) return found;
  if (start.index > 0 && !isThere((0, import_node_path7.join)(memberDir, "snap", "db"))) return "the database is missing";
  return void 0;
}
function needsFile(etcdVersion) {
  const [major = 0, minor = 0] = etcdVersion.split(".").map(Number);
  return major < 3 || major === 3 && minor < 7;
}
function newestWithFile(log, snapDir) {
  const hex = (n) => n.toString(16).padStart(16, "0");
  const files = new Set(isThere(snapDir) ? (0, import_node_fs5.readdirSync)(snapDir) : []);
  const found = log.validSnapshots().filter((s) => files.has(`${hex(s.term)}-${hex(s.index)}.snap`)).sort((a, b) => a.term - b.term || a.index - b.index);
  return found.at(-1) ?? { index: 0, term: 0 };
}
var FRESH_DATABASE = 64 * 1024 * 1024;
function wasUsed(database) {
  if (!isThere(database)) return false;
  if ((0, import_node_fs5.statSync)(database).size > FRESH_DATABASE) return true;
  return (0, import_node_fs5.readFileSync)(database).includes("consistent_index");
}

// programs/restore/intake.ts
var import_node_fs8 = require("node:fs");
var import_node_path10 = require("node:path");
var import_promises3 = require("node:timers/promises");

// programs/shared/archive/receive.ts
var import_node_crypto3 = require("node:crypto");
var import_node_fs6 = require("node:fs");
var import_node_path8 = require("node:path");
var SYNC_BYTES = 1 << 25;
async function receiveDirectory(stream, folder, expected) {
  (0, import_node_fs6.mkdirSync)((0, import_node_path8.dirname)(folder), { recursive: true, mode: 448 });
  (0, import_node_fs6.mkdirSync)(folder, { mode: 448 });
  const writer = new Writer(folder);
  try {
    for await (const part of stream) writer.take(Buffer.from(part));
    return writer.finish(expected);
  } catch (error) {
    writer.close();
    (0, import_node_fs6.rmSync)(folder, { recursive: true, force: true });
    throw error;
  }
}
var Writer = class {
  constructor(folder) {
    this.folder = folder;
    this.folders.add(folder);
  }
  folder;
  hash = (0, import_node_crypto3.createHash)("sha256");
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
    if (!this.end) throw new Error("the stream ended before its end");
    const sum = this.hash.digest("hex");
    if (sum !== this.end.sha256) throw new Error("what came isn't what was sent: wrong SHA-256");
    if (expected !== void 0 && sum !== expected)
      throw new Error("it isn't what was announced: wrong SHA-256");
    for (const folder of this.folders) syncFolder(folder);
    return sum;
  }
  close() {
    if (this.file) (0, import_node_fs6.closeSync)(this.file.fd);
    this.file = void 0;
  }
  content(part) {
    const file = this.file;
    const mine = part.subarray(0, file.left);
    this.hash.update(mine);
    for (let at = 0; at < mine.length; ) at += (0, import_node_fs6.writeSync)(file.fd, mine, at);
    file.left -= mine.length;
    this.unsynced += mine.length;
    if (this.unsynced >= SYNC_BYTES) this.sync(file.fd);
    if (file.left === 0) this.closeFile();
    return part.subarray(mine.length);
  }
  head(part) {
    if (this.end) throw new Error("the stream goes on after its end");
    const at = part.indexOf(10);
    this.line = Buffer.concat([this.line, at < 0 ? part : part.subarray(0, at + 1)]);
    if (this.line.length > LONGEST_LINE) throw new Error("not a directory's stream");
    if (at < 0) return Buffer.alloc(0);
    const bytes2 = this.line;
    this.line = Buffer.alloc(0);
    const line = parseLine(bytes2.toString("utf8"));
    if ("end" in line) this.end = line;
    else {
      this.hash.update(bytes2);
      this.openFile(line.path, line.size);
    }
    return part.subarray(at + 1);
  }
  openFile(path, size) {
    const name = (0, import_node_path8.join)(this.folder, path);
    for (let f = (0, import_node_path8.dirname)(name); f.length >= this.folder.length; f = (0, import_node_path8.dirname)(f)) this.folders.add(f);
    (0, import_node_fs6.mkdirSync)((0, import_node_path8.dirname)(name), { recursive: true, mode: 448 });
    this.file = { fd: (0, import_node_fs6.openSync)(name, "wx", 384), left: size };
    if (size === 0) this.closeFile();
  }
  closeFile() {
    if (!this.file) return;
    this.sync(this.file.fd);
    this.close();
  }
  sync(fd) {
    (0, import_node_fs6.fsyncSync)(fd);
    this.unsynced = 0;
  }
};

// programs/shared/wal/commit.ts
var import_node_fs7 = require("node:fs");
var import_node_path9 = require("node:path");
function commitLog(memberDir, known) {
  const walDir = (0, import_node_path9.join)(memberDir, "wal");
  const names = segmentNames((0, import_node_fs7.readdirSync)(walDir)).map((n) => n.name);
  const log = new Log();
  withFiles(walDir, names, (segments) => log.read(segments));
  const { tail, state, last } = log;
  const lastIndex = Math.max(last.index, ...log.validSnapshots().map((s) => s.index));
  const sure = Math.min(lastIndex, Math.max(known, state.commit));
  const change = log.changeAfter(sure);
  const commit = change === void 0 ? lastIndex : change - 1;
  if (!tail) throw new Error("the log has no end");
  if (commit > state.commit) {
    const term = Math.max(state.term, last.term);
    const vote = term === state.term ? state.vote : 0n;
    const data = Buffer.concat([number2(1, term), number2(2, vote), number2(3, commit)]);
    append((0, import_node_path9.join)(walDir, tail.segment), tail.position, frame2(recordTypes.state, crc32c(tail.sum, data), data));
  }
  return { lastIndex, known: sure, commit };
}
function append(file, position, bytes2) {
  const fd = (0, import_node_fs7.openSync)(file, "r+");
  try {
    (0, import_node_fs7.ftruncateSync)(fd, position);
    (0, import_node_fs7.writeSync)(fd, bytes2, 0, bytes2.length, position);
    (0, import_node_fs7.fsyncSync)(fd);
  } finally {
    (0, import_node_fs7.closeSync)(fd);
  }
}
function frame2(type, crc, data) {
  const record = Buffer.concat([number2(1, type), number2(2, crc), number2(3, data.length, 2), data]);
  const padding = (8 - record.length % 8) % 8;
  const head = Buffer.alloc(8);
  head.writeUInt32LE(record.length, 0);
  if (padding > 0) head[7] = 128 | padding;
  return Buffer.concat([head, record, Buffer.alloc(padding)]);
}
function number2(field2, value, wireType = 0) {
  const bytes2 = [field2 << 3 | wireType];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes2.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes2, Number(rest)]);
}

// programs/restore/intake.ts
var DRAFT = "incoming-";
var AGAIN_MS2 = 100;
var Intake = class {
  constructor(settings, announced) {
    this.settings = settings;
    this.announced = announced;
    for (const name of (0, import_node_fs8.readdirSync)(settings.scratch).filter((n) => n.startsWith(DRAFT)))
      (0, import_node_fs8.rmSync)((0, import_node_path10.join)(settings.scratch, name), { recursive: true, force: true });
  }
  settings;
  announced;
  /** Why the last one wasn't taken. */
  problem;
  last;
  ended = false;
  get here() {
    return (0, import_node_fs8.existsSync)(place(this.settings.scratch, "survivor"));
  }
  async take(request2) {
    const before = this.last;
    before?.request.destroy();
    const through = (async () => {
      await before?.through.catch(() => void 0);
      if (!this.here) await this.receive(request2);
    })();
    this.last = { request: request2, through };
    try {
      await through;
      this.problem = void 0;
    } catch (error) {
      if (this.last.request === request2) this.problem = wordsOf(error);
      throw error;
    }
  }
  end() {
    this.ended = true;
  }
  async receive(request2) {
    const { scratch } = this.settings;
    const draft = (0, import_node_fs8.mkdtempSync)((0, import_node_path10.join)(scratch, DRAFT));
    try {
      const member2 = (0, import_node_path10.join)(draft, inDraft(restoreFiles.survivorData), "member");
      await receiveDirectory(request2, member2);
      const receipt = await this.check(member2);
      writeWhole((0, import_node_path10.join)(draft, inDraft(restoreFiles.survivorReceipt)), JSON.stringify(receipt));
      for (const folder of [(0, import_node_path10.join)(member2, ".."), draft]) syncFolder(folder);
      (0, import_node_fs8.renameSync)(draft, place(scratch, "survivor"));
      syncFolder(scratch);
      console.log(`the survivor's disk is here: ${JSON.stringify(receipt)}`);
    } catch (error) {
      (0, import_node_fs8.rmSync)(draft, { recursive: true, force: true });
      throw error;
    }
  }
  /** Only what is decided on is taken, with all that the other disks know as committed, which is told at once with it. */
  async check(member2) {
    const { version } = this.settings;
    const data = readMember(member2, version);
    if (data.state !== "wal") throw new Error(`etcd ${version} would not start from what was sent`);
    let survivor;
    while (!(survivor = this.announced())) {
      if (this.ended) throw new Error("it isn't waited for any more");
      await (0, import_promises3.setTimeout)(AGAIN_MS2);
    }
    const { memberId, clusterId, lastTerm, lastIndex } = data;
    const is = { memberId, lastTerm, lastIndex };
    for (const key of ["memberId", "lastTerm", "lastIndex"])
      if (is[key] !== survivor[key])
        throw new Error(`${key} ${is[key]} was sent, and the survivor's is ${survivor[key]}`);
    const { commit } = commitLog(member2, survivor.commit);
    if (commit < survivor.commit)
      throw new Error(`its log is committed up to ${commit}, and ${survivor.commit} is known as committed`);
    return { memberId, clusterId, lastTerm, lastIndex, commit };
  }
};
var inDraft = (file) => file.slice(restoreFiles.survivor.length + 1);

// programs/restore/serve.ts
var import_node_fs9 = require("node:fs");
var import_node_https = require("node:https");
var import_node_path11 = require("node:path");
async function serve(settings, method2, handler) {
  const file = (name) => (0, import_node_fs9.readFileSync)((0, import_node_path11.join)(settings.tlsDir, name));
  const server = (0, import_node_https.createServer)(
    {
      cert: file("tls.crt"),
      key: file("tls.key"),
      ca: file("ca.crt"),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.3",
      // A large database takes its time; a sender that says nothing any more is dropped by its socket's.
      requestTimeout: 0
    },
    (request2, response) => void handle(request2, response)
  );
  async function handle(request2, response) {
    if (request2.url !== `/${settings.podUid}` || request2.method !== method2)
      return end(response, 404, "that isn't to be had from this pod");
    try {
      await handler(request2, response);
    } catch (error) {
      const words = wordsOf(error);
      console.error(words);
      if (response.headersSent) response.destroy();
      else end(response, 500, words);
    }
  }
  server.setTimeout(6e4, (socket) => socket.destroy());
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, resolve);
  });
  return server;
}
function end(response, status, text2) {
  response.writeHead(status, { "content-type": "text/plain", connection: "close" });
  response.end(text2);
}

// programs/restore/tell.ts
var import_node_fs10 = require("node:fs");
var import_node_https2 = require("node:https");
var import_node_path12 = require("node:path");

// programs/shared/protocol.ts
var RESTORE_PATH = "/v1/restore";
var isText = (value) => typeof value === "string";
var isCount = (value) => Number.isSafeInteger(value) && value >= 0;
var isId = (value) => isText(value) && /^\d{1,20}$/.test(value);
function parse(text2) {
  try {
    const value = JSON.parse(text2);
    return typeof value === "object" && value !== null ? value : void 0;
  } catch {
    return void 0;
  }
}
function isLogEnd(value) {
  const end2 = value;
  const counts = [end2?.lastTerm, end2?.lastIndex, end2?.commit];
  return typeof end2 === "object" && isId(end2?.memberId) && counts.every(isCount);
}
function parseRestoreAnswer(text2) {
  const a = parse(text2);
  if (a?.kind === "done") return { kind: "done" };
  const decided = a?.survivor === void 0 || isLogEnd(a.survivor);
  const whole = a?.kind === "wait" && isText(a.reason) && isCount(a.commit) && decided;
  return whole ? a : void 0;
}

// programs/restore/tell.ts
var PATIENCE_MS = 5e3;
function tell(settings, message2) {
  const file = (name) => (0, import_node_fs10.readFileSync)((0, import_node_path12.join)(settings.tlsDir, name));
  const body = JSON.stringify(message2);
  return new Promise((resolve, reject) => {
    const asked = (0, import_node_https2.request)(new URL(RESTORE_PATH, settings.controllerUrl), {
      method: "POST",
      agent: false,
      cert: file("tls.crt"),
      key: file("tls.key"),
      ca: file("ca.crt"),
      minVersion: "TLSv1.3",
      timeout: PATIENCE_MS,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    });
    asked.on("timeout", () => asked.destroy(new Error("the controller doesn't answer")));
    asked.on("error", reject);
    asked.on("response", (response) => {
      let text2 = "";
      response.on("data", (part) => text2 += String(part));
      response.on("error", reject);
      response.on("end", () => {
        const answer = response.statusCode === 200 ? parseRestoreAnswer(text2) : void 0;
        if (answer) resolve(answer);
        else reject(new Error(`it was answered ${response.statusCode}: ${text2.slice(0, 200)}`));
      });
    });
    asked.end(body);
  });
}

// programs/restore/steps.ts
var EVERY_MS = 1e3;
async function keepTelling(settings, message2, heard, enough) {
  let last = "";
  while (!enough()) {
    let words;
    try {
      const answer = await tell(settings, message2());
      heard(answer);
      words = answer.kind === "wait" ? answer.reason : "the generation is made";
    } catch (error) {
      words = wordsOf(error);
    }
    if (words !== last) console.log(last = words);
    if (!enough()) await (0, import_promises5.setTimeout)(EVERY_MS);
  }
}
async function receive(settings) {
  const { podUid, generation, scratch } = settings;
  let told2;
  const intake = new Intake(settings, () => told2?.kind === "wait" ? told2.survivor : void 0);
  if (intake.here) return;
  const server = await serve(settings, "POST", async (request2, response) => {
    await intake.take(request2);
    end(response, 200, "it is here");
  });
  await keepTelling(
    settings,
    () => ({ podUid, generation, step: "receive", ...intake.problem ? { problem: intake.problem } : {} }),
    (answer) => told2 = answer,
    () => intake.here || told2?.kind === "done"
  );
  intake.end();
  await new Promise((resolve) => server.close(resolve));
  if (!intake.here) throw new Refusal("this generation is made already");
  (0, import_node_fs11.writeFileSync)(place(scratch, "source"), "a survivor's disk", { flush: true });
}
async function handOver(settings) {
  const { podUid, generation, version, scratch } = settings;
  const member2 = (0, import_node_path13.join)(place(scratch, "restored"), "member");
  const data = readMember(member2, version);
  if (data.state !== "wal") throw new Error("etcdutl has left nothing that etcd would start from");
  refuseNewer(scratch, version);
  const contents = readContents(scratch);
  const difference = await differenceFrom(contents, member2);
  if (difference) throw new Error(difference);
  const sha256 = await directorySum(member2);
  const { memberId, clusterId } = data;
  const source = sourceOf(scratch);
  console.log(`restored from ${source}: member ${memberId} of cluster ${clusterId}`);
  const server = await serve(settings, "GET", async (_request, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    await (0, import_promises4.pipeline)(import_node_stream.Readable.from(directoryStream(member2)), response);
  });
  let done = false;
  await keepTelling(
    settings,
    () => ({
      ...{ podUid, generation, step: "ready", sha256, memberId, clusterId, source },
      ...{ ...contents, from: readReceipt(scratch) }
    }),
    (answer) => done = answer.kind === "done",
    () => done
  );
  server.close();
  server.closeAllConnections();
}
function refuseNewer(scratch, version) {
  const file = [place(scratch, "manifest"), place(scratch, "version")].find((f) => (0, import_node_fs11.existsSync)(f));
  const { etcdVersion = version } = file ? JSON.parse((0, import_node_fs11.readFileSync)(file, "utf8")) : {};
  const [from, to] = [parseVersion(etcdVersion), parseVersion(version)];
  if (from && to && (from.major !== to.major || from.minor > to.minor))
    throw new Refusal(
      `the snapshot is of etcd ${etcdVersion}, and ${version} is declared: declare that one first`
    );
}
function sourceOf(scratch) {
  const manifest = place(scratch, "manifest");
  if ((0, import_node_fs11.existsSync)(manifest)) {
    const { name, revision, time } = JSON.parse((0, import_node_fs11.readFileSync)(manifest, "utf8"));
    return `backup ${String(name)} of ${String(time)}, revision ${String(revision)}`;
  }
  const source = place(scratch, "source");
  return (0, import_node_fs11.existsSync)(source) ? (0, import_node_fs11.readFileSync)(source, "utf8").trim() : "a snapshot";
}

// programs/restore/main.ts
var TERMINATION_LOG = "/dev/termination-log";
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(143));
async function main(step) {
  const { env } = process;
  const settings = readSettings(env);
  switch (step) {
    case "receive":
      return receive(settings);
    case "save":
      return save(settings);
    case "endpoints":
      return fromEndpoints(
        settings,
        JSON.parse(env.RESTORE_ENDPOINTS ?? ""),
        env.RESTORE_SOURCE_TLS_DIR ?? ""
      );
    case "file":
      return fromFile(settings, env.RESTORE_FILE ?? "");
    case "hand-over":
      return handOver(settings);
    default:
      throw new Refusal(`there is no step ${step ?? "without a name"}`);
  }
}
main(process.argv[2]).then(
  () => process.exit(0),
  (error) => {
    const words = wordsOf(error);
    console.error(words);
    if ((0, import_node_fs12.existsSync)(TERMINATION_LOG)) (0, import_node_fs12.writeFileSync)(TERMINATION_LOG, words);
    process.exit(error instanceof Refusal ? 3 : 1);
  }
);
