import { createHash, getFips, webcrypto } from "node:crypto";
import { Agent as PlainAgent } from "node:http";
import type { IncomingMessage } from "node:http";
import { Agent } from "node:https";
import { sign } from "aws4";
import type { S3Settings } from "../../../components/contract/jobs";
import type { Credentials } from "./credentials";
import { ask, begin, bodyOf } from "./http";
import type { Answer, Asked } from "./http";
import { connectionError, Expired, S3Error, s3Error, worthAnotherTry } from "./s3-words";
import { element } from "./xml";

export interface Call {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** In words: `writing part 3`. */
  readonly what: string;
  /** Below the bucket. Absent: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Statuses that are answers and no errors, besides 2xx. */
  readonly alsoFine?: readonly number[];
  /** Whether it may begin with 200 before the store knows how it will end, and end with an error. */
  readonly endsLate?: boolean;
  readonly largestBytes?: number;
  /** Ends it at once, and there is no further attempt. */
  readonly signal?: AbortSignal;
}

export interface Patience {
  readonly attempts: number;
  /** Before the second attempt; twice as long before each further one. */
  readonly firstPauseMs: number;
  readonly idleMs: number;
  /** One request, all of it. */
  readonly requestMs: number;
  /** An object that is read. */
  readonly readMs: number;
}

export const patience: Patience = {
  attempts: 6,
  firstPauseMs: 500,
  idleMs: 30_000,
  requestMs: 300_000,
  readMs: 6 * 3600_000,
};

/** How one attempt differs from the first. */
interface Way {
  /** Where the store has sent it to. */
  readonly to?: URL;
  /** Whether other credentials are to be asked for. */
  readonly renew?: boolean;
}

interface Sums {
  readonly sha256: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The store has sent a request elsewhere, for now. */
class Moved extends Error {
  constructor(readonly to: URL) {
    super(`sent to ${to.host}`);
  }
}

const MOST_MOVES = 3;

/** Signed requests, each of them again after a pause while that may help. */
export class S3Client {
  private readonly agent: Agent | PlainAgent;
  private readonly base: URL;
  private hashing: Promise<unknown> = Promise.resolve();

  constructor(
    readonly settings: S3Settings,
    private readonly credentials: (renew?: boolean) => Promise<Credentials>,
    private readonly patient: Patience = patience,
    private readonly sleep: (ms: number) => Promise<unknown> = pause,
  ) {
    const { endpoint, bucket, pathStyle, ca } = settings;
    this.base = new URL(endpoint);
    if (!pathStyle) this.base.hostname = `${bucket}.${this.base.hostname}`;
    this.agent =
      this.base.protocol === "http:"
        ? new PlainAgent({ keepAlive: true, maxSockets: 8 })
        : new Agent({ keepAlive: true, maxSockets: 8, ca });
  }

  async call(call: Call): Promise<Answer> {
    // Only once for all attempts.
    const sums = await this.sumsOf(call);
    return this.again(call.signal, async (way) => {
      const answer = await ask(await this.signed(call, sums, this.patient.requestMs, way));
      if (answer.status >= 300) {
        if (call.alsoFine?.includes(answer.status)) return answer;
        throw this.failure(answer, call.what);
      }
      if (call.endsLate && element(answer.body.toString("utf8"), "Error") !== undefined)
        throw this.failure({ ...answer, status: 500 }, call.what);
      return answer;
    });
  }

