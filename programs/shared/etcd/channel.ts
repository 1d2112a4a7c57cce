/**
 * gRPC to one etcd process over Node.js' own HTTP/2. The library that the controller speaks it with takes more than
 * twice the processor time for a long stream, and half of the memory that a backup is to have.
 */
import { connect } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import type { Method } from "./messages";
import type { Pair } from "./pair";
import { frame, Frames } from "./frames";

const CODES = [
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
  "UNAUTHENTICATED",
];

export class CallError extends Error {
  constructor(
    readonly code: string,
    readonly details: string,
  ) {
    super(`${code}: ${details}`);
  }
}

/** So much may be on its way: a stream is not to wait for each of the 64 KiB that HTTP/2 begins with. */
const WINDOW = 2 * 2 ** 20;
const CONNECT_MS = 5000;

export interface Streaming {
  /** A message; it is overwritten afterwards. A promise holds the stream until it is fulfilled. */
  readonly message: (bytes: Buffer) => Promise<void> | undefined;
  /** Without a byte for so long, the stream is ended. Not while it is held from here. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

export class Channel {
  private session: ClientHttp2Session | undefined;

  constructor(
    /** `https://etcd-0.etcd.ns.svc.cluster.local:2379` */
    private readonly url: string,
    private readonly pair: Pick<Pair, "ca" | "cert" | "key">,
    /** What the certificate has to be made out to, if that isn't the URL's host. */
    private readonly serverName?: string,
  ) {}

  async call<Q, A>(method: Method<Q, A>, request: Partial<Q>, timeoutMs: number): Promise<A> {
    let answer: Buffer | undefined;
    const signal = AbortSignal.timeout(timeoutMs);
    await this.stream(method.path, method.request.encode(request), {
      message: (bytes) => {
        answer = Buffer.from(bytes);
        return undefined;
      },
      idleMs: timeoutMs,
      signal,
    }).catch((error: unknown) => {
      throw signal.aborted ? new CallError("DEADLINE_EXCEEDED", `no answer in ${timeoutMs / 1000} s`) : error;
    });
    if (!answer) throw new CallError("INTERNAL", "no answer");
    return method.answer.decode(answer);
  }

  /** Until the server has said that all is told. */
  stream(path: string, request: Buffer, { message, idleMs, signal }: Streaming): Promise<void> {
    return new Promise((resolve, reject) => {
      const session = this.open();
      const failed = (error: unknown) => {
        settle(() => reject(error instanceof Error ? error : new Error(String(error))));
        call.close(8);
      };
      const settle = (end: () => void) => {
        clearInterval(watch);
        session.off("error", failed);
        signal?.removeEventListener("abort", aborted);
        end();
      };
      const call = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      const aborted = () => failed(signal?.reason);
      const frames = new Frames();
      let head: IncomingHttpHeaders = {};
      let end: IncomingHttpHeaders | undefined;
      session.on("error", failed);
      signal?.addEventListener("abort", aborted, { once: true });
      call.on("response", (headers) => (head = headers));
      call.on("trailers", (headers: IncomingHttpHeaders) => (end = headers));
      let heardMs = performance.now();
      const watch = setInterval(
        () => {
          if (call.isPaused()) heardMs = performance.now();
          else if (performance.now() - heardMs > idleMs)
            failed(new CallError("UNAVAILABLE", `nothing came for ${idleMs / 1000} s`));
        },
        Math.min(idleMs, 1000),
      );
      call.on("data", (chunk: Buffer) => {
        heardMs = performance.now();
        try {
          frames.push(chunk, (bytes) => hold(call, message(bytes), failed));
        } catch (error) {
          failed(error);
        }
      });
      call.on("error", failed);
      call.on("close", () => settle(() => finish(resolve, reject, head, end, frames.open)));
      if (signal?.aborted) aborted();
      else call.end(frame(request));
    });
  }

  close(): void {
    this.session?.destroy();
    this.session = undefined;
  }

  private open(): ClientHttp2Session {
    if (this.session && !this.session.destroyed && !this.session.closed) return this.session;
    const { ca, cert, key } = this.pair;
    const session = connect(this.url, {
      ca,
      cert,
      key,
      ...(this.serverName ? { servername: this.serverName } : {}),
      ALPNProtocols: ["h2"],
      settings: { initialWindowSize: WINDOW, enablePush: false, maxFrameSize: 2 ** 18 },
    });
    const limit = setTimeout(
      () => session.destroy(new CallError("UNAVAILABLE", `no connection in ${CONNECT_MS / 1000} s`)),
      CONNECT_MS,
    );
    session.on("connect", () => {
      clearTimeout(limit);
      session.setLocalWindowSize(WINDOW);
    });
    session.on("close", () => clearTimeout(limit));
    // One a call.
    session.setMaxListeners(0);
    session.on("error", () => undefined);
    this.session = session;
    return session;
  }
}

function hold(
  call: ClientHttp2Stream,
  until: Promise<void> | undefined,
  failed: (error: unknown) => void,
): void {
  if (!until) return;
  call.pause();
  until.then(() => call.resume(), failed);
}

function finish(
  resolve: () => void,
  reject: (error: Error) => void,
  head: IncomingHttpHeaders,
  trailers: IncomingHttpHeaders | undefined,
  open: boolean,
): void {
  const status = Number(head[":status"] ?? 200);
  const told = trailers ?? head;
  const code = told["grpc-status"];
  if (code === undefined)
    reject(
      new CallError("UNAVAILABLE", status === 200 ? "the connection ended in the middle" : `HTTP ${status}`),
    );
  else if (code !== "0") {
    const text = decodeURIComponent(String(told["grpc-message"] ?? ""));
    reject(new CallError(CODES[Number(code)] ?? String(code), text));
  } else if (open) reject(new CallError("DATA_LOSS", "a message was cut short"));
  else resolve();
}
