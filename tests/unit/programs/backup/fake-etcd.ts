/** As much of etcd as a backup or a restore speaks to, over HTTP/2, with its faults. */
import { createSecureServer, createServer } from "node:http2";
import type { Http2Server, IncomingHttpHeaders, SecureServerOptions, ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { addressOfUrl } from "../../../../programs/shared/etcd/address";
import { EtcdClient } from "../../../../programs/shared/etcd/client";
import * as rpc from "../../../../programs/shared/etcd/rpc_pb";

export interface Behaviour {
  readonly snapshot: Buffer;
  readonly memberId: string;
  readonly leaderId: string;
  readonly clusterId: string;
  readonly learner: boolean;
  readonly quorum: boolean;
  readonly corrupt: readonly string[];
  /** So many bytes, then: the stream is reset, the connection cut, nothing any more, or an orderly end. */
  readonly after?: { readonly bytes: number; readonly then: "reset" | "cut" | "silence" | "end" };
  readonly liveKeys: number;
  /** With users, authentication is enabled, and those with a role other than root may do nothing here. */
  readonly users?: Readonly<Record<string, { readonly password: string; readonly role: string }>>;
  /** Tokens expire when the stream of a snapshot has begun. */
  readonly shortLived?: boolean;
  /** Who answers after the snapshot, if that is another member. */
  readonly afterwards?: string;
}

export class FakeEtcd {
  private readonly server: Http2Server;
  private readonly clients: EtcdClient[] = [];
  behaviour: Behaviour;
  /** Snapshots that were asked for. */
  asked = 0;
  /** Bytes of snapshots that were handed to the connection. */
  sent = 0;
  /** The valid tokens, and whose they are. */
  private readonly tokens = new Map<string, string>();
  private issued = 0;

  constructor(
    snapshot: Buffer,
    more: Partial<Behaviour> = {},
    private readonly tls?: SecureServerOptions,
  ) {
    this.server = tls ? createSecureServer(tls) : createServer();
    const plain = { memberId: "171", leaderId: "171", clusterId: "193", learner: false, quorum: true };
    this.behaviour = { snapshot, corrupt: [], liveKeys: 2, ...plain, ...more };
    this.server.on("stream", (stream: ServerHttp2Stream, headers) => {
      const parts: Buffer[] = [];
      stream.on("error", () => undefined);
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => void this.answer(stream, headers, Buffer.concat(parts).subarray(5)));
    });
    this.server.on("session", (session) => session.on("error", () => undefined));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `${this.tls ? "https" : "http"}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  readonly open = (url: string): EtcdClient => {
    const client = new EtcdClient(addressOfUrl(url), {});
    this.clients.push(client);
    return client;
  };

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    request: Buffer,
  ): Promise<void> {
    const path = String(headers[":path"]);
    const { leaderId, clusterId, learner, quorum, corrupt, liveKeys, users, afterwards } = this.behaviour;
    const memberId = (this.asked > 0 ? afterwards : undefined) ?? this.behaviour.memberId;
    const header = { clusterId, memberId, revision: 7n };
    if (path.endsWith("Auth/Authenticate")) return this.authenticate(stream, request);
    if (users) {
      const { token } = headers;
      if (token === undefined) return refuse(stream, 3, "etcdserver: user name is empty");
      const user = this.tokens.get(String(token));
      if (user === undefined) return refuse(stream, 16, "etcdserver: invalid auth token");
      if (users[user]?.role !== "root") return refuse(stream, 7, "etcdserver: permission denied");
    }
    if (path.endsWith("Maintenance/Status"))
      return one(stream, rpc.StatusResponseSchema, {
        header,
        version: "3.6.16",
        leader: leaderId,
        isLearner: learner,
      });
    if (path.endsWith("Maintenance/Alarm"))
      return one(stream, rpc.AlarmResponseSchema, {
        alarms: corrupt.map((memberID) => ({ memberID, alarm: rpc.AlarmType.CORRUPT })),
      });
    if (path.endsWith("Maintenance/Snapshot")) return this.stream(stream);
    if (!quorum) return refuse(stream, 14, "etcdserver: request timed out, possibly due to lost leader");
    if (path.endsWith("KV/Range"))
      return one(stream, rpc.RangeResponseSchema, { header, count: BigInt(liveKeys) });
    if (path.endsWith("Cluster/MemberList"))
      return one(stream, rpc.MemberListResponseSchema, {
        members: [{ ID: memberId, name: `etcd-${memberId}` }],
      });
    return refuse(stream, 12, `unknown method ${path}`);
  }

  private authenticate(stream: ServerHttp2Stream, request: Buffer): void {
    const { users } = this.behaviour;
    const { name, password } = fromBinary(rpc.AuthenticateRequestSchema, request);
    if (!users) return refuse(stream, 9, "etcdserver: authentication is not enabled");
    if (users[name]?.password !== password)
      return refuse(stream, 3, "etcdserver: authentication failed, invalid user ID or password");
    const token = `${name}.${++this.issued}`;
    this.tokens.set(token, name);
    return one(stream, rpc.AuthenticateResponseSchema, { token });
  }

  private async stream(stream: ServerHttp2Stream): Promise<void> {
    this.asked += 1;
    const { snapshot, after, shortLived } = this.behaviour;
    if (shortLived) this.tokens.clear();
    begin(stream);
    const trailer = snapshot.length - 32;
    for (let at = 0; at < snapshot.length;) {
      const end = Math.min(at + 32768, at < trailer ? trailer : snapshot.length);
      if (after && end > after.bytes) return stopAs(stream, after.then);
      const blob = snapshot.subarray(at, end);
      const remainingBytes = BigInt(Math.max(0, trailer - end));
      const more = stream.write(frame(rpc.SnapshotResponseSchema, { remainingBytes, blob }));
      this.sent += blob.length;
      at = end;
      if (!more && !stream.destroyed) await drained(stream);
      if (stream.destroyed) return;
    }
    if (after) return stopAs(stream, after.then);
    stream.end();
  }
}

/** Until there is room again, or nobody listens any more. */
function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.on("drain", done).on("close", done);
  });
}

function begin(stream: ServerHttp2Stream, status = 0, text = ""): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () =>
    stream.sendTrailers({ "grpc-status": String(status), "grpc-message": text }),
  );
}

/** A message as gRPC sends it: not compressed, and its length before it. */
function frame<M extends DescMessage>(schema: M, content: MessageInitShape<M>): Buffer {
  const message = toBinary(schema, create(schema, content));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function one<M extends DescMessage>(
  stream: ServerHttp2Stream,
  schema: M,
  content: MessageInitShape<M>,
): void {
  begin(stream);
  stream.end(frame(schema, content));
}

/** As gRPC does it: an answer that is nothing but its end. */
function refuse(stream: ServerHttp2Stream, status: number, text: string): void {
  stream.respond(
    {
      ":status": 200,
      "content-type": "application/grpc",
      "grpc-status": String(status),
      "grpc-message": text,
    },
    { endStream: true },
  );
}

function stopAs(stream: ServerHttp2Stream, how: "reset" | "cut" | "silence" | "end"): void {
  if (how === "reset") stream.close(2);
  else if (how === "cut") stream.session?.destroy();
  else if (how === "end") stream.end();
}
