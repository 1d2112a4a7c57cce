import { Agent as PlainAgent } from "node:http";
import { Agent } from "node:https";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { S3Settings } from "../../../components/contract/jobs";
import { answerOf } from "./answer";
import type { Credentials } from "./credentials";
import { Expired, explained, S3Error, worthAnotherTry } from "./s3-words";

export interface Patience {
  readonly attempts: number;
  /** Before the second attempt; twice as long before each further one. */
  readonly firstPauseMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** One request, until its answer begins. */
  readonly requestMs: number;
}

export const patience: Patience = { attempts: 6, firstPauseMs: 500, idleMs: 30_000, requestMs: 300_000 };

/** Requests of the SDK's client, each of them again after a pause while that may help. */
export class S3Connection {
  private readonly handler: NodeHttpHandler;
  private client: S3Client;

  constructor(
    readonly settings: S3Settings,
    private readonly credentials: () => Promise<Credentials>,
    private readonly patient: Patience = patience,
    private readonly sleep: (ms: number) => Promise<unknown> = pause,
  ) {
    const agent = { keepAlive: true, maxSockets: 8 };
    this.handler = new SlicingHandler({
      httpAgent: new PlainAgent(agent),
      httpsAgent: new Agent({ ...agent, ca: settings.ca }),
      connectionTimeout: patient.idleMs,
      socketTimeout: patient.idleMs,
      requestTimeout: patient.requestMs,
      throwOnRequestTimeout: true,
    });
    this.client = this.made();
  }

  /** `what` is in words: `writing part 3`. The signal ends it at once, and there is no further attempt. */
  async ask<T>(what: string, work: (client: S3Client) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { attempts, firstPauseMs } = this.patient;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const { client } = this;
      try {
        return await work(client);
      } catch (error) {
        const problem = explained(error, this.settings, what);
        if (problem instanceof S3Error) problem.retried = attempt > 1;
        const renew = problem instanceof Expired && !renewed;
        if (attempt >= attempts || signal?.aborted || !(renew || worthAnotherTry(problem))) throw problem;
        if (renew) {
          renewed = true;
          // A client keeps its credentials until they expire by this node's clock, which may be behind.
          if (client === this.client) this.client = this.made();
        }
      }
      // Not all at the same time.
      await this.sleep(firstPauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
    }
  }

  close(): void {
    this.handler.destroy();
  }

  private made(): S3Client {
    const { endpoint, region, pathStyle } = this.settings;
    const client = new S3Client({
      region,
      endpoint,
      forcePathStyle: pathStyle,
      credentials: this.credentials,
      requestHandler: this.handler,
      // What is tried again, and when, `s3-again.ts` says.
      maxAttempts: 1,
      // Each request is signed with its body's hash, and not every store knows the newer sums.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      followRegionRedirects: false,
      // A clock that is wrong is told of: ages of backups are by it as well.
      disableClockSkewCorrection: true,
      // Not every store, or what is before it, knows `Expect`.
      expectContinueHeader: false,
      // Nothing of it is taken from the process' variables.
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
      useArnRegion: false,
      disableS3ExpressSessionAuth: true,
      defaultsMode: "standard",
      retryMode: "standard",
    });
    followMoves(client);
    return client;
  }
}

const SLICE_BYTES = 128 * 1024;

/** Given at once, a large body would be kept a second time, encrypted, until it is sent. */
class SlicingHandler extends NodeHttpHandler {
  override handle(...[request, options]: Parameters<NodeHttpHandler["handle"]>) {
    const body: unknown = request.body;
    if (!Buffer.isBuffer(body)) return super.handle(request, options);
    const sliced = Readable.from(slices(body), { highWaterMark: 1 });
    return super.handle({ ...request, body: sliced } as typeof request, options);
  }
}

function* slices(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += SLICE_BYTES) yield body.subarray(at, at + SLICE_BYTES);
}

const MOST_MOVES = 3;

/** As much of the SDK's request as tells where it goes. */
interface Going {
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A new bucket's requests are sent elsewhere (307) for some hours: each is signed for the host that it goes to. */
function followMoves(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      for (let moves = 0, request = args.request as Going; ; moves++) {
        try {
          return await next({ ...args, request });
        } catch (error) {
          const to = moves < MOST_MOVES ? destination(error, request) : undefined;
          if (!to) throw error;
          request = {
            ...request,
            hostname: to.hostname,
            port: to.port === "" ? undefined : Number(to.port),
            path: to.pathname,
            query: Object.fromEntries(to.searchParams),
            headers: { ...request.headers, host: to.host },
          } as Going;
        }
      }
    },
    // After all that the request is made of, and before it is signed.
    { name: "followMoves", step: "build", priority: "low" },
  );
}

/** Never to where others could read along. */
function destination(error: unknown, { protocol, headers: { host } }: Going): URL | undefined {
  const { status, headers } = answerOf(error) ?? {};
  const { location = "" } = headers ?? {};
  const from = `${protocol}//${host ?? ""}`;
  if (status !== 307 || !URL.canParse(location, from)) return undefined;
  const to = new URL(location, from);
  return to.protocol === protocol ? to : undefined;
}