  /** An object's bytes as they come. What breaks in the middle is an error of the stream. */
  open(call: Call): Promise<IncomingMessage> {
    return this.again(call.signal, async (way) => {
      const asked = await this.signed(call, NOTHING, this.patient.readMs, way);
      const { response, done } = await begin(asked);
      response.on("close", done);
      const { statusCode: status = 0, headers } = response;
      if (status === 200) return response;
      throw this.failure({ status, headers, body: await bodyOf(response, asked) }, call.what);
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private async again<T>(signal: AbortSignal | undefined, work: (way: Way) => Promise<T>): Promise<T> {
    const { attempts, firstPauseMs } = this.patient;
    let way: Way = {};
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
        const explained = connectionError(error, this.settings);
        if (explained instanceof S3Error) explained.retried = attempt > 1;
        const renew = explained instanceof Expired && !way.renew;
        if (attempt >= attempts || signal?.aborted || !(renew || worthAnotherTry(explained))) throw explained;
        // Where it was sent to the last time was for the last time.
        way = renew ? { renew } : {};
      }
      // Not all at the same time.
      await this.sleep(firstPauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
    }
  }

  private failure(answer: Answer, what: string): Error {
    const to = answer.status === 307 ? destination(answer, this.base) : undefined;
    return to ? new Moved(to) : s3Error(answer, this.settings, what);
  }

  /**
   * SHA-256 for the signature, in a thread of its own, for the main one has enough to do; one at a time, for it works on a
   * copy. And what a bucket with a default retention demands of all that is written: the one sum that every store knows.
   */
  private async sumsOf({ method, body }: Call): Promise<Sums> {
    if (!body) return NOTHING;
    const hash = this.hashing.then(() => webcrypto.subtle.digest("SHA-256", body));
    this.hashing = hash.catch(() => undefined);
    const sha256 = Buffer.from(await hash);
    return { sha256: sha256.toString("hex"), headers: method === "PUT" ? checksum(body, sha256) : {} };
  }

  private async signed(call: Call, sums: Sums, timeoutMs: number, { to, renew }: Way): Promise<Asked> {
    const { accessKeyId, secretAccessKey, sessionToken } = await this.credentials(renew);
    const url = to ?? this.base;
    const request = sign(
      {
        service: "s3",
        region: this.settings.region,
        method: call.method,
        host: url.host,
        path: to ? to.pathname + to.search : this.pathOf(call),
        headers: { ...call.headers, ...sums.headers, host: url.host, "x-amz-content-sha256": sums.sha256 },
      },
      { accessKeyId, secretAccessKey, sessionToken },
    );
    return {
      url,
      path: request.path,
      method: call.method,
      headers: request.headers,
      body: call.body,
      agent: this.agent,
      idleMs: this.patient.idleMs,
      timeoutMs,
      signal: call.signal,
      largestBytes: call.largestBytes,
    };
  }

  private pathOf({ key, query }: Call): string {
    const { pathStyle, bucket } = this.settings;
    // Some gateways have their S3 below a path.
    const above = this.base.pathname.replace(/\/+$/, "");
    const folder = pathStyle ? `${above}/${encodeURIComponent(bucket)}` : above;
    const path = `${folder}/${key === undefined ? "" : encodePath(key)}`;
    const search = new URLSearchParams(query).toString();
    return search ? `${path}?${search}` : path;
  }
}

/** Never to where others could read along. */
function destination({ headers }: Answer, base: URL): URL | undefined {
  const { location = "" } = headers;
  if (!URL.canParse(location, base.href)) return undefined;
  const to = new URL(location, base);
  return to.protocol === base.protocol ? to : undefined;
}

/** A Node.js that keeps to FIPS has no MD5. */
const checksum = (body: Buffer, sha256: Buffer): Record<string, string> =>
  getFips() === 1
    ? { "x-amz-checksum-sha256": sha256.toString("base64") }
    : { "content-md5": createHash("md5").update(body).digest("base64") };

const NOTHING: Sums = { sha256: createHash("sha256").digest("hex"), headers: {} };

const encodePath = (key: string): string => key.split("/").map(encodeURIComponent).join("/");

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function encryption({ encryption: wanted }: S3Settings): Record<string, string> {
  if (!wanted) return {};
  return {
    "x-amz-server-side-encryption": wanted.algorithm,
    ...(wanted.keyId ? { "x-amz-server-side-encryption-aws-kms-key-id": wanted.keyId } : {}),
  };
}
