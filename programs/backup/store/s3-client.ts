import { Agent as PlainAgent } from "node:http";
import { Agent } from "node:https";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { S3Settings } from "../../../components/contract/jobs";
import { responseOf } from "./s3-response";
import type { Credentials } from "./credentials";
import { Expired, errorFrom, S3Error, isRetryable } from "./s3-errors";

export interface RetryPolicy {
  readonly attempts: number;
  /** The pause before the second attempt. It doubles before each further attempt. */
  readonly firstPauseMs: number;
  /** How long a connection may be silent in both directions. */
  readonly idleMs: number;
  /** How long one request may take until its response begins. */
  readonly requestMs: number;
}

export const retryPolicy: RetryPolicy = {
  attempts: 6,
  firstPauseMs: 500,
  idleMs: 30_000,
  requestMs: 300_000,
};

/** Sends requests through the SDK's client and retries each one while its error is transient. */
export class S3Connection {
  private readonly handler: NodeHttpHandler;
  private client: S3Client;

  constructor(
    readonly settings: S3Settings,
    private readonly credentials: () => Promise<Credentials>,
    private readonly policy: RetryPolicy = retryPolicy,
    private readonly sleep: (ms: number) => Promise<unknown> = pause,
  ) {
    const agent = { keepAlive: true, maxSockets: 8 };
    this.handler = new SlicingHandler({
      httpAgent: new PlainAgent(agent),
      httpsAgent: new Agent({ ...agent, ca: settings.ca }),
      connectionTimeout: policy.idleMs,
      socketTimeout: policy.idleMs,
      requestTimeout: policy.requestMs,
      throwOnRequestTimeout: true,
    });
    this.client = this.createClient();
  }

  /** `what` describes the request for people: `writing part 3`. The signal aborts it at once and for good. */
  async ask<T>(what: string, work: (client: S3Client) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { attempts, firstPauseMs } = this.policy;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const { client } = this;
      try {
        return await work(client);
      } catch (error) {
        const problem = errorFrom(error, this.settings, what);
        if (problem instanceof S3Error) problem.retried = attempt > 1;
        const renew = problem instanceof Expired && !renewed;
        if (attempt >= attempts || signal?.aborted || !(renew || isRetryable(problem))) throw problem;
        if (renew) {
          renewed = true;
          // A client caches its credentials until they expire by this node's clock, which may be slow.
          if (client === this.client) this.client = this.createClient();
        }
      }
      // With jitter, so that parallel requests aren't retried all at the same time.
      await this.sleep(firstPauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
    }
  }

  close(): void {
    this.handler.destroy();
  }

  private createClient(): S3Client {
    const { endpoint, region, pathStyle } = this.settings;
    const client = new S3Client({
      region,
      endpoint,
      forcePathStyle: pathStyle,
      credentials: this.credentials,
      requestHandler: this.handler,
      // `ask` retries, by the rules of `s3-retryable.ts`.
      maxAttempts: 1,
      // Each request is signed with its body's hash. Not every store knows the newer checksums.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      followRegionRedirects: false,
      // A wrong clock must be reported, not corrected silently: the ages of backups depend on it, too.
      disableClockSkewCorrection: true,
      // Not every store or proxy knows `Expect`.
      expectContinueHeader: false,
      // Set, so that the SDK reads none of them from the process's environment.
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
      useArnRegion: false,
      disableS3ExpressSessionAuth: true,
      defaultsMode: "standard",
      retryMode: "standard",
    });
    followRedirects(client);
    return client;
  }
}

const SLICE_BYTES = 128 * 1024;

/** TLS would hold a large body a second time, encrypted, until it is sent. Slices avoid that. */
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

const MAX_REDIRECTS = 3;

/** The part of the SDK's request that says where it goes. */
interface Outgoing {
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Some hours long, S3 redirects the requests of a new bucket (307). Each has to be signed for its target host. */
function followRedirects(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      for (let redirects = 0, request = args.request as Outgoing; ; redirects++) {
        try {
          return await next({ ...args, request });
        } catch (error) {
          const to = redirects < MAX_REDIRECTS ? destination(error, request) : undefined;
          if (!to) throw error;
          request = {
            ...request,
            hostname: to.hostname,
            port: to.port === "" ? undefined : Number(to.port),
            path: to.pathname,
            query: Object.fromEntries(to.searchParams),
            headers: { ...request.headers, host: to.host },
          } as Outgoing;
        }
      }
    },
    // After the request is built, and before it is signed.
    { name: "followRedirects", step: "build", priority: "low" },
  );
}

/** Where a redirect leads. Undefined if it would change the protocol, for example to plain HTTP. */
function destination(error: unknown, { protocol, headers: { host } }: Outgoing): URL | undefined {
  const { status, headers } = responseOf(error) ?? {};
  const { location = "" } = headers ?? {};
  const from = `${protocol}//${host ?? ""}`;
  if (status !== 307 || !URL.canParse(location, from)) return undefined;
  const to = new URL(location, from);
  return to.protocol === protocol ? to : undefined;
}
