"use strict";
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __commonJS = (cb, mod) => function __require() {
  try {
    return mod || (0, cb[__getOwnPropNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports;
  } catch (e) {
    throw mod = 0, e;
  }
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));

// node_modules/aws4/lru.js
var require_lru = __commonJS({
  "node_modules/aws4/lru.js"(exports2, module2) {
    module2.exports = function(size) {
      return new LruCache(size);
    };
    function LruCache(size) {
      this.capacity = size | 0;
      this.map = /* @__PURE__ */ Object.create(null);
      this.list = new DoublyLinkedList();
    }
    LruCache.prototype.get = function(key) {
      var node = this.map[key];
      if (node == null) return void 0;
      this.used(node);
      return node.val;
    };
    LruCache.prototype.set = function(key, val) {
      var node = this.map[key];
      if (node != null) {
        node.val = val;
      } else {
        if (!this.capacity) this.prune();
        if (!this.capacity) return false;
        node = new DoublyLinkedNode(key, val);
        this.map[key] = node;
        this.capacity--;
      }
      this.used(node);
      return true;
    };
    LruCache.prototype.used = function(node) {
      this.list.moveToFront(node);
    };
    LruCache.prototype.prune = function() {
      var node = this.list.pop();
      if (node != null) {
        delete this.map[node.key];
        this.capacity++;
      }
    };
    function DoublyLinkedList() {
      this.firstNode = null;
      this.lastNode = null;
    }
    DoublyLinkedList.prototype.moveToFront = function(node) {
      if (this.firstNode == node) return;
      this.remove(node);
      if (this.firstNode == null) {
        this.firstNode = node;
        this.lastNode = node;
        node.prev = null;
        node.next = null;
      } else {
        node.prev = null;
        node.next = this.firstNode;
        node.next.prev = node;
        this.firstNode = node;
      }
    };
    DoublyLinkedList.prototype.pop = function() {
      var lastNode = this.lastNode;
      if (lastNode != null) {
        this.remove(lastNode);
      }
      return lastNode;
    };
    DoublyLinkedList.prototype.remove = function(node) {
      if (this.firstNode == node) {
        this.firstNode = node.next;
      } else if (node.prev != null) {
        node.prev.next = node.next;
      }
      if (this.lastNode == node) {
        this.lastNode = node.prev;
      } else if (node.next != null) {
        node.next.prev = node.prev;
      }
    };
    function DoublyLinkedNode(key, val) {
      this.key = key;
      this.val = val;
      this.prev = null;
      this.next = null;
    }
  }
});

// node_modules/aws4/aws4.js
var require_aws4 = __commonJS({
  "node_modules/aws4/aws4.js"(exports2) {
    var aws4 = exports2;
    var url = require("url");
    var querystring = require("querystring");
    var crypto = require("crypto");
    var lru = require_lru();
    var credentialsCache = lru(1e3);
    function hmac(key, string, encoding) {
      return crypto.createHmac("sha256", key).update(string, "utf8").digest(encoding);
    }
    function hash(string, encoding) {
      return crypto.createHash("sha256").update(string, "utf8").digest(encoding);
    }
    function encodeRfc3986(urlEncodedString) {
      return urlEncodedString.replace(/[!'()*]/g, function(c) {
        return "%" + c.charCodeAt(0).toString(16).toUpperCase();
      });
    }
    function encodeRfc3986Full(str) {
      return encodeRfc3986(encodeURIComponent(str));
    }
    var HEADERS_TO_IGNORE = {
      "authorization": true,
      "connection": true,
      "x-amzn-trace-id": true,
      "user-agent": true,
      "expect": true,
      "presigned-expires": true,
      "range": true
    };
    function RequestSigner(request2, credentials) {
      if (typeof request2 === "string") request2 = url.parse(request2);
      var headers = request2.headers = Object.assign({}, request2.headers || {}), hostParts = (!this.service || !this.region) && this.matchHost(request2.hostname || request2.host || headers.Host || headers.host);
      this.request = request2;
      this.credentials = credentials || this.defaultCredentials();
      this.service = request2.service || hostParts[0] || "";
      this.region = request2.region || hostParts[1] || "us-east-1";
      if (this.service === "email") this.service = "ses";
      if (!request2.method && request2.body)
        request2.method = "POST";
      if (!headers.Host && !headers.host) {
        headers.Host = request2.hostname || request2.host || this.createHost();
        if (request2.port)
          headers.Host += ":" + request2.port;
      }
      if (!request2.hostname && !request2.host)
        request2.hostname = headers.Host || headers.host;
      this.isCodeCommitGit = this.service === "codecommit" && request2.method === "GIT";
      this.extraHeadersToIgnore = request2.extraHeadersToIgnore || /* @__PURE__ */ Object.create(null);
      this.extraHeadersToInclude = request2.extraHeadersToInclude || /* @__PURE__ */ Object.create(null);
    }
    RequestSigner.prototype.matchHost = function(host) {
      var match = (host || "").match(/([^\.]{1,63})\.(?:([^\.]{0,63})\.)?amazonaws\.com(\.cn)?$/);
      var hostParts = (match || []).slice(1, 3);
      if (hostParts[1] === "es" || hostParts[1] === "aoss")
        hostParts = hostParts.reverse();
      if (hostParts[1] == "s3") {
        hostParts[0] = "s3";
        hostParts[1] = "us-east-1";
      } else {
        for (var i = 0; i < 2; i++) {
          if (/^s3-/.test(hostParts[i])) {
            hostParts[1] = hostParts[i].slice(3);
            hostParts[0] = "s3";
            break;
          }
        }
      }
      return hostParts;
    };
    RequestSigner.prototype.isSingleRegion = function() {
      if (["s3", "sdb"].indexOf(this.service) >= 0 && this.region === "us-east-1") return true;
      return ["cloudfront", "ls", "route53", "iam", "importexport", "sts"].indexOf(this.service) >= 0;
    };
    RequestSigner.prototype.createHost = function() {
      var region = this.isSingleRegion() ? "" : "." + this.region, subdomain = this.service === "ses" ? "email" : this.service;
      return subdomain + region + ".amazonaws.com";
    };
    RequestSigner.prototype.prepareRequest = function() {
      this.parsePath();
      var request2 = this.request, headers = request2.headers, query;
      if (request2.signQuery) {
        this.parsedPath.query = query = this.parsedPath.query || {};
        if (this.credentials.sessionToken)
          query["X-Amz-Security-Token"] = this.credentials.sessionToken;
        if (this.service === "s3" && !query["X-Amz-Expires"])
          query["X-Amz-Expires"] = 86400;
        if (query["X-Amz-Date"])
          this.datetime = query["X-Amz-Date"];
        else
          query["X-Amz-Date"] = this.getDateTime();
        query["X-Amz-Algorithm"] = "AWS4-HMAC-SHA256";
        query["X-Amz-Credential"] = this.credentials.accessKeyId + "/" + this.credentialString();
        query["X-Amz-SignedHeaders"] = this.signedHeaders();
      } else {
        if (!request2.doNotModifyHeaders && !this.isCodeCommitGit) {
          if (request2.body && !headers["Content-Type"] && !headers["content-type"])
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8";
          if (request2.body && !headers["Content-Length"] && !headers["content-length"])
            headers["Content-Length"] = Buffer.byteLength(request2.body);
          if (this.credentials.sessionToken && !headers["X-Amz-Security-Token"] && !headers["x-amz-security-token"])
            headers["X-Amz-Security-Token"] = this.credentials.sessionToken;
          if (this.service === "s3" && !headers["X-Amz-Content-Sha256"] && !headers["x-amz-content-sha256"])
            headers["X-Amz-Content-Sha256"] = hash(this.request.body || "", "hex");
          if (headers["X-Amz-Date"] || headers["x-amz-date"])
            this.datetime = headers["X-Amz-Date"] || headers["x-amz-date"];
          else
            headers["X-Amz-Date"] = this.getDateTime();
        }
        delete headers.Authorization;
        delete headers.authorization;
      }
    };
    RequestSigner.prototype.sign = function() {
      if (!this.parsedPath) this.prepareRequest();
      if (this.request.signQuery) {
        this.parsedPath.query["X-Amz-Signature"] = this.signature();
      } else {
        this.request.headers.Authorization = this.authHeader();
      }
      this.request.path = this.formatPath();
      return this.request;
    };
    RequestSigner.prototype.getDateTime = function() {
      if (!this.datetime) {
        var headers = this.request.headers, date = new Date(headers.Date || headers.date || /* @__PURE__ */ new Date());
        this.datetime = date.toISOString().replace(/[:\-]|\.\d{3}/g, "");
        if (this.isCodeCommitGit) this.datetime = this.datetime.slice(0, -1);
      }
      return this.datetime;
    };
    RequestSigner.prototype.getDate = function() {
      return this.getDateTime().substr(0, 8);
    };
    RequestSigner.prototype.authHeader = function() {
      return [
        "AWS4-HMAC-SHA256 Credential=" + this.credentials.accessKeyId + "/" + this.credentialString(),
        "SignedHeaders=" + this.signedHeaders(),
        "Signature=" + this.signature()
      ].join(", ");
    };
    RequestSigner.prototype.signature = function() {
      var date = this.getDate(), cacheKey = [this.credentials.secretAccessKey, date, this.region, this.service].join(), kDate, kRegion, kService, kCredentials = credentialsCache.get(cacheKey);
      if (!kCredentials) {
        kDate = hmac("AWS4" + this.credentials.secretAccessKey, date);
        kRegion = hmac(kDate, this.region);
        kService = hmac(kRegion, this.service);
        kCredentials = hmac(kService, "aws4_request");
        credentialsCache.set(cacheKey, kCredentials);
      }
      return hmac(kCredentials, this.stringToSign(), "hex");
    };
    RequestSigner.prototype.stringToSign = function() {
      return [
        "AWS4-HMAC-SHA256",
        this.getDateTime(),
        this.credentialString(),
        hash(this.canonicalString(), "hex")
      ].join("\n");
    };
    RequestSigner.prototype.canonicalString = function() {
      if (!this.parsedPath) this.prepareRequest();
      var pathStr = this.parsedPath.path, query = this.parsedPath.query, headers = this.request.headers, queryStr = "", normalizePath = this.service !== "s3", decodePath = this.service === "s3" || this.request.doNotEncodePath, decodeSlashesInPath = this.service === "s3", firstValOnly = this.service === "s3", bodyHash;
      if (this.service === "s3" && this.request.signQuery) {
        bodyHash = "UNSIGNED-PAYLOAD";
      } else if (this.isCodeCommitGit) {
        bodyHash = "";
      } else {
        bodyHash = headers["X-Amz-Content-Sha256"] || headers["x-amz-content-sha256"] || hash(this.request.body || "", "hex");
      }
      if (query) {
        var reducedQuery = Object.keys(query).reduce(function(obj, key) {
          if (!key) return obj;
          obj[encodeRfc3986Full(key)] = !Array.isArray(query[key]) ? query[key] : firstValOnly ? query[key][0] : query[key];
          return obj;
        }, {});
        var encodedQueryPieces = [];
        Object.keys(reducedQuery).sort().forEach(function(key) {
          if (!Array.isArray(reducedQuery[key])) {
            encodedQueryPieces.push(key + "=" + encodeRfc3986Full(reducedQuery[key]));
          } else {
            reducedQuery[key].map(encodeRfc3986Full).sort().forEach(function(val) {
              encodedQueryPieces.push(key + "=" + val);
            });
          }
        });
        queryStr = encodedQueryPieces.join("&");
      }
      if (pathStr !== "/") {
        if (normalizePath) pathStr = pathStr.replace(/\/{2,}/g, "/");
        pathStr = pathStr.split("/").reduce(function(path, piece) {
          if (normalizePath && piece === "..") {
            path.pop();
          } else if (!normalizePath || piece !== ".") {
            if (decodePath) piece = decodeURIComponent(piece.replace(/\+/g, " "));
            path.push(encodeRfc3986Full(piece));
          }
          return path;
        }, []).join("/");
        if (pathStr[0] !== "/") pathStr = "/" + pathStr;
        if (decodeSlashesInPath) pathStr = pathStr.replace(/%2F/g, "/");
      }
      return [
        this.request.method || "GET",
        pathStr,
        queryStr,
        this.canonicalHeaders() + "\n",
        this.signedHeaders(),
        bodyHash
      ].join("\n");
    };
    RequestSigner.prototype.filterHeaders = function() {
      var headers = this.request.headers, extraHeadersToInclude = this.extraHeadersToInclude, extraHeadersToIgnore = this.extraHeadersToIgnore;
      this.filteredHeaders = Object.keys(headers).map(function(key) {
        return [key.toLowerCase(), headers[key]];
      }).filter(function(entry) {
        return extraHeadersToInclude[entry[0]] || HEADERS_TO_IGNORE[entry[0]] == null && !extraHeadersToIgnore[entry[0]];
      }).sort(function(a, b) {
        return a[0] < b[0] ? -1 : 1;
      });
    };
    RequestSigner.prototype.canonicalHeaders = function() {
      if (!this.filteredHeaders) this.filterHeaders();
      return this.filteredHeaders.map(function(entry) {
        return entry[0] + ":" + entry[1].toString().trim().replace(/\s+/g, " ");
      }).join("\n");
    };
    RequestSigner.prototype.signedHeaders = function() {
      if (!this.filteredHeaders) this.filterHeaders();
      return this.filteredHeaders.map(function(entry) {
        return entry[0];
      }).join(";");
    };
    RequestSigner.prototype.credentialString = function() {
      return [
        this.getDate(),
        this.region,
        this.service,
        "aws4_request"
      ].join("/");
    };
    RequestSigner.prototype.defaultCredentials = function() {
      var env2 = process.env;
      return {
        accessKeyId: env2.AWS_ACCESS_KEY_ID || env2.AWS_ACCESS_KEY,
        secretAccessKey: env2.AWS_SECRET_ACCESS_KEY || env2.AWS_SECRET_KEY,
        sessionToken: env2.AWS_SESSION_TOKEN
      };
    };
    RequestSigner.prototype.parsePath = function() {
      var path = this.request.path || "/";
      if (/[^0-9A-Za-z;,/?:@&=+$\-_.!~*'()#%]/.test(path)) {
        path = encodeURI(decodeURI(path));
      }
      var queryIx = path.indexOf("?"), query = null;
      if (queryIx >= 0) {
        query = querystring.parse(path.slice(queryIx + 1));
        path = path.slice(0, queryIx);
      }
      this.parsedPath = {
        path,
        query
      };
    };
    RequestSigner.prototype.formatPath = function() {
      var path = this.parsedPath.path, query = this.parsedPath.query;
      if (!query) return path;
      if (query[""] != null) delete query[""];
      return path + "?" + encodeRfc3986(querystring.stringify(query));
    };
    aws4.RequestSigner = RequestSigner;
    aws4.sign = function(request2, credentials) {
      return new RequestSigner(request2, credentials).sign();
    };
  }
});

// programs/backup/main.ts
var import_node_fs5 = require("node:fs");
var import_node_path5 = require("node:path");
var import_node_process2 = __toESM(require("node:process"));

// programs/shared/etcd/pair.ts
var import_node_crypto = require("node:crypto");
var import_node_fs = require("node:fs");
var import_node_path = require("node:path");
function readPair(directory) {
  const read2 = (name) => (0, import_node_fs.readFileSync)((0, import_node_path.join)(directory, name));
  const [ca, cert, key] = [read2("ca.crt"), read2("tls.crt"), read2("tls.key")];
  const version = (0, import_node_crypto.createHash)("sha256").update(ca).update("\0").update(cert).update("\0").update(key).digest("hex");
  return { ca, cert, key, version };
}

// programs/shared/kubernetes/access.ts
var import_node_fs2 = require("node:fs");
var ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
var READ_EVERY_MS = 6e4;
function accessInCluster(env2, now) {
  const host = env2.KUBERNETES_SERVICE_HOST ?? "kubernetes.default.svc";
  const port = env2.KUBERNETES_SERVICE_PORT ?? "443";
  let last;
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    credentials: () => {
      if (!last || now() - last.atMs >= READ_EVERY_MS) {
        const ca = (0, import_node_fs2.readFileSync)(`${ACCOUNT}/ca.crt`);
        const token = (0, import_node_fs2.readFileSync)(`${ACCOUNT}/token`, "utf8").trim();
        last = { atMs: now(), read: { ca, token, version: ca.toString("latin1") } };
      }
      return last.read;
    }
  };
}

// programs/shared/kubernetes/api.ts
var import_node_https = require("node:https");

// programs/shared/errors.ts
function wordsOf(error) {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map(wordsOf).join("; ") || "unknown";
  return error instanceof Error ? error.message || error.name : String(error);
}

// programs/shared/kubernetes/api.ts
var ApiError = class extends Error {
  constructor(status, reason, message2) {
    super(message2);
    this.status = status;
    this.reason = reason;
  }
  status;
  reason;
};
var MAX_ANSWER_BYTES = 32 * 1024 * 1024;
var Api = class {
  constructor(access) {
    this.access = access;
  }
  access;
  agent;
  caVersion = "";
  /** Requests sent so far. */
  sent = 0;
  async call(what, timeoutMs) {
    const name = `${what.verb} ${what.path}`;
    const response = await this.send(what, timeoutMs, name);
    const deadline = setTimeout(() => response.destroy(new Error(`${name}: no answer in time`)), timeoutMs);
    try {
      const text2 = await textOf(response);
      const code = response.statusCode ?? 0;
      if (code >= 200 && code < 300) return JSON.parse(text2);
      throw refusal(code, text2, name);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError(0, "Unreadable", wordsOf(error));
    } finally {
      clearTimeout(deadline);
    }
  }
  /**
   * Calls `heard` for each event, without reading what it says: the first ones tell what there is already. Ends, without
   * an error, when the server ends it or after `forMs`, and when `signal` says so.
   */
  async watch(what, forMs, signal, heard) {
    const query = { ...what.query, watch: "1", timeoutSeconds: String(Math.ceil(forMs / 1e3)) };
    const name = `watch ${what.path}`;
    const response = await this.send({ ...what, query }, 1e4, name);
    if (response.statusCode !== 200) throw refusal(response.statusCode ?? 0, await textOf(response), name);
    const end = () => response.destroy();
    const limit = setTimeout(end, forMs + 5e3);
    signal.addEventListener("abort", end, { once: true });
    try {
      await new Promise((resolve) => {
        response.on("data", heard);
        response.on("close", resolve);
        response.on("error", () => void 0);
        if (signal.aborted) end();
      });
    } finally {
      clearTimeout(limit);
      signal.removeEventListener("abort", end);
    }
  }
  close() {
    this.agent?.destroy();
    this.agent = void 0;
  }
  send(what, timeoutMs, name) {
    const { url, credentials } = this.access;
    const using = credentials();
    if (!this.agent || using.version !== this.caVersion) {
      this.agent?.destroy();
      const { ca, cert, key } = using;
      this.agent = new import_node_https.Agent({ keepAlive: true, maxSockets: 12, ca, cert, key, timeout: 6e4 });
      this.caVersion = using.version;
    }
    const body = what.body === void 0 ? void 0 : JSON.stringify(what.body);
    const search = what.query ? `?${new URLSearchParams(what.query).toString()}` : "";
    this.sent += 1;
    return new Promise((resolve, reject) => {
      const sending = (0, import_node_https.request)(new URL(what.path + search, url), {
        method: what.verb,
        agent: this.agent,
        headers: {
          accept: "application/json",
          "user-agent": "etcd-cluster-controller",
          ...using.token ? { authorization: `Bearer ${using.token}` } : {},
          ...body === void 0 ? {} : {
            "content-type": what.patch ?? "application/json",
            "content-length": Buffer.byteLength(body)
          }
        }
      });
      const limit = setTimeout(() => sending.destroy(new Error("no answer in time")), timeoutMs);
      sending.on("response", (response) => {
        clearTimeout(limit);
        response.socket.setKeepAlive(true, 1e4);
        resolve(response);
      });
      sending.on("error", (error) => {
        clearTimeout(limit);
        reject(new ApiError(0, "Unreachable", `${name}: ${error.message}`));
      });
      sending.end(body);
    });
  }
};
async function textOf(response) {
  const chunks = [];
  let bytes2 = 0;
  for await (const chunk of response) {
    bytes2 += chunk.length;
    if (bytes2 > MAX_ANSWER_BYTES) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
function refusal(code, text2, name) {
  try {
    const answer = JSON.parse(text2);
    return new ApiError(code, answer.reason ?? "", answer.message ?? `${name}: HTTP ${code}`);
  } catch {
    return new ApiError(code, "", `${name}: HTTP ${code}: ${text2.slice(0, 200)}`);
  }
}

// programs/shared/clock.ts
var ownClock = () => performance.now();
var JUMP_MS = 50;
function steadyClock(own = ownClock, wall = Date.now) {
  let offset = wall() - own();
  let added = 0;
  return () => {
    const now = own();
    const ahead = wall() - now - offset;
    if (ahead >= JUMP_MS) added += ahead;
    if (ahead >= JUMP_MS || ahead < 0) offset += ahead;
    return now + added;
  };
}

// programs/shared/etcd/wire.ts
var field = (number2, encoding) => ({
  number: number2,
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
var id = (number2) => field(
  number2,
  varint("0", (value) => BigInt.asUintN(64, BigInt(value)), String)
);
var count = (number2) => field(
  number2,
  varint(
    0,
    (value) => BigInt.asUintN(64, BigInt(value)),
    (bits) => Number(BigInt.asIntN(64, bits))
  )
);
var bool = (number2) => field(
  number2,
  varint(
    false,
    (value) => value ? 1n : 0n,
    (bits) => bits !== 0n
  )
);
var choice = (number2, names) => field(
  number2,
  varint(
    names[0],
    (value) => BigInt(names.indexOf(value)),
    (bits) => names[Number(bits)] ?? names[0]
  )
);
var text = (number2) => field(number2, {
  type: 2,
  absent: "",
  toWire: (value) => Buffer.from(value, "utf8"),
  fromWire: (bytes2) => Buffer.from(bytes2).toString("utf8")
});
var bytes = (number2) => field(number2, {
  type: 2,
  absent: new Uint8Array(),
  toWire: (value) => value,
  fromWire: (value) => value
});
var nested = (number2, inner) => field(number2, {
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
      for (const { name, number: number2, repeated, absent, encoding } of byNumber.values()) {
        const own = value[name];
        if (own === void 0 || own === absent) continue;
        for (const element2 of repeated ? own : [own]) {
          parts.push(writeVarint(BigInt(number2 * 8 + encoding.type)));
          if (encoding.type === 0) parts.push(writeVarint(encoding.toWire(element2)));
          else {
            const bytes2 = encoding.toWire(element2);
            parts.push(writeVarint(BigInt(bytes2.length)), bytes2);
          }
        }
      }
      return Buffer.concat(parts);
    },
    decode: (bytes2) => {
      const result = {};
      for (const { name, absent, repeated } of byNumber.values()) result[name] = repeated ? [] : absent;
      for (const { number: number2, type, value } of read(bytes2)) {
        const known = byNumber.get(number2);
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
    const [number2, type] = [key >> 3, key & 7];
    if (type === 0) yield { number: number2, type, value: varint2() };
    else if (type === 2) yield { number: number2, type, value: take(Number(varint2())) };
    else if (type === 1) take(8);
    else if (type === 5) take(4);
    else throw new Error(`wire type ${type} is not known`);
  }
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

// programs/backup/count.ts
var ASK_MS = 3e4;
var EVERY_KEY = Buffer.of(0);
var range = {
  path: "/etcdserverpb.KV/Range",
  request: message({
    key: bytes(1),
    rangeEnd: bytes(2),
    revision: count(4),
    serializable: bool(7),
    countOnly: bool(9)
  }),
  answer: message({ count: count(4) })
};
async function countKeys(channel, revision) {
  const all = { key: EVERY_KEY, rangeEnd: EVERY_KEY, revision, serializable: true, countOnly: true };
  try {
    return (await channel.call(range, all, ASK_MS)).count;
  } catch {
    return void 0;
  }
}

// programs/backup/fetch.ts
var import_promises = require("node:fs/promises");
var import_node_path2 = require("node:path");
var import_promises2 = require("node:stream/promises");
var import_node_zlib = require("node:zlib");

// programs/shared/backups/manifest.ts
var import_node_crypto2 = require("node:crypto");

// programs/shared/refusal.ts
var Refusal = class extends Error {
};
var NotThere = class extends Refusal {
};
var Unreadable = class extends Refusal {
};
var Later = class extends Unreadable {
};

// programs/shared/backups/manifest.ts
var NAME = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/;
var CLUSTER_ID = /^[1-9a-f][0-9a-f]{0,15}$/;
function newName(time) {
  const stamp = time.toISOString().replace(/[-:]|\.\d+/g, "");
  return `${stamp}-${(0, import_node_crypto2.randomBytes)(3).toString("hex")}`;
}
var keys = {
  folder: (clusterId) => `${clusterId}/`,
  manifest: (clusterId, name) => `${clusterId}/${name}.json`,
  data: (clusterId, name, compression) => `${clusterId}/${name}.db${compression === "gzip" ? ".gz" : ""}`
};
var isClusterId = (text2) => CLUSTER_ID.test(text2);
var kinds = { json: "manifest", db: "data", "db.gz": "data" };
function parseKey(key) {
  const [clusterId = "", file = "", more] = key.split("/");
  const [, name = "", ending = ""] = /^(.*?)\.(.*)$/.exec(file) ?? [];
  if (more !== void 0 || !isClusterId(clusterId) || !NAME.test(name)) return void 0;
  return { clusterId, name, kind: Object.hasOwn(kinds, ending) ? kinds[ending] ?? "other" : "other" };
}
var hexId = (decimal) => BigInt.asUintN(64, BigInt(decimal)).toString(16);
function parseManifest(text2) {
  const problem = (what) => new Unreadable(`its manifest can't be used: ${what}`);
  let value;
  try {
    value = JSON.parse(text2);
  } catch {
    throw problem("it is no JSON");
  }
  if (value === null || typeof value !== "object") throw problem("it is no object");
  if (Number.isSafeInteger(value.format) && value.format > 1)
    throw new Later(`its manifest has the format ${value.format}, which a later release has written`);
  if (value.format !== 1) throw problem(`its format is ${JSON.stringify(value.format)}, and 1 is known`);
  const need = (right, field2) => {
    if (!right) throw problem(`${field2} is missing or wrong`);
  };
  const whole = (n, least) => Number.isSafeInteger(n) && Number(n) >= least;
  need(typeof value.name === "string" && NAME.test(value.name), "name");
  need(typeof value.clusterId === "string" && CLUSTER_ID.test(value.clusterId), "clusterId");
  need(typeof value.cluster === "string", "cluster");
  const isUid = (uid) => typeof uid === "string" && uid !== "";
  const { volumes } = value;
  need(
    volumes === void 0 || Array.isArray(volumes) && volumes.length > 0 && volumes.every(isUid),
    "volumes"
  );
  need(typeof value.time === "string" && !Number.isNaN(Date.parse(value.time)), "time");
  need(whole(value.revision, 0), "revision");
  need(whole(value.keys, 0), "keys");
  need(value.liveKeys === void 0 || whole(value.liveKeys, 0), "liveKeys");
  need(typeof value.etcdVersion === "string", "etcdVersion");
  need(typeof value.member?.name === "string" && typeof value.member.id === "string", "member");
  need(whole(value.generation, 1), "generation");
  need(whole(value.snapshot?.bytes, 33) && /^[0-9a-f]{64}$/.test(value.snapshot.sha256), "snapshot");
  const { object } = value;
  need(
    (object?.compression === "none" || object?.compression === "gzip") && whole(object.bytes, 1),
    "object"
  );
  need(object.key === keys.data(value.clusterId, value.name, object.compression), "object.key");
  return value;
}

// programs/backup/store/store.ts
var SMALL_BYTES = 64 * 1024;
var ABANDONED_MS = 48 * 36e5;

// programs/backup/catalog.ts
async function readCatalog(store2, clusterId) {
  const good = [];
  const writtenMs = /* @__PURE__ */ new Map();
  const doubtful = [];
  const loose = [];
  let foreign = 0;
  for (const group of await groups(store2, clusterId)) {
    const { name, manifest, data, others } = group;
    const verdict = manifest ? await judge(store2, group, manifest) : "none";
    if (verdict === "gone") continue;
    if (verdict === "none") {
      if (others.length === 0) loose.push(...data);
      else if (data.length > 0)
        doubtful.push({ clusterId: group.clusterId, name, why: `only ${others[0]?.key} tells of it` });
    } else if ("good" in verdict) {
      good.push(verdict.good);
      writtenMs.set(name, manifest?.modifiedMs ?? NaN);
    } else if (verdict.ours || data.length + others.length > 0) {
      doubtful.push({ clusterId: group.clusterId, name, why: verdict.why });
    } else foreign += 1;
  }
  return { good: good.sort(byAge), writtenMs, doubtful: doubtful.sort(byName), loose, foreign };
}
function byAge(a, b) {
  return a.revision - b.revision || Date.parse(a.time) - Date.parse(b.time) || byName(a, b);
}
var byName = (a, b) => a.name < b.name ? -1 : 1;
async function namesIn(store2) {
  const stored = await store2.list("", (key) => parseKey(key)?.kind === "manifest");
  return new Set(stored.map(({ key }) => parseKey(key)?.name ?? ""));
}
async function groups(store2, clusterId) {
  const wanted = (key) => {
    const parsed = parseKey(key);
    return parsed !== void 0 && (clusterId === void 0 || parsed.clusterId === clusterId);
  };
  const found = /* @__PURE__ */ new Map();
  for (const stored of await store2.list(clusterId === void 0 ? "" : keys.folder(clusterId), wanted)) {
    const parsed = parseKey(stored.key);
    if (!parsed) continue;
    const at = keys.manifest(parsed.clusterId, parsed.name);
    const group = found.get(at) ?? { clusterId: parsed.clusterId, name: parsed.name, data: [], others: [] };
    found.set(at, group);
    if (parsed.kind === "manifest") group.manifest = stored;
    else (parsed.kind === "data" ? group.data : group.others).push(stored);
  }
  return found.values();
}
async function judge(store2, group, { key, bytes: bytes2 }) {
  if (bytes2 > SMALL_BYTES)
    return { why: `its manifest has ${bytes2} bytes, more than any that is known`, ours: false };
  let manifest;
  try {
    manifest = parseManifest((await store2.readSmall(key)).toString("utf8"));
  } catch (error) {
    if (error instanceof NotThere) return goneOrHeld(store2, group, key);
    if (error instanceof Unreadable) return { why: error.message, ours: error instanceof Later };
    throw error;
  }
  if (manifest.name !== group.name || manifest.clusterId !== group.clusterId)
    return { why: `its manifest is that of ${manifest.clusterId}/${manifest.name}`, ours: false };
  const { object } = manifest;
  const there = group.data.find((s) => s.key === object.key)?.bytes ?? await store2.size(object.key);
  if (there === object.bytes) return { good: manifest };
  const what = there === void 0 ? "is missing" : `has ${there} bytes of ${object.bytes}`;
  return { why: `it is not whole: its data ${what}`, ours: true };
}
async function goneOrHeld(store2, { data }, key) {
  for (const { key: of } of data)
    if (await store2.size(of) !== void 0)
      return { why: `the store lists its manifest ${key} and doesn't find it`, ours: true };
  return "gone";
}

// programs/shared/etcd/snapshot.ts
var import_node_crypto3 = require("node:crypto");

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
      const taken2 = chunk.copy(this.partial, this.filled, at, at + size - this.filled);
      this.filled += taken2;
      at += taken2;
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
    this.walk(found.root, 0, seen, (page, entries2) => {
      total.keys += entries2;
      if (entries2 > 0) total.revision = this.more.get(page);
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
  const element2 = (i) => {
    const head = from + PAGE_HEAD + i * ELEMENT;
    if (head + ELEMENT > bytes2.length) return void 0;
    const isBucket = (bytes2.readUInt32LE(head) & BUCKET) !== 0;
    return { isBucket, at: head + bytes2.readUInt32LE(head + 4), length: bytes2.readUInt32LE(head + 8) };
  };
  for (let i = 0; i < count2; i++) {
    const e = element2(i);
    const value = e ? e.at + e.length : 0;
    if (!e?.isBucket || value + 16 > bytes2.length) break;
    const name = bytes2.toString("latin1", e.at, value);
    const root = number(bytes2, value);
    if (root !== 0) buckets.set(name, { root });
    else if (value + 16 + PAGE_HEAD <= bytes2.length) {
      const entries2 = bytes2.readUInt16LE(value + 16 + 10);
      const { last } = leaf(bytes2, value + 16, entries2);
      const whole = last !== void 0 && isKey(last.length) && last.at + KEY_LENGTH <= bytes2.length;
      buckets.set(name, { root, inline: { entries: entries2, revision: whole ? revisionOf(bytes2, last.at) : 0 } });
    }
  }
  return { last: count2 > 0 ? element2(count2 - 1) : void 0, buckets };
}

// programs/shared/etcd/snapshot.ts
var TRAILER_BYTES = 32;
var IDLE_MS = 6e4;
var snapshotAnswer = message({ remainingBytes: count(2), blob: bytes(3), version: text(4) });
var Check = class {
  hash = (0, import_node_crypto3.createHash)("sha256");
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

// programs/backup/lineage.ts
function lineagesOf(backups) {
  const found = /* @__PURE__ */ new Map();
  const unknown = /* @__PURE__ */ new Map();
  const names = /* @__PURE__ */ new Set();
  for (const backup of backups) {
    if (!backup.volumes) {
      const line2 = unknown.get(backup.cluster) ?? [];
      line2.push(backup);
      unknown.set(backup.cluster, line2);
      continue;
    }
    names.add(backup.cluster);
    const of = backup.volumes;
    const [first, ...more] = [...found].filter(([, volumes2]) => of.some((volume) => volumes2.has(volume)));
    const [line, volumes] = first ?? [[], /* @__PURE__ */ new Set()];
    for (const [other, theirs] of more) {
      line.push(...other);
      for (const volume of theirs) volumes.add(volume);
      found.delete(other);
    }
    line.push(backup);
    for (const volume of of) volumes.add(volume);
    found.set(line, volumes);
  }
  const strange = [...unknown].filter(([cluster]) => !names.has(cluster)).map(([, line]) => line);
  return [...found.keys(), ...strange];
}

// programs/backup/fetch.ts
var files = { snapshot: "snapshot.db", manifest: "manifest.json" };
var ATTEMPTS = 4;
var FIRST_PAUSE_MS = 1e3;
async function findBackup(store2, { name, clusterId }) {
  const catalog = await readCatalog(store2, clusterId);
  if (name !== void 0) return namedBackup(store2, catalog, name);
  const { good, doubtful } = catalog;
  const ids = [...new Set(good.map((m) => m.clusterId))];
  if (ids.length > 1)
    throw new Refusal(
      `there are backups of ${ids.length} clusters in ${store2.where} (${ids.join(", ")}): say which one, by its ID or by a backup's name`
    );
  const lineages = lineagesOf(good);
  if (lineages.length > 1)
    throw new Refusal(
      `the backups in ${store2.where} are of ${lineages.length} clusters that have the ID ${ids[0] ?? ""}, as copies of volumes make them: say a backup's name. The newest of each: ${newestOfEach(lineages)}`
    );
  const newest = good.at(-1);
  const last = doubtful.at(-1);
  if (!newest)
    throw new Refusal(
      `there is no whole backup in ${store2.where}${last ? `; ${last.name} can't be used: ${last.why}` : ""}`
    );
  if (last && last.name > newest.name)
    throw new Refusal(
      `the newest backup in ${store2.where}, ${last.name}, can't be used: ${last.why}. The newest good one is ${newest.name}: say its name if that is to be taken`
    );
  return newest;
}
var newestOfEach = (lineages) => lineages.map((line) => [...line].sort(byAge).at(-1)).map((m) => m ? `${m.name} (of ${m.cluster}, revision ${m.revision})` : "").join(", ");
function namedBackup(store2, { good, doubtful, loose }, name) {
  const named = good.filter((m) => m.name === name);
  if (named[0] && named.length === 1) return named[0];
  const torn = loose.some(({ key }) => parseKey(key)?.name === name);
  const why = torn ? "it is not whole: it has no manifest" : doubtful.find((d) => d.name === name)?.why;
  throw new Refusal(
    why === void 0 ? `there is no backup ${name} in ${store2.where}; there are: ${lastNames(good)}` : `the backup ${name} in ${store2.where} can't be used: ${why}`
  );
}
async function fetchBackup(store2, which, folder) {
  const manifest = await findBackup(store2, which);
  const path = (0, import_node_path2.join)(folder, files.snapshot);
  const partial = `${path}.partial`;
  await (0, import_promises.mkdir)(folder, { recursive: true });
  await (0, import_promises.rm)(path, { force: true });
  await (0, import_promises.rm)((0, import_node_path2.join)(folder, files.manifest), { force: true });
  try {
    await again(() => copy(store2, manifest, partial));
    await (0, import_promises.rename)(partial, path);
    await (0, import_promises.writeFile)((0, import_node_path2.join)(folder, files.manifest), JSON.stringify(manifest), { flush: true });
  } finally {
    await (0, import_promises.rm)(partial, { force: true });
  }
  return manifest;
}
async function copy(store2, manifest, path) {
  const { object, snapshot, name } = manifest;
  const check = new Check();
  const file = await (0, import_promises.open)(path, "w", 416);
  const stored = atMost(object.bytes, "is");
  const unpacked = atMost(snapshot.bytes, "unpacks to");
  try {
    const source = await store2.read(object.key);
    const write = async (chunks) => {
      for await (const chunk of unpacked(chunks)) {
        check.push(chunk);
        await writeAll(file, chunk);
      }
    };
    if (object.compression === "gzip") await (0, import_promises2.pipeline)(source, stored, (0, import_node_zlib.createGunzip)(), write);
    else await (0, import_promises2.pipeline)(source, stored, write);
    await file.sync();
  } catch (error) {
    throw damaged(error, name);
  } finally {
    await file.close();
  }
  const is = resultOf(check, name);
  const differs = (what, recorded, found) => {
    if (recorded !== found)
      throw new Refusal(
        `the backup ${name} is damaged: recorded ${what} ${String(recorded)}, found ${String(found)}`
      );
  };
  differs("bytes", snapshot.bytes, is.bytes);
  differs("hash", snapshot.sha256, is.sha256);
  differs("revision", manifest.revision, is.revision);
  differs("entries", manifest.keys, is.keys);
}
var atMost = (bytes2, verb) => async function* (chunks) {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > bytes2) throw new Refusal(`it ${verb} more than the ${bytes2} bytes that were recorded`);
    yield chunk;
  }
};
async function writeAll(file, chunk) {
  for (let done = 0; done < chunk.length; )
    done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
}
function resultOf(check, name) {
  try {
    return check.result();
  } catch (error) {
    throw damaged(error, name);
  }
}
function damaged(error, name) {
  const { code } = error;
  if (error instanceof NotThere) return error;
  if (code === "ENOSPC") return new Refusal(`there is no room for the backup ${name}`);
  return code?.startsWith("Z_") || error instanceof Refusal ? new Refusal(`the backup ${name} is damaged: ${wordsOf(error)}`) : error;
}
async function again(work) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refusal || attempt === ATTEMPTS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
  }
}
var lastNames = (good) => good.slice(-5).map((m) => m.name).join(", ") || "none";

// programs/shared/backups/status.ts
var toldKeys = {
  /** One sentence on how things stand. */
  reason: "reason",
  /** The newest good backup: its manifest. */
  newest: "newest",
  /** What became of the last run. */
  lastRun: "lastRun",
  /** What somebody has to look at; empty if there is nothing. */
  alert: "alert",
  /** What became of the last drill. */
  drill: "drill"
};
function newestOf(told) {
  const text2 = told[toldKeys.newest] ?? "";
  try {
    return text2 === "" ? void 0 : parseManifest(text2);
  } catch {
    return void 0;
  }
}

// programs/backup/drill.ts
var SILENT_MS = 6 * 36e5;
var SKEW_MS = 10 * 6e4;
function drillProblem(told, nowMs) {
  const last = parse(told);
  if (last?.result === "failed") return `the last drill, of ${last.time}, failed: ${last.reason ?? ""}`;
  if (last?.result !== "running") return void 0;
  const ageMs = nowMs - Date.parse(last.time);
  const silentMs = Math.max(SILENT_MS, 2e3 * (last.timeoutSeconds ?? 0));
  return ageMs >= -SKEW_MS && ageMs <= silentMs ? void 0 : `the drill that was begun at ${last.time} never ended`;
}
async function prepare(store2, report2, folder, timeoutSeconds, now = Date.now) {
  const time = new Date(now()).toISOString();
  const recorded = newestOf(await report2.read());
  try {
    if (!recorded) throw new Refusal("no backup has been made yet that this release can read");
    const { name, clusterId } = recorded;
    await tell(report2, { result: "running", time, backup: name, backupTime: recorded.time, timeoutSeconds });
    const manifest = await fetchBackup(store2, { name, clusterId }, folder);
    if (manifest.snapshot.sha256 !== recorded.snapshot.sha256 || manifest.keys !== recorded.keys)
      throw new Refusal(`the backup ${name} is another one than was recorded when it was made`);
    return manifest;
  } catch (error) {
    await fail(report2, { time, backup: recorded?.name }, error);
    throw error;
  }
}
var ASK_MS2 = 5e3;
async function judge2(manifest, channel, report2, patienceMs, now = Date.now) {
  const begun = parse((await report2.read())[toldKeys.drill])?.time ?? new Date(now()).toISOString();
  const base = { time: begun, backup: manifest.name, backupTime: manifest.time };
  try {
    const revision = await revisionOf2(channel, patienceMs);
    if (revision < manifest.revision)
      throw new Refusal(
        `etcd started from it with revision ${revision}, and ${manifest.revision} was recorded`
      );
    const liveKeys = await countKeys(channel, manifest.revision);
    if (manifest.liveKeys !== void 0 && liveKeys !== manifest.liveKeys)
      throw new Refusal(
        `etcd started from it with ${liveKeys ?? "an unknown number of"} keys, and ${manifest.liveKeys} were recorded`
      );
    const seconds = secondsSince(begun, now());
    const ageSeconds = secondsSince(manifest.time, now());
    await tell(report2, { result: "passed", ...base, ageSeconds, seconds, revision, liveKeys });
    const text2 = `the backup ${manifest.name}, ${ageSeconds} s old, was restored and started: revision ${revision}, ${liveKeys ?? "?"} keys`;
    await report2.event("Normal", "DrillPassed", text2);
  } catch (error) {
    await fail(report2, base, error);
    throw error;
  }
}
var secondsSince = (time, nowMs) => Math.max(0, Math.round((nowMs - Date.parse(time)) / 1e3));
async function revisionOf2(channel, patienceMs) {
  const end = performance.now() + patienceMs;
  for (; ; ) {
    try {
      const { header: header2 } = await channel.call(methods.range, { key: "a", limit: 1, countOnly: true }, ASK_MS2);
      return header2?.revision ?? 0;
    } catch (error) {
      if (performance.now() > end)
        throw new Refusal(`etcd didn't start from it within ${patienceMs / 1e3} s: ${wordsOf(error)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
async function fail(report2, base, error) {
  const reason = wordsOf(error);
  await tell(report2, { result: "failed", ...base, reason });
  const what = base.backup ? `of the backup ${base.backup} ` : "";
  await report2.event("Warning", "DrillFailed", `the drill ${what}failed: ${reason}`);
}
var tell = (report2, result) => report2.write(() => ({ [toldKeys.drill]: JSON.stringify(result) }));
function parse(told) {
  try {
    return JSON.parse(told ?? "");
  } catch {
    return void 0;
  }
}

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
        const taken3 = chunk.copy(this.head, this.headFilled, at, at + HEAD - this.headFilled);
        this.headFilled += taken3;
        at += taken3;
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
      const taken2 = chunk.copy(this.body, this.filled, at, at + this.wanted - this.filled);
      this.filled += taken2;
      at += taken2;
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
      const settle = (end2) => {
        clearInterval(watch);
        session.off("error", failed);
        signal?.removeEventListener("abort", aborted);
        end2();
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
      let end;
      session.on("error", failed);
      signal?.addEventListener("abort", aborted, { once: true });
      call.on("response", (headers) => head = headers);
      call.on("trailers", (headers) => end = headers);
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
      call.on("close", () => settle(() => finish(resolve, reject, head, end, frames.open)));
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
function finish(resolve, reject, head, trailers, open3) {
  const status = Number(head[":status"] ?? 200);
  const told = trailers ?? head;
  const code = told["grpc-status"];
  if (code === void 0)
    reject(
      new CallError("UNAVAILABLE", status === 200 ? "the connection ended in the middle" : `HTTP ${status}`)
    );
  else if (code !== "0") {
    const text2 = decodeURIComponent(String(told["grpc-message"] ?? ""));
    reject(new CallError(CODES[Number(code)] ?? String(code), text2));
  } else if (open3) reject(new CallError("DATA_LOSS", "a message was cut short"));
  else resolve();
}

// programs/backup/stopped.ts
async function orStopped(work, signal) {
  let stop = () => void 0;
  const stopped = new Promise((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
    work.catch(() => void 0);
    stopped.catch(() => void 0);
  }
}

// programs/backup/source.ts
var ASK_MS3 = 5e3;
async function sources(urls, open3) {
  const problems = [];
  const seen = [];
  await Promise.all(
    urls.map(async (url) => {
      const channel = open3(url);
      try {
        seen.push({ url, channel, status: await channel.call(methods.status, {}, ASK_MS3) });
      } catch (error) {
        problems.push(`${hostOf(url)}: ${wordsOf(error)}`);
        channel.close();
      }
    })
  );
  const clusters = new Set(seen.map((s) => s.status.header?.clusterId));
  if (clusters.size > 1) throw new Refusal("the members are of different clusters");
  const corrupt = await corruptMembers(seen, problems);
  const good = await Promise.all(seen.map((s) => judge3(s, corrupt, problems)));
  const found = good.filter((s) => s !== void 0).sort((a, b) => Number(a.leads) - Number(b.leads) || order(b, a));
  if (found.length === 0) throw new Error(`no member can give a snapshot: ${problems.sort().join("; ")}`);
  return found;
}
async function judge3({ url, channel, status }, corrupt, problems) {
  const memberId = status.header?.memberId ?? "0";
  const out = (why) => {
    problems.push(`${hostOf(url)}: ${why}`);
    channel.close();
  };
  if (status.isLearner) return out("it is a learner, which may lack what the others have");
  if (corrupt.has(memberId)) return out("its alarm says that its data is corrupt");
  try {
    await channel.call(methods.range, { key: "a", limit: 1, countOnly: true }, ASK_MS3);
    const { members } = await channel.call(methods.memberList, { linearizable: true }, ASK_MS3);
    const name = members.find((m) => m.id === memberId)?.name ?? "";
    return {
      url,
      channel,
      name,
      memberId: hexId(memberId),
      clusterId: hexId(status.header?.clusterId ?? "0"),
      version: status.version,
      leads: status.leader === memberId
    };
  } catch (error) {
    return out(`it takes no part in a quorum (${wordsOf(error)})`);
  }
}
async function corruptMembers(seen, problems) {
  for (const { channel, url } of seen) {
    try {
      const { alarms } = await channel.call(methods.alarm, { action: "GET" }, ASK_MS3);
      return new Set(alarms.filter((a) => a.alarm === "CORRUPT").map((a) => a.memberId));
    } catch (error) {
      problems.push(`${hostOf(url)}: the alarms can't be asked for: ${wordsOf(error)}`);
    }
  }
  return /* @__PURE__ */ new Set();
}
var hostOf = (url) => new URL(url).hostname.split(".")[0] ?? url;
var order = (a, b) => a.name.localeCompare(b.name, "en", { numeric: true });

// programs/backup/zip.ts
var import_node_zlib2 = require("node:zlib");
var WAITING_BYTES = 512 * 1024;
var GzipWriter = class {
  constructor(inner) {
    this.inner = inner;
    const options = { level: 1, chunkSize: 256 * 1024, highWaterMark: WAITING_BYTES };
    this.gzip = (0, import_node_zlib2.createGzip)(options);
    this.stopped = new Promise((_, reject) => this.stop = reject);
    this.stopped.catch(() => void 0);
    this.gzip.on("error", (error) => this.fail(error));
    this.gzip.on("data", (chunk) => {
      const until = this.inner.write(chunk);
      if (!until) return;
      this.gzip.pause();
      until.then(
        () => this.gzip.resume(),
        (error) => this.fail(error)
      );
    });
  }
  inner;
  gzip;
  failure;
  stop = () => void 0;
  stopped;
  write(chunk) {
    if (this.failure) return Promise.reject(this.failure);
    if (this.gzip.write(Buffer.from(chunk))) return void 0;
    return this.first("drain");
  }
  async finish() {
    if (this.failure) throw this.failure;
    const ended = this.first("end");
    this.gzip.end();
    await ended;
    return this.inner.finish();
  }
  async abort() {
    this.fail(new Error("given up"));
    this.gzip.destroy();
    await this.inner.abort();
  }
  first(event) {
    return Promise.race([new Promise((resolve) => this.gzip.once(event, resolve)), this.stopped]);
  }
  fail(error) {
    this.failure ??= error;
    this.stop(error);
  }
};

// programs/backup/take.ts
var MOST_SOURCES = 3;
async function takeBackup(taking) {
  const found = await sources(taking.clientUrls, taking.open);
  const problems = [];
  try {
    for (const source of found.slice(0, MOST_SOURCES)) {
      const attempt = new Attempt(taking, source);
      try {
        return await attempt.run();
      } catch (error) {
        if (attempt.storeFailed || taking.signal.aborted) throw error;
        problems.push(`${source.name}: ${wordsOf(error)}`);
        taking.say?.(`no snapshot from ${source.name}: ${wordsOf(error)}`);
      }
    }
  } finally {
    for (const { channel } of found) channel.close();
  }
  throw new Error(`no member gave a whole snapshot: ${problems.join("; ")}`);
}
var Attempt = class {
  constructor(taking, source) {
    this.taking = taking;
    this.source = source;
  }
  taking;
  source;
  /** Another member can't help then. */
  storeFailed = false;
  async run() {
    const { store: store2, compression, signal, volumes, now = Date.now } = this.taking;
    const { clusterId, channel } = this.source;
    const begun = new Date(now());
    const name = newName(begun);
    const key = keys.data(clusterId, name, compression);
    this.taking.say?.(
      `takes a snapshot from ${this.source.name} (${this.source.leads ? "the leader" : "a follower"})`
    );
    const inner = await this.stored(() => store2.writer(key));
    let whole = false;
    const writer = compression === "gzip" ? new GzipWriter(inner) : inner;
    try {
      const write = (chunk) => this.watched(writer.write(chunk));
      const { bytes: bytes2, sha256, ...contents } = await streamSnapshot(channel, write, signal);
      const storedBytes = await this.stored(() => this.orStopped(writer.finish()));
      whole = true;
      const liveKeys = await countKeys(channel, contents.revision);
      const manifest = {
        format: 1,
        name,
        clusterId,
        cluster: this.taking.cluster,
        ...volumes === void 0 ? {} : { volumes },
        time: begun.toISOString(),
        ...contents,
        ...liveKeys === void 0 ? {} : { liveKeys },
        etcdVersion: this.source.version,
        member: { name: this.source.name, id: this.source.memberId },
        generation: this.taking.generation,
        snapshot: { bytes: bytes2, sha256 },
        object: { key, bytes: storedBytes, compression }
      };
      const text2 = Buffer.from(`${JSON.stringify(manifest, null, 2)}
`);
      await this.stored(() => this.orStopped(store2.writeSmall(keys.manifest(clusterId, name), text2)));
      return manifest;
    } catch (error) {
      await writer.abort();
      if (whole) await this.discard(name, key);
      throw error;
    }
  }
  /** What was stored without its manifest, or with one of which nobody knows whether it arrived. */
  async discard(name, key) {
    const { store: store2 } = this.taking;
    try {
      await store2.remove(keys.manifest(this.source.clusterId, name));
      await store2.remove(key);
    } catch {
    }
  }
  /** The stream is ended by itself; what comes after it has to be left as well. */
  orStopped(work) {
    return orStopped(work, this.taking.signal);
  }
  watched(until) {
    return until && this.stored(() => until);
  }
  async stored(work) {
    try {
      return await work();
    } catch (error) {
      this.storeFailed = true;
      throw error;
    }
  }
};

// programs/backup/retention.ts
var DAY_MS = 24 * 36e5;
var SKEW_MS2 = 10 * 6e4;
var SILENT_MS2 = 90 * DAY_MS;
function retention(input) {
  const { good, made, settings: settings2, distrust, before, writtenMs } = input;
  const own = good.find((m) => m.name === made);
  if (!own)
    return { alert: `the backup ${made} that was just made isn't in the store's list: nothing is deleted` };
  if (!own.volumes)
    return {
      alert: "the members' claims couldn't be read, so that this cluster can't be told from a copy of it: no backup is deleted by this run"
    };
  const lineages = lineagesOf(good);
  const line = lineages.find((l) => l.includes(own)) ?? [own];
  const copy2 = alsoWritten(
    line,
    lineages.filter((l) => l !== line),
    writtenMs
  );
  if (copy2) return { alert: inWords(own, copy2) };
  const others = good.filter((m) => m !== own);
  const higher = others.find((m) => m.revision > own.revision && (before?.has(m.name) ?? true));
  if (higher)
    return {
      alert: `the revision went down, from ${higher.revision} in ${higher.name} to ${own.revision}, as if older data had taken the cluster's place: no backup is deleted until somebody has looked, and has removed or moved those that are not wanted`
    };
  if (distrust !== void 0) return { alert: `no backup is deleted: ${distrust}` };
  const storeNowMs = writtenMs.get(made) ?? NaN;
  const nowMs = Number.isNaN(storeNowMs) ? input.nowMs : Math.min(input.nowMs, storeNowMs);
  const future = others.find((m) => Date.parse(m.time) > nowMs + SKEW_MS2);
  if (future)
    return {
      alert: `the backup ${future.name} is from the future: a clock is wrong or was, and no backup is deleted until its time has come or it has been removed`
    };
  const youngMs = settings2.keepDays === void 0 ? 0 : settings2.keepDays * DAY_MS;
  const ageMs = (m) => {
    const byStore = storeNowMs - (writtenMs.get(m.name) ?? NaN);
    const byNodes = nowMs - Date.parse(m.time);
    return Number.isNaN(byStore) ? byNodes : Math.min(byStore, byNodes);
  };
  const goesOn = (l) => l === line || l.some((m) => ageMs(m) < SILENT_MS2);
  const last = (of) => [...of].sort(byAge).slice(-settings2.keepLast);
  const newest = /* @__PURE__ */ new Set([...last(good), ...lineages.filter(goesOn).flatMap(last)]);
  const keep = (m) => m === own || newest.has(m) || ageMs(m) < youngMs;
  return { remove: good.filter((m) => !keep(m)) };
}
function alsoWritten(line, others, writtenMs) {
  const begun = (m) => Date.parse(m.time);
  const first = line.reduce((a, b) => begun(b) < begun(a) ? b : a);
  const since = (m) => begun(m) > begun(first) && !((writtenMs.get(m.name) ?? NaN) <= (writtenMs.get(first.name) ?? NaN));
  return others.flatMap((l) => l.filter(since)).sort((a, b) => begun(a) - begun(b)).at(-1);
}
var inWords = (own, copy2) => `two clusters with the ID ${own.clusterId} write to one place, as copies of volumes make them: ${own.name} is of ${own.cluster} here, and ${copy2.name} of ${copy2.cluster} on other volumes. No backup is deleted until one of the two has a prefix of its own (s3.prefix, claim.prefix), and its backups have been moved there or removed`;

// programs/backup/store/s3-again.ts
var passingStatuses = /* @__PURE__ */ new Set([408, 425, 429]);
var lastingStatuses = /* @__PURE__ */ new Set([501, 505, 507]);
var passingCodes = /* @__PURE__ */ new Set([
  // Something in the store went wrong, or it has no time.
  "InternalError",
  "ServiceUnavailable",
  "Busy",
  // The connection was too slow, or too busy.
  "RequestTimeout",
  "RequestTimeTooSlow",
  // The body arrived otherwise than it was sent.
  "IncompleteBody",
  "BadDigest",
  "XAmzContentSHA256Mismatch",
  "XAmzContentChecksumMismatch",
  // It wants to be asked less often.
  "SlowDown",
  "SlowDownRead",
  "SlowDownWrite",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestLimitExceeded",
  "QpsLimitExceeded",
  "BandwidthLimitExceeded",
  "TooManyRequests",
  "TooManyRequestsException",
  "PriorRequestNotComplete",
  // Two requests met at one name.
  "OperationAborted",
  "ConditionalRequestConflict",
  // It is being moved, and where to isn't told.
  "TemporaryRedirect"
]);
var mayPass = (status, code) => passingCodes.has(code) || passingStatuses.has(status) || status >= 500 && !lastingStatuses.has(status) && code !== "NotImplemented";

// programs/backup/store/xml.ts
function elements(xml, name) {
  const found = [];
  const [begin2, end] = [`<${name}`, `</${name}>`];
  for (let at = xml.indexOf(begin2); at >= 0; at = xml.indexOf(begin2, at)) {
    at += begin2.length;
    if (!/[\s/>]/.test(xml.charAt(at))) continue;
    const head = xml.indexOf(">", at);
    if (head < 0) break;
    at = head + 1;
    if (xml.charAt(head - 1) === "/") {
      found.push("");
      continue;
    }
    const close = xml.indexOf(end, at);
    if (close < 0) break;
    found.push(xml.slice(at, close));
    at = close + end.length;
  }
  return found;
}
function element(xml, name) {
  const inner = elements(xml, name)[0];
  return inner === void 0 ? void 0 : unescape(inner);
}
var ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
function unescape(text2) {
  return text2.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex, decimal, name) => {
      if (name !== void 0) return ENTITIES[name] ?? whole;
      const code = hex === void 0 ? Number(decimal) : parseInt(hex, 16);
      return code <= 1114111 ? String.fromCodePoint(code) : whole;
    }
  );
}
var escape = (text2) => text2.replace(/[<>&"]/g, (c) => `&${Object.entries(ENTITIES).find(([, char]) => char === c)?.[0]};`);

// programs/backup/store/s3-words.ts
var S3Error = class extends Error {
  constructor(status, code, message2) {
    super(message2);
    this.status = status;
    this.code = code;
  }
  status;
  code;
  /** Whether it came after an attempt whose answer was lost. */
  retried = false;
};
var Expired = class extends Refusal {
};
var unknownKey = ({ at }) => new Refusal(`${at.endpoint} does not know the access key: correct the Secret s3.credentialsSecret`);
var expired = ({ at }) => new Expired(`${at.endpoint} says that the credentials have expired`);
var keyless = ({ what, said }) => new Unreadable(`${what}: the store can't use the key that it is encrypted with (${said})`);
var refusals = {
  NoSuchBucket: ({ at }) => new Refusal(`the bucket ${at.bucket} does not exist at ${at.endpoint}: make it, or correct s3.bucket`),
  InvalidAccessKeyId: unknownKey,
  XAdminUserNotFound: unknownKey,
  SignatureDoesNotMatch: ({ at }) => new Refusal(
    `${at.endpoint} does not accept the secret access key: correct the Secret s3.credentialsSecret`
  ),
  ExpiredToken: expired,
  TokenRefreshRequired: expired,
  InvalidToken: ({ at }) => new Refusal(`${at.endpoint} does not accept the session token`),
  RequestTimeTooSkewed: ({ at, headers }) => new Refusal(
    `this node's clock and that of ${at.endpoint} differ ${byHowMuch(headers.date)}: set them right`
  ),
  AuthorizationHeaderMalformed: ({ at, said }) => new Refusal(`${at.endpoint} refuses the region ${at.region}: ${said}`),
  PermanentRedirect: ({ at, headers }) => {
    const region = headers["x-amz-bucket-region"];
    const where = typeof region === "string" ? `, but in ${region}` : "";
    return new Refusal(
      `the bucket ${at.bucket} is not in the region ${at.region}${where}: correct s3.region or s3.endpoint`
    );
  },
  InvalidBucketName: ({ at }) => new Refusal(`${at.endpoint} says that ${at.bucket} can be no bucket's name: correct s3.bucket`),
  AccessDenied: ({ at, said }) => new Refusal(
    `${at.endpoint} refuses the access to the bucket ${at.bucket}: the credentials may have to list, read, write and delete below the prefix (${said})`
  ),
  QuotaExceeded: ({ at, said }) => new Refusal(`the bucket ${at.bucket} is full: ${said}`),
  XMinioStorageFull: ({ at }) => new Refusal(`${at.endpoint} has no room left`),
  InvalidObjectState: ({ what }) => new Unreadable(`${what}: the store has put it into an archive, and has to bring it back first`),
  "KMS.DisabledException": keyless,
  "KMS.NotFoundException": keyless,
  "KMS.KMSInvalidStateException": keyless
};
function byHowMuch(date) {
  const seconds = Math.round((Date.now() - Date.parse(date ?? "")) / 1e3);
  if (Number.isNaN(seconds)) return "too much";
  return `by ${Math.abs(seconds)} s, the node's being ${seconds > 0 ? "ahead" : "behind"}`;
}
function s3Error({ status, headers, body }, at, what) {
  const text2 = body.toString("utf8");
  const code = element(text2, "Code") ?? (status === 301 ? "PermanentRedirect" : "");
  const said = element(text2, "Message") ?? (text2.slice(0, 200) || `HTTP ${status}`);
  const denied = [401, 403].includes(status) && !mayPass(status, code) ? refusals.AccessDenied : void 0;
  const refused = (Object.hasOwn(refusals, code) ? refusals[code] : void 0) ?? denied;
  if (refused) return refused({ at, what, said, headers });
  return new S3Error(status, code, `${what} at ${at.endpoint}: ${code ? `${code}, ` : ""}${said}`);
}
function worthAnotherTry(error) {
  if (error instanceof Refusal) return false;
  return !(error instanceof S3Error) || mayPass(error.status, error.code);
}
function connectionError(error, at) {
  const { code = "" } = error;
  if (error instanceof Refusal || error instanceof S3Error) return error;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return new Refusal(
      `${at.endpoint} shows a certificate for other names (${wordsOf(error)}): correct s3.endpoint, or set s3.pathStyle if it is the bucket that stands before the name`
    );
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return new Refusal(
      `${at.endpoint} shows a certificate that ${code === "CERT_HAS_EXPIRED" ? "has expired" : "isn't valid yet"}, by this node's clock`
    );
  if (/^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CERT_|ERR_TLS_CERT)/.test(code))
    return new Refusal(
      `${at.endpoint} shows a certificate that isn't trusted (${code}): give its authority as s3.caCertificate`
    );
  if (code === "EPROTO" || code.startsWith("ERR_SSL"))
    return new Refusal(
      `${at.endpoint} does not speak TLS as it should (${wordsOf(error)}): is it http, not https?`
    );
  if (code === "ENOTFOUND")
    return new Error(`the name in ${at.endpoint} is not found: is s3.endpoint right?`);
  if (code === "ECONNREFUSED") return new Error(`nothing listens at ${at.endpoint}`);
  return new Error(`the connection to ${at.endpoint}: ${wordsOf(error)}`);
}

// programs/backup/tidy.ts
async function tidy(tidying) {
  const { store: store2, made } = tidying;
  const catalog = await readCatalog(store2, made.clusterId);
  const { good, writtenMs, doubtful, foreign } = catalog;
  const decided = retention({ ...tidying, good, writtenMs, made: made.name });
  const told = doubtful.length > 0 ? inWords2(doubtful) : void 0;
  const counts = { kept: good.length, removed: 0, doubtful: doubtful.length, foreign };
  if ("alert" in decided) return { ...counts, stopped: true, ...alertOf(decided.alert, told) };
  const { removed, failed } = await removeAll(store2, decided.remove);
  const problem = failed && `${decided.remove.length - removed} of the backups that may go are still there: ${failed}`;
  const left = await clear(store2, catalog, writtenMs.get(made.name) ?? NaN, made.clusterId).catch(
    (error) => `what runs that died have left is still there: ${wordsOf(error)}`
  );
  return {
    ...counts,
    kept: good.length - removed,
    removed,
    stopped: false,
    ...alertOf(problem, left, told)
  };
}
async function removeAll(store2, backups) {
  let removed = 0;
  let failed;
  for (const { clusterId, name, object } of backups) {
    try {
      await store2.remove(keys.manifest(clusterId, name));
      removed += 1;
      await store2.remove(object.key);
    } catch (error) {
      failed ??= wordsOf(error);
      if (worthAnotherTry(error)) break;
    }
  }
  return { removed, ...failed === void 0 ? {} : { failed } };
}
async function clear(store2, { loose }, nowMs, clusterId) {
  for (const { key, modifiedMs } of loose) {
    if (!(nowMs - modifiedMs >= ABANDONED_MS)) continue;
    const { name = "" } = parseKey(key) ?? {};
    if (await store2.size(keys.manifest(clusterId, name)) === void 0) await store2.remove(key);
  }
  await store2.sweep(keys.folder(clusterId), nowMs);
}
var NAMED = 3;
function inWords2(doubtful) {
  const some = doubtful.slice(-NAMED).map(({ name, why }) => `${name}: ${why}`);
  const more = doubtful.length > NAMED ? `; and ${doubtful.length - NAMED} more` : "";
  return `${doubtful.length === 1 ? "a backup" : `${doubtful.length} backups`} can't be used here, and nothing of them is deleted (${some.join("; ")}${more}): use the release that wrote them, or remove them`;
}
function alertOf(...alerts) {
  const all = alerts.filter((alert) => alert !== void 0 && alert !== "");
  return all.length > 0 ? { alert: all.join(". ") } : {};
}

// programs/backup/job.ts
async function runBackup(job) {
  const { settings: settings2, store: store2, report: report2, now = Date.now } = job;
  const begunMs = now();
  const lastRun = (rest) => JSON.stringify({
    time: new Date(begunMs).toISOString(),
    seconds: Math.round((now() - begunMs) / 1e3),
    ...rest
  });
  let made;
  const before = await orStopped(namesIn(store2), job.signal).catch(() => void 0);
  try {
    const volumes = await volumesKnown(job);
    made = await takeBackup({
      store: store2,
      clientUrls: settings2.clientUrls,
      open: job.open,
      cluster: `${settings2.namespace}/${settings2.cluster}`,
      volumes,
      generation: settings2.generation,
      compression: settings2.compression,
      signal: job.signal,
      say: job.say,
      now
    });
  } catch (error) {
    const reason2 = `the backup to ${store2.where} failed: ${wordsOf(error)}`;
    await report2.write((told2) => ({
      [toldKeys.lastRun]: lastRun({ result: "failed", reason: reason2 }),
      [toldKeys.reason]: `${reason2}. ${newestInWords(newestOf(told2))}`
    }));
    await report2.event("Warning", "BackupFailed", reason2);
    throw error;
  }
  const told = await report2.read();
  const tidied = await tidyUp({
    store: store2,
    made,
    before,
    settings: settings2.retention,
    distrust: drillProblem(told[toldKeys.drill], now()),
    nowMs: now()
  });
  const reason = `the backup ${made.name} is in ${store2.where}: revision ${made.revision}, ${made.snapshot.bytes} bytes`;
  const doubtful = tidied.doubtful > 0 ? `, ${tidied.doubtful} can't be used here` : "";
  const counts = `${tidied.kept} are there, ${tidied.removed} were removed${doubtful}`;
  await report2.write((before2) => ({
    [toldKeys.newest]: JSON.stringify(newer(newestOf(before2), made)),
    [toldKeys.lastRun]: lastRun({
      result: "succeeded",
      backup: made.name,
      kept: tidied.kept,
      removed: tidied.removed,
      doubtful: tidied.doubtful,
      foreign: tidied.foreign,
      peakMebibytes: job.peakMebibytes?.()
    }),
    [toldKeys.reason]: `${reason}; ${counts}`,
    [toldKeys.alert]: tidied.alert ?? ""
  }));
  await report2.event("Normal", "BackedUp", `${reason}; ${counts}`);
  if (tidied.alert !== void 0)
    await report2.event("Warning", tidied.stopped ? "RetentionStopped" : "BackupsInDoubt", tidied.alert);
  return made;
}
async function volumesKnown(job) {
  try {
    const volumes = await orStopped(job.volumes(), job.signal);
    return volumes.length > 0 ? volumes : void 0;
  } catch (error) {
    job.say(`the members' claims can't be read: ${wordsOf(error)}`);
    return void 0;
  }
}
async function tidyUp(tidying) {
  try {
    return await tidy(tidying);
  } catch (error) {
    const alert = `retention failed: ${wordsOf(error)}`;
    return { kept: 0, removed: 0, doubtful: 0, foreign: 0, stopped: true, alert };
  }
}
function newer(before, made) {
  return before && before.clusterId === made.clusterId && byAge(before, made) > 0 ? before : made;
}
var newestInWords = (newest) => newest ? `The newest good backup is ${newest.name}` : "There is no good backup";

// programs/shared/kubernetes/time.ts
function microTime(at = /* @__PURE__ */ new Date()) {
  return at.toISOString().replace("Z", "000Z");
}

// programs/backup/report.ts
var ASK_MS4 = 1e4;
var ATTEMPTS2 = 5;
var LONGEST_NOTE = 1e3;
var fieldManager = "etcd-cluster-backup";
var Report = class {
  constructor(api, namespace, name, instance, failed) {
    this.api = api;
    this.namespace = namespace;
    this.name = name;
    this.instance = instance;
    this.failed = failed;
  }
  api;
  namespace;
  name;
  instance;
  failed;
  /** What stands there. Empty if nobody knows. */
  async read() {
    try {
      return (await this.get()).data ?? {};
    } catch (error) {
      this.failed(`what is known of earlier backups can't be read: ${String(error)}`);
      return {};
    }
  }
  /** `change` may be asked again, when somebody else has written meanwhile. */
  async write(change) {
    for (let attempt = 1; ; attempt++) {
      try {
        const { metadata, data = {} } = await this.get();
        const { resourceVersion } = metadata;
        await this.api.call(
          {
            verb: "PATCH",
            path: this.path,
            query: { fieldManager },
            patch: "application/merge-patch+json",
            body: { metadata: { resourceVersion }, data: change(data) }
          },
          ASK_MS4
        );
        return;
      } catch (error) {
        const passes = error instanceof ApiError && [0, 409, 429, 500, 503].includes(error.status);
        if (!passes || attempt === ATTEMPTS2)
          return this.failed(`the ConfigMap ${this.name} can't be written: ${String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
    }
  }
  async event(type, reason, note) {
    try {
      const { metadata } = await this.get();
      await this.api.call(
        {
          verb: "POST",
          path: `/apis/events.k8s.io/v1/namespaces/${this.namespace}/events`,
          query: { fieldManager },
          body: {
            apiVersion: "events.k8s.io/v1",
            kind: "Event",
            metadata: { generateName: `${this.name}-`, namespace: this.namespace },
            eventTime: microTime(),
            reportingController: "etcd-cluster/backup",
            reportingInstance: this.instance.slice(0, 128),
            action: reason,
            reason,
            note: note.slice(0, LONGEST_NOTE),
            type,
            regarding: {
              apiVersion: "v1",
              kind: "ConfigMap",
              namespace: this.namespace,
              name: this.name,
              uid: metadata.uid
            }
          }
        },
        ASK_MS4
      );
    } catch (error) {
      this.failed(`an Event can't be written: ${String(error)}`);
    }
  }
  get path() {
    return `/api/v1/namespaces/${this.namespace}/configmaps/${this.name}`;
  }
  async get() {
    return await this.api.call({ verb: "GET", path: this.path }, ASK_MS4);
  }
};

// programs/backup/settings.ts
function readSettings(env2, name) {
  const text2 = env2[name];
  if (!text2) throw new Error(`the variable ${name} is missing`);
  return JSON.parse(text2);
}

// programs/backup/store/index.ts
var import_node_process = __toESM(require("node:process"));

// programs/backup/store/credentials.ts
var import_node_fs3 = require("node:fs");
var import_node_path3 = require("node:path");

// components/contract/amazon.ts
var domains = [
  [/^cn-/, "amazonaws.com.cn"],
  [/^us-iso-/, "c2s.ic.gov"],
  [/^us-isob-/, "sc2s.sgov.gov"],
  [/^us-isof-/, "csp.hci.ic.gov"],
  [/^eu-isoe-/, "cloud.adc-e.uk"],
  [/^eusc-/, "amazonaws.eu"]
];
var domainOf = (region) => domains.find(([regions]) => regions.test(region))?.[1] ?? "amazonaws.com";
var isRegion = (text2) => /^[a-z]+(-[a-z]+)+-\d+$/.test(text2);
var stsUrl = (region) => isRegion(region) ? `https://sts.${region}.${domainOf(region)}/` : "https://sts.amazonaws.com/";

// programs/backup/store/http.ts
var import_node_http = require("node:http");
var import_node_https2 = require("node:https");
var LARGEST_ANSWER = 8 * 2 ** 20;
async function ask(asked) {
  const { response, done } = await begin(asked);
  try {
    const body = await bodyOf(response, asked);
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  } finally {
    done();
  }
}
async function bodyOf(response, { url, largestBytes = LARGEST_ANSWER }) {
  const chunks = [];
  let bytes2 = 0;
  for await (const chunk of response) {
    bytes2 += chunk.length;
    if (bytes2 > largestBytes)
      throw new Unreadable(`${url.host} answers with more than ${largestBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error(`${url.host} ended the connection in the middle of its answer`);
  return Buffer.concat(chunks);
}
function begin(asked) {
  const { url, idleMs = 3e4, timeoutMs } = asked;
  const request2 = url.protocol === "http:" ? import_node_http.request : import_node_https2.request;
  return new Promise((resolve, reject) => {
    const sending = request2({
      // An IPv6 address stands in brackets in a URL only.
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port || void 0,
      method: asked.method,
      path: asked.path ?? url.pathname + url.search,
      headers: { ...asked.headers, "content-length": asked.body?.length ?? 0 },
      agent: asked.agent,
      signal: asked.signal
    });
    const silent = () => sending.destroy(new Error(`${url.host} was silent for ${idleMs / 1e3} s`));
    const limit = setTimeout(
      () => sending.destroy(new Error(`${url.host} took longer than ${timeoutMs / 1e3} s`)),
      timeoutMs
    );
    sending.setTimeout(idleMs, silent);
    sending.on("error", (error) => {
      clearTimeout(limit);
      reject(error);
    });
    sending.on("response", (response) => {
      response.on("error", () => clearTimeout(limit));
      resolve({ response, done: () => clearTimeout(limit) });
    });
    void sendBody(sending, asked.body ?? Buffer.alloc(0));
  });
}
var SLICE_BYTES = 128 * 1024;
async function sendBody(sending, body) {
  for (let at = 0; at < body.length && !sending.destroyed; at += SLICE_BYTES) {
    if (sending.write(body.subarray(at, at + SLICE_BYTES))) continue;
    await new Promise((resolve) => {
      const done = () => {
        sending.off("drain", done).off("close", done);
        resolve();
      };
      sending.on("drain", done).on("close", done);
    });
  }
  if (!sending.destroyed) sending.end();
}

// programs/backup/store/credentials.ts
var credentialsFolder = "/credentials";
var NEW_BEFORE_MS = 5 * 6e4;
var ASK_MS5 = 1e4;
function remembered(ask2, now = Date.now) {
  let last;
  return async (renew) => {
    if (!last || renew || last.untilMs !== void 0 && now() > last.untilMs - NEW_BEFORE_MS)
      last = await ask2();
    return last;
  };
}
async function fromFiles(folder) {
  const read2 = (name, needed) => {
    try {
      return (0, import_node_fs3.readFileSync)((0, import_node_path3.join)(folder, name), "utf8").trim();
    } catch {
      if (!needed) return "";
      throw new Refusal(`the Secret with the store's credentials has no ${name}`);
    }
  };
  const sessionToken = read2("sessionToken", false);
  return {
    accessKeyId: read2("accessKeyId", true),
    secretAccessKey: read2("secretAccessKey", true),
    ...sessionToken ? { sessionToken } : {}
  };
}
async function fromPod(env2, region) {
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: agent, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = env2;
  try {
    if (agent) return await fromAgent(agent, env2.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE);
    if (tokenFile) return await fromToken(tokenFile, env2, region);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Error(`the pod's identity got no credentials: ${wordsOf(error)}`, { cause: error });
  }
  throw new Refusal(
    "the pod has no identity: neither AWS_CONTAINER_CREDENTIALS_FULL_URI nor AWS_WEB_IDENTITY_TOKEN_FILE is set. Annotate the ServiceAccount as the platform wants it (backup.serviceAccountAnnotations), or give a Secret (credentialsSecret)"
  );
}
async function fromAgent(url, tokenFile) {
  const headers = tokenFile ? { authorization: (0, import_node_fs3.readFileSync)(tokenFile, "utf8").trim() } : void 0;
  const { status, body } = await ask({ url: new URL(url), method: "GET", headers, timeoutMs: ASK_MS5 });
  if (status !== 200) throw new Error(`the agent answered ${status}: ${body.toString().slice(0, 200)}`);
  const answer = JSON.parse(body.toString());
  return usable(answer.AccessKeyId, answer.SecretAccessKey, answer.Token, answer.Expiration);
}
async function fromToken(file, env2, region) {
  const own = env2.AWS_REGION ?? env2.AWS_DEFAULT_REGION ?? region;
  const url = new URL(env2.AWS_ENDPOINT_URL_STS ?? stsUrl(own));
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: env2.AWS_ROLE_ARN ?? "",
    RoleSessionName: env2.AWS_ROLE_SESSION_NAME ?? "etcd-backup",
    WebIdentityToken: (0, import_node_fs3.readFileSync)(file, "utf8").trim()
  });
  const { status, body } = await ask({
    url,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
    timeoutMs: ASK_MS5
  });
  const text2 = body.toString();
  if (status !== 200) {
    const reason = element(text2, "Message") ?? text2.slice(0, 200);
    if (status < 500) throw new Refusal(`the pod's identity is refused: ${reason}`);
    throw new Error(`${url.host} answered ${status}: ${reason}`);
  }
  const field2 = (name) => element(text2, name);
  return usable(field2("AccessKeyId"), field2("SecretAccessKey"), field2("SessionToken"), field2("Expiration"));
}
function usable(id2, secret, token, expiration) {
  if (!id2 || !secret) throw new Error("the answer has no credentials in it");
  const untilMs = expiration === void 0 ? NaN : Date.parse(expiration);
  return {
    accessKeyId: id2,
    secretAccessKey: secret,
    ...token ? { sessionToken: token } : {},
    ...Number.isNaN(untilMs) ? {} : { untilMs }
  };
}

// programs/backup/store/folder.ts
var import_node_crypto4 = require("node:crypto");
var import_node_fs4 = require("node:fs");
var import_promises3 = require("node:fs/promises");
var import_node_path4 = require("node:path");

// programs/backup/store/parts.ts
var Parts = class {
  constructor(partBytes, buffers, send) {
    this.partBytes = partBytes;
    this.buffers = buffers;
    this.send = send;
  }
  partBytes;
  buffers;
  send;
  free = [];
  current;
  filled = 0;
  made = 0;
  number = 0;
  sending = 0;
  failure;
  /** What came while no buffer was free. */
  late = [];
  waiting = [];
  write(chunk) {
    if (this.failure !== void 0) return Promise.reject(this.failure);
    const rest = this.late.length > 0 ? chunk : this.fill(chunk);
    if (rest.length === 0) return void 0;
    this.late.push(Buffer.from(rest));
    return this.room();
  }
  /** Sends what is left, and waits for all. The number of parts. */
  async finish() {
    while (this.late.length > 0) await this.room();
    if (this.current && this.filled > 0) this.dispatch(true);
    while (this.sending > 0 && this.failure === void 0) await this.change();
    if (this.failure !== void 0) throw this.failure;
    return this.number;
  }
  /** Waits until nothing is on its way any more, however it ended. */
  async settled() {
    this.failure ??= new Error("given up");
    while (this.sending > 0) await this.change();
  }
  /** What couldn't be taken. */
  fill(chunk) {
    let at = 0;
    while (at < chunk.length) {
      const buffer = this.current ??= this.take();
      if (!buffer) break;
      const taken2 = chunk.copy(buffer, this.filled, at);
      this.filled += taken2;
      at += taken2;
      if (this.filled === this.partBytes) this.dispatch(false);
    }
    return chunk.subarray(at);
  }
  take() {
    const buffer = this.free.pop();
    if (buffer || this.made === this.buffers) return buffer;
    this.made += 1;
    return Buffer.allocUnsafeSlow(this.partBytes);
  }
  dispatch(last) {
    const buffer = this.current;
    if (!buffer) return;
    const bytes2 = buffer.subarray(0, this.filled);
    this.current = void 0;
    this.filled = 0;
    this.sending += 1;
    this.send(++this.number, bytes2, last).catch((error) => {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    }).finally(() => {
      this.sending -= 1;
      this.free.push(buffer);
      for (const wake of this.waiting.splice(0)) wake();
    });
  }
  async room() {
    while (this.late.length > 0) {
      if (this.failure !== void 0) throw this.failure;
      await this.change();
      this.refill();
    }
  }
  refill() {
    for (let first = this.late[0]; first; first = this.late[0]) {
      const rest = this.fill(first);
      if (rest.length > 0) {
        this.late[0] = rest;
        return;
      }
      this.late.shift();
    }
  }
  change() {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
};

// programs/backup/store/folder.ts
var PART_BYTES = 2 * 2 ** 20;
var BUFFERS = 3;
var PARTIAL = /^\.(.+)\.[0-9a-f]{12}\.partial$/;
var FolderStore = class {
  where;
  root;
  constructor(settings2) {
    this.root = (0, import_node_path4.join)(settings2.folder, settings2.prefix);
    this.where = `the claim, folder ${settings2.prefix || "/"}`;
  }
  async list(under, wanted = () => true) {
    const found = [];
    for (const { file, key } of await this.files(under)) {
      if (PARTIAL.test((0, import_node_path4.basename)(file)) || !wanted(key)) continue;
      const there = await this.explain(() => look(file));
      if (there) found.push({ key, bytes: there.size, modifiedMs: there.mtimeMs });
    }
    return found;
  }
  async size(key) {
    return (await this.explain(() => look(this.path(key))))?.size;
  }
  read(key) {
    return this.explain(async () => (await (0, import_promises3.open)(this.path(key), "r")).createReadStream());
  }
  readSmall(key) {
    return this.explain(async () => {
      const chunks = [];
      const file = (0, import_node_fs4.createReadStream)(this.path(key), { end: SMALL_BYTES });
      for await (const chunk of file) chunks.push(chunk);
      const bytes2 = Buffer.concat(chunks);
      if (bytes2.length > SMALL_BYTES) throw new Unreadable(`${key} is too large for what it should be`);
      return bytes2;
    });
  }
  async writeSmall(key, bytes2) {
    const writer = await this.writer(key);
    try {
      await writer.write(bytes2);
      await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }
  async writer(key) {
    const path = this.path(key);
    const partial = (0, import_node_path4.join)((0, import_node_path4.dirname)(path), `.${(0, import_node_path4.basename)(path)}.${(0, import_node_crypto4.randomBytes)(6).toString("hex")}.partial`);
    const file = await this.explain(async () => {
      await (0, import_promises3.mkdir)((0, import_node_path4.dirname)(path), { recursive: true });
      return (0, import_promises3.open)(partial, "wx", 416);
    });
    return new FileWriter(file, partial, path, (work) => this.explain(work));
  }
  remove(key) {
    return this.explain(() => unlinkIfThere(this.path(key)));
  }
  async sweep(under, nowMs) {
    let swept = 0;
    for (const { file } of await this.files(under)) {
      if (!PARTIAL.test((0, import_node_path4.basename)(file))) continue;
      const there = await this.explain(() => look(file));
      if (!there || !(nowMs - there.mtimeMs >= ABANDONED_MS)) continue;
      await this.explain(() => unlinkIfThere(file));
      swept += 1;
    }
    return swept;
  }
  close() {
  }
  path(key) {
    return (0, import_node_path4.join)(this.root, key);
  }
  /** Two levels: the clusters' folders, and what is in them. */
  files(under) {
    return this.explain(async () => {
      const all = under === "" ? await entries(this.root, "folder") : [under.replace(/\/$/, "")];
      const top = all.filter(isClusterId);
      const found = [];
      for (const folder of top)
        for (const name of await entries((0, import_node_path4.join)(this.root, folder), "file"))
          found.push({ file: (0, import_node_path4.join)(this.root, folder, name), key: `${folder}/${name}` });
      return found;
    });
  }
  async explain(work) {
    try {
      return await work();
    } catch (error) {
      throw explained(error, this.where);
    }
  }
};
var FileWriter = class {
  constructor(file, partial, path, explain) {
    this.file = file;
    this.partial = partial;
    this.path = path;
    this.explain = explain;
    this.parts = new Parts(
      PART_BYTES,
      BUFFERS,
      (number2, part) => explain(() => writeAll2(file, part, (number2 - 1) * PART_BYTES))
    );
  }
  file;
  partial;
  path;
  explain;
  parts;
  bytes = 0;
  closed = false;
  write(chunk) {
    this.bytes += chunk.length;
    return this.parts.write(chunk);
  }
  async finish() {
    await this.parts.finish();
    await this.explain(async () => {
      await this.file.sync();
      await this.close();
      await giveName(this.partial, this.path);
      await syncFolder((0, import_node_path4.dirname)(this.path));
    });
    return this.bytes;
  }
  async abort() {
    await this.parts.settled();
    await this.close().catch(() => void 0);
    await unlinkIfThere(this.partial).catch(() => void 0);
  }
  async close() {
    if (this.closed) return;
    this.closed = true;
    await this.file.close();
  }
};
async function writeAll2(file, bytes2, at) {
  for (let done = 0; done < bytes2.length; )
    done += (await file.write(bytes2, done, bytes2.length - done, at + done)).bytesWritten;
}
async function giveName(partial, path) {
  try {
    await (0, import_promises3.link)(partial, path);
    await (0, import_promises3.unlink)(partial);
  } catch (error) {
    const { code } = error;
    if (code === "EEXIST") throw new Refusal(`${(0, import_node_path4.basename)(path)} is there already, and is never overwritten`);
    if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"].includes(code ?? "")) throw error;
    if (await (0, import_promises3.lstat)(path).catch(() => void 0))
      throw new Refusal(`${(0, import_node_path4.basename)(path)} is there already, and is never overwritten`);
    await (0, import_promises3.rename)(partial, path);
  }
}
async function syncFolder(folder) {
  const handle = await (0, import_promises3.open)(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
async function entries(folder, kind) {
  try {
    const all = await (0, import_promises3.readdir)(folder, { withFileTypes: true });
    return all.filter((e) => kind === "file" ? e.isFile() : e.isDirectory()).map((e) => e.name).sort();
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}
async function look(file) {
  try {
    return await (0, import_promises3.lstat)(file);
  } catch (error) {
    if (error.code === "ENOENT") return void 0;
    throw error;
  }
}
async function unlinkIfThere(path) {
  await (0, import_promises3.unlink)(path).catch((error) => {
    if (error.code !== "ENOENT") throw error;
  });
}
function explained(error, where) {
  const { code, path } = error;
  const file = path ? (0, import_node_path4.basename)(path) : "a file";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new Refusal(`${where} is full: enlarge it, or keep fewer backups (backup.retention)`);
    case "EROFS":
      return new Refusal(`${where} can only be read`);
    case "EISDIR":
      return new Unreadable(`${file} in ${where} is a folder`);
    case "EIO":
      return new Unreadable(`${file} can't be read from the disk of ${where}`);
    case "EACCES":
      return new Refusal(`${where} may not be used: ${file} is not for the user and group that this runs as`);
    case "ENOENT":
      return new NotThere(`${file} is not in ${where}`);
    default:
      return error;
  }
}

// programs/backup/store/s3-client.ts
var import_node_crypto5 = require("node:crypto");
var import_node_http3 = require("node:http");
var import_node_https3 = require("node:https");
var import_aws4 = __toESM(require_aws4());
var patience = {
  attempts: 6,
  firstPauseMs: 500,
  idleMs: 3e4,
  requestMs: 3e5,
  readMs: 6 * 36e5
};
var Moved = class extends Error {
  constructor(to) {
    super(`sent to ${to.host}`);
    this.to = to;
  }
  to;
};
var MOST_MOVES = 3;
var S3Client = class {
  constructor(settings2, credentials, patient = patience, sleep = pause) {
    this.settings = settings2;
    this.credentials = credentials;
    this.patient = patient;
    this.sleep = sleep;
    const { endpoint, bucket, pathStyle, ca } = settings2;
    this.base = new URL(endpoint);
    if (!pathStyle) this.base.hostname = `${bucket}.${this.base.hostname}`;
    this.agent = this.base.protocol === "http:" ? new import_node_http3.Agent({ keepAlive: true, maxSockets: 8 }) : new import_node_https3.Agent({ keepAlive: true, maxSockets: 8, ca });
  }
  settings;
  credentials;
  patient;
  sleep;
  agent;
  base;
  hashing = Promise.resolve();
  async call(call) {
    const sums = await this.sumsOf(call);
    return this.again(call.signal, async (way) => {
      const answer = await ask(await this.signed(call, sums, this.patient.requestMs, way));
      if (answer.status >= 300) {
        if (call.alsoFine?.includes(answer.status)) return answer;
        throw this.failure(answer, call.what);
      }
      if (call.endsLate && element(answer.body.toString("utf8"), "Error") !== void 0)
        throw this.failure({ ...answer, status: 500 }, call.what);
      return answer;
    });
  }
  /** An object's bytes as they come. What breaks in the middle is an error of the stream. */
  open(call) {
    return this.again(call.signal, async (way) => {
      const asked = await this.signed(call, NOTHING, this.patient.readMs, way);
      const { response, done } = await begin(asked);
      response.on("close", done);
      const { statusCode: status = 0, headers } = response;
      if (status === 200) return response;
      throw this.failure({ status, headers, body: await bodyOf(response, asked) }, call.what);
    });
  }
  close() {
    this.agent.destroy();
  }
  async again(signal, work) {
    const { attempts, firstPauseMs } = this.patient;
    let way = {};
    let moves = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(way);
      } catch (error) {
        if (error instanceof Moved && moves < MOST_MOVES) {
          moves += 1;
          attempt -= 1;
          way = { ...way, to: error.to };
          continue;
        }
        const explained2 = connectionError(error, this.settings);
        if (explained2 instanceof S3Error) explained2.retried = attempt > 1;
        const renew = explained2 instanceof Expired && !way.renew;
        if (attempt >= attempts || signal?.aborted || !(renew || worthAnotherTry(explained2))) throw explained2;
        way = renew ? { renew } : {};
      }
      await this.sleep(firstPauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
    }
  }
  failure(answer, what) {
    const to = answer.status === 307 ? destination(answer, this.base) : void 0;
    return to ? new Moved(to) : s3Error(answer, this.settings, what);
  }
  /**
   * SHA-256 for the signature, in a thread of its own, for the main one has enough to do; one at a time, for it works on a
   * copy. And what a bucket with a default retention demands of all that is written: the one sum that every store knows.
   */
  async sumsOf({ method: method2, body }) {
    if (!body) return NOTHING;
    const hash = this.hashing.then(() => import_node_crypto5.webcrypto.subtle.digest("SHA-256", body));
    this.hashing = hash.catch(() => void 0);
    const sha256 = Buffer.from(await hash);
    return { sha256: sha256.toString("hex"), headers: method2 === "PUT" ? checksum(body, sha256) : {} };
  }
  async signed(call, sums, timeoutMs, { to, renew }) {
    const { accessKeyId, secretAccessKey, sessionToken } = await this.credentials(renew);
    const url = to ?? this.base;
    const request2 = (0, import_aws4.sign)(
      {
        service: "s3",
        region: this.settings.region,
        method: call.method,
        host: url.host,
        path: to ? to.pathname + to.search : this.pathOf(call),
        headers: { ...call.headers, ...sums.headers, host: url.host, "x-amz-content-sha256": sums.sha256 }
      },
      { accessKeyId, secretAccessKey, sessionToken }
    );
    return {
      url,
      path: request2.path,
      method: call.method,
      headers: request2.headers,
      body: call.body,
      agent: this.agent,
      idleMs: this.patient.idleMs,
      timeoutMs,
      signal: call.signal,
      largestBytes: call.largestBytes
    };
  }
  pathOf({ key, query }) {
    const { pathStyle, bucket } = this.settings;
    const above = this.base.pathname.replace(/\/+$/, "");
    const folder = pathStyle ? `${above}/${encodeURIComponent(bucket)}` : above;
    const path = `${folder}/${key === void 0 ? "" : encodePath(key)}`;
    const search = new URLSearchParams(query).toString();
    return search ? `${path}?${search}` : path;
  }
};
function destination({ headers }, base) {
  const { location = "" } = headers;
  if (!URL.canParse(location, base.href)) return void 0;
  const to = new URL(location, base);
  return to.protocol === base.protocol ? to : void 0;
}
var checksum = (body, sha256) => (0, import_node_crypto5.getFips)() === 1 ? { "x-amz-checksum-sha256": sha256.toString("base64") } : { "content-md5": (0, import_node_crypto5.createHash)("md5").update(body).digest("base64") };
var NOTHING = { sha256: (0, import_node_crypto5.createHash)("sha256").digest("hex"), headers: {} };
var encodePath = (key) => key.split("/").map(encodeURIComponent).join("/");
var pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
function encryption({ encryption: wanted }) {
  if (!wanted) return {};
  return {
    "x-amz-server-side-encryption": wanted.algorithm,
    ...wanted.keyId ? { "x-amz-server-side-encryption-aws-kms-key-id": wanted.keyId } : {}
  };
}

// programs/backup/store/s3-list.ts
var MOST_PAGES = 1e4;
async function* pages(ask2, where, mostPages = MOST_PAGES) {
  const seen = /* @__PURE__ */ new Set();
  let more = {};
  let after;
  for (let count2 = 1; count2 <= mostPages; count2++) {
    const page = readPage(await ask2(more), where);
    const first = page.entries[0]?.key;
    if (after !== void 0 && first !== void 0 && !isBehind(first, after))
      throw new Refusal(
        `${where} cuts its list, and begins it anew when it is asked to go on after ${after}`
      );
    yield page.entries;
    if (!page.truncated) return;
    const next = page.token ?? page.last;
    if (next === void 0) throw new Refusal(`${where} cuts its list, and doesn't say how to go on`);
    if (seen.has(next)) throw new Refusal(`${where} lists the same again and again`);
    seen.add(next);
    after = page.token === void 0 ? next : void 0;
    more = page.token === void 0 ? { "start-after": next, marker: next } : { "continuation-token": page.token };
  }
  throw new Refusal(`${where} lists without end: give backups a bucket or a prefix of their own`);
}
function readPage(text2, where) {
  if (!/<ListBucketResult[\s>/]/.test(text2))
    throw new Error(`${where} answers with something that is no list`);
  const encoded = element(text2, "EncodingType")?.toLowerCase() === "url";
  const nameOf = (key) => encoded ? decode(key) : ownCopy(key);
  const entries2 = elements(text2, "Contents").map((entry) => ({
    key: nameOf(element(entry, "Key") ?? ""),
    bytes: Number(element(entry, "Size") ?? NaN),
    modifiedMs: Date.parse(element(entry, "LastModified") ?? "")
  }));
  const token = element(text2, "NextContinuationToken") || void 0;
  const marker = element(text2, "NextMarker") || void 0;
  const told = element(text2, "IsTruncated")?.trim().toLowerCase();
  const last = marker === void 0 ? entries2.at(-1)?.key : nameOf(marker);
  return {
    entries: entries2,
    truncated: told === "true" || told === void 0 && (token ?? marker) !== void 0,
    ...token === void 0 ? {} : { token },
    ...last === void 0 ? {} : { last }
  };
}
function decode(key) {
  try {
    return decodeURIComponent(key.replace(/\+/g, " "));
  } catch {
    return ownCopy(key);
  }
}
var ownCopy = (text2) => Buffer.from(text2).toString();
var isBehind = (key, other) => Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;

// programs/backup/store/s3-writer.ts
var PART_BYTES2 = 5 * 2 ** 20;
var BUFFERS2 = 3;
var CONTENT = "application/octet-stream";
var S3Writer = class {
  constructor(client, key, store2, partBytes = PART_BYTES2) {
    this.client = client;
    this.key = key;
    this.store = store2;
    this.parts = new Parts(
      partBytes,
      BUFFERS2,
      (number2, bytes2, last) => number2 === 1 && last ? store2.put(key, bytes2, CONTENT, this.ending.signal) : this.sendPart(number2, bytes2)
    );
  }
  client;
  key;
  store;
  parts;
  etags = [];
  upload;
  bytes = 0;
  ending = new AbortController();
  write(chunk) {
    this.bytes += chunk.length;
    return this.parts.write(chunk);
  }
  async finish() {
    await this.parts.finish();
    if (this.upload) await this.complete(await this.upload);
    const there = await this.store.sizeOf(this.key);
    if (there !== this.bytes)
      throw new Error(`${this.store.where} has ${there ?? 0} bytes of the ${this.bytes} that were written`);
    return this.bytes;
  }
  async abort() {
    this.ending.abort();
    await this.parts.settled();
    try {
      const uploadId = await this.upload;
      if (uploadId !== void 0)
        await this.client.call({
          method: "DELETE",
          what: "giving up an upload",
          key: this.key,
          query: { uploadId },
          alsoFine: [404]
        });
    } catch {
    }
  }
  async sendPart(number2, body) {
    const uploadId = await (this.upload ??= this.begin());
    const { headers } = await this.client.call({
      method: "PUT",
      what: `writing part ${number2}`,
      key: this.key,
      query: { partNumber: String(number2), uploadId },
      body,
      signal: this.ending.signal
    });
    this.etags[number2 - 1] = headers.etag ?? "";
  }
  async begin() {
    const { body } = await this.client.call({
      method: "POST",
      what: "beginning an upload",
      key: this.key,
      query: { uploads: "" },
      headers: { "content-type": CONTENT, ...encryption(this.client.settings) }
    });
    const id2 = element(body.toString("utf8"), "UploadId");
    if (!id2) throw new Error(`${this.store.where} gave no number to an upload`);
    return id2;
  }
  async complete(uploadId) {
    const parts = this.etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escape(etag)}</ETag></Part>`).join("");
    const body = Buffer.from(
      `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts}</CompleteMultipartUpload>`
    );
    await this.store.onlyNew(
      this.key,
      this.bytes,
      (condition) => this.client.call({
        method: "POST",
        what: "ending an upload",
        key: this.key,
        query: { uploadId },
        headers: { "content-type": "application/xml", ...condition },
        body,
        endsLate: true
      })
    );
  }
};

// programs/backup/store/s3.ts
var S3Store = class {
  constructor(client) {
    this.client = client;
    const { bucket, prefix, endpoint } = client.settings;
    this.root = prefix === "" ? "" : `${prefix}/`;
    this.where = `s3://${bucket}/${prefix} at ${endpoint}`;
  }
  client;
  where;
  root;
  /** Whether the store knows how to refuse to overwrite; found out by asking. */
  conditional = true;
  async list(under, wanted = () => true) {
    const found = [];
    const prefix = this.root + under;
    const ask2 = async (more) => {
      const query = { "list-type": "2", prefix, "encoding-type": "url", ...more };
      return (await this.client.call({ method: "GET", what: "listing", query })).body.toString("utf8");
    };
    for await (const page of pages(ask2, this.where))
      for (const stored of page) {
        const key = stored.key.slice(this.root.length);
        if (stored.key.startsWith(prefix) && wanted(key)) found.push({ ...stored, key });
      }
    return found;
  }
  read(key) {
    return this.notThere(
      key,
      () => this.client.open({ method: "GET", what: `reading ${key}`, key: this.root + key })
    );
  }
  async readSmall(key) {
    const { body } = await this.notThere(
      key,
      () => this.client.call({
        method: "GET",
        what: `reading ${key}`,
        key: this.root + key,
        largestBytes: SMALL_BYTES
      })
    );
    return body;
  }
  async writeSmall(key, bytes2) {
    await this.put(this.root + key, bytes2, "application/json");
  }
  writer(key) {
    return Promise.resolve(new S3Writer(this.client, this.root + key, this));
  }
  async remove(key) {
    const what = `deleting ${key}`;
    await this.client.call({ method: "DELETE", what, key: this.root + key, alsoFine: [404] });
  }
  async sweep(under, nowMs) {
    const answer = await this.client.call({
      method: "GET",
      what: "listing uploads",
      query: { uploads: "", prefix: this.root + under },
      // Not every store has it.
      alsoFine: [400, 403, 404, 405, 501]
    });
    if (answer.status !== 200) return 0;
    let swept = 0;
    for (const upload of elements(answer.body.toString("utf8"), "Upload")) {
      const key = element(upload, "Key") ?? "";
      const uploadId = element(upload, "UploadId") ?? "";
      const begun = Date.parse(element(upload, "Initiated") ?? "");
      if (!key.startsWith(this.root) || parseKey(key.slice(this.root.length))?.kind !== "data") continue;
      if (!(nowMs - begun >= ABANDONED_MS)) continue;
      await this.client.call({
        method: "DELETE",
        what: "giving up an upload",
        key,
        query: { uploadId },
        alsoFine: [404]
      });
      swept += 1;
    }
    return swept;
  }
  size(key) {
    return this.sizeOf(this.root + key);
  }
  close() {
    this.client.close();
  }
  /** For the writer as well. `key` is a full one. */
  async put(key, bytes2, contentType, signal) {
    const headers = { "content-type": contentType, ...encryption(this.client.settings) };
    await this.onlyNew(
      key,
      bytes2.length,
      (condition) => this.client.call({
        method: "PUT",
        what: `writing ${key}`,
        key,
        body: bytes2,
        headers: { ...headers, ...condition },
        signal
      })
    );
  }
  /** Writes under a name that must not be there yet. An answer that was lost may have been a success. */
  async onlyNew(key, bytes2, write) {
    if (!this.conditional && await this.sizeOf(key) !== void 0) throw taken(key);
    try {
      return await write(this.conditional ? { "if-none-match": "*" } : {});
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      if (this.conditional && (error.status === 501 || error.code === "NotImplemented")) {
        this.conditional = false;
        return this.onlyNew(key, bytes2, write);
      }
      if (error.status !== 412 && error.status !== 409 && error.code !== "NoSuchUpload") throw error;
      if (error.retried && await this.sizeOf(key) === bytes2) return void 0;
      throw error.status === 412 ? taken(key) : error;
    }
  }
  /** Of a full key; undefined if it isn't there. */
  async sizeOf(key) {
    const { status, headers } = await this.client.call({
      method: "HEAD",
      what: `looking for ${key}`,
      key,
      alsoFine: [404]
    });
    return status === 404 ? void 0 : Number(headers["content-length"]);
  }
  async notThere(key, work) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof S3Error && error.status === 404)
        throw new NotThere(`${key} is not in ${this.where}`);
      throw error;
    }
  }
};
var taken = (key) => new Refusal(`${key} is there already, and is never overwritten`);

// programs/backup/store/index.ts
function openStore(settings2, env2 = import_node_process.default.env) {
  if (settings2.kind === "folder") return new FolderStore(settings2);
  const credentials = remembered(
    () => settings2.credentials === "pod" ? fromPod(env2, settings2.region) : fromFiles(credentialsFolder)
  );
  return new S3Store(new S3Client(settings2, credentials));
}

// programs/backup/volumes.ts
var ASK_MS6 = 1e4;
async function volumesOf(api, namespace, claims) {
  const ask2 = async (name) => {
    const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`;
    try {
      return [(await api.call({ verb: "GET", path }, ASK_MS6)).metadata.uid];
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    }
  };
  return (await Promise.all(claims.map(ask2))).flat();
}

// programs/backup/main.ts
var { env } = import_node_process2.default;
var log = (level, msg) => console.log(JSON.stringify({ level, time: (/* @__PURE__ */ new Date()).toISOString(), msg }));
var variable = (name) => {
  const value = env[name];
  if (!value) throw new Error(`the variable ${name} is missing`);
  return value;
};
var store = () => openStore(readSettings(env, "BACKUP_STORE"));
var settings = () => readSettings(env, "BACKUP_SETTINGS");
function report(of) {
  const api = new Api(accessInCluster(env, steadyClock()));
  const warn = (text2) => log("warn", text2);
  return { api, report: new Report(api, of.namespace, of.statusName, variable("POD_NAME"), warn) };
}
var commands = {
  backup: async () => {
    const of = settings();
    const told = report(of);
    const pair = readPair(variable("BACKUP_TLS_DIR"));
    const ended = new AbortController();
    import_node_process2.default.once("SIGTERM", () => ended.abort(new Error("it was told to stop")));
    const limit = setTimeout(
      () => ended.abort(new Error(`it took longer than ${of.timeoutSeconds} s (backup.timeoutSeconds)`)),
      of.timeoutSeconds * 1e3
    );
    const made = await runBackup({
      settings: of,
      store: store(),
      report: told.report,
      open: (url) => new Channel(url, pair),
      volumes: () => volumesOf(told.api, of.namespace, of.claims),
      signal: ended.signal,
      say: (text2) => log("info", text2),
      peakMebibytes: () => Math.ceil(import_node_process2.default.resourceUsage().maxRSS / 1024)
    });
    clearTimeout(limit);
    return `the backup ${made.name} is made: revision ${made.revision}, ${made.keys} entries, ${made.snapshot.bytes} bytes`;
  },
  fetch: async () => {
    const folder = variable("BACKUP_FOLDER");
    const made = await fetchBackup(store(), readSettings(env, "BACKUP_WHICH"), folder);
    return `the backup ${made.name} is in ${folder}: revision ${made.revision}, ${made.snapshot.bytes} bytes`;
  },
  "drill-prepare": async () => {
    const of = settings();
    const made = await prepare(store(), report(of).report, variable("BACKUP_FOLDER"), of.timeoutSeconds);
    return `the backup ${made.name} is fetched, and as it was recorded`;
  },
  "drill-judge": async () => {
    const of = settings();
    const manifest = parseManifest((0, import_node_fs5.readFileSync)((0, import_node_path5.join)(variable("BACKUP_FOLDER"), files.manifest), "utf8"));
    const channel = new Channel(
      variable("BACKUP_ETCD_URL"),
      readPair(variable("BACKUP_TLS_DIR")),
      "localhost"
    );
    await judge2(manifest, channel, report(of).report, of.timeoutSeconds * 1e3);
    return `the backup ${manifest.name} was restored, and etcd started from it`;
  }
};
var helpless = (error) => error instanceof Refusal || error instanceof S3Error && !worthAnotherTry(error);
async function main() {
  const command = commands[import_node_process2.default.argv[2] ?? ""];
  if (!command) throw new Error(`there are: ${Object.keys(commands).join(", ")}`);
  return command();
}
main().then(
  (said) => {
    log("info", said);
    import_node_process2.default.exit(0);
  },
  (error) => {
    log("error", wordsOf(error));
    import_node_process2.default.exit(helpless(error) ? 3 : 1);
  }
);
