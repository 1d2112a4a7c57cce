import { createHash, webcrypto } from "node:crypto";
import { Agent as PlainAgent } from "node:http";
import type { IncomingMessage } from "node:http";
import { Agent } from "node:https";
import { sign } from "aws4";
import type { S3Settings } from "../settings";
import type { Credentials } from "./credentials";
import { ask, begin } from "./http";
import type { Answer, Asked } from "./http";
import { connectionError, S3Error, s3Error, worthAnotherTry } from "./s3-words";

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

/** Signed requests, each of them again after a pause while that may help. */
export class S3Client {
  private readonly agent: Agent | PlainAgent;
  private readonly base: URL;
  private dateMs: number | undefined;
  private hashing: Promise<unknown> = Promise.resolve();

  constructor(
    readonly settings: S3Settings,
    private readonly credentials: () => Promise<Credentials>,
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
    const hash = await this.hashOf(call.body);
    return this.again(call.signal, async () => {
      const answer = await ask(await this.signed(call, hash, this.patient.requestMs));
      this.note(answer.headers.date);
      if (answer.status >= 300 && !call.alsoFine?.includes(answer.status))
        throw s3Error(answer, this.settings, call.what);
      return answer;
    });
  }

  /** An object's bytes as they come. What breaks in the middle is an error of the stream. */
  open(call: Call): Promise<IncomingMessage> {
    return this.again(call.signal, async () => {
      const { response, done } = await begin(await this.signed(call, EMPTY, this.patient.readMs));
      this.note(response.headers.date);
      response.on("close", done);
      if (response.statusCode === 200) return response;
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      throw s3Error(
        { status: response.statusCode ?? 0, body: Buffer.concat(chunks) },
        this.settings,
        call.what,
      );
    });
  }

  clockMs(): number | undefined {
    return this.dateMs;
  }

  close(): void {
    this.agent.destroy();
  }

  private async again<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const { attempts, firstPauseMs } = this.patient;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const explained = connectionError(error, this.settings);
        if (explained instanceof S3Error) explained.retried = attempt > 1;
        if (attempt >= attempts || signal?.aborted || !worthAnotherTry(explained)) throw explained;
      }
      // Not all at the same time.
      await this.sleep(firstPauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
    }
  }

  /** In a thread of its own, for the main one has enough to do; one at a time, for it works on a copy. */
  private hashOf(body: Buffer | undefined): Promise<string> {
    if (!body) return Promise.resolve(EMPTY);
    const hash = this.hashing.then(() => webcrypto.subtle.digest("SHA-256", body));
    this.hashing = hash.catch(() => undefined);
    return hash.then((bytes) => Buffer.from(bytes).toString("hex"));
  }

  private async signed(call: Call, hash: string, timeoutMs: number): Promise<Asked> {
    const { region, pathStyle, bucket } = this.settings;
    const { accessKeyId, secretAccessKey, sessionToken } = await this.credentials();
    const folder = pathStyle ? `/${bucket}` : "";
    const path = call.key === undefined ? `${folder}/` : `${folder}/${encodePath(call.key)}`;
    const search = new URLSearchParams(call.query).toString();
    const request = sign(
      {
        service: "s3",
        region,
        method: call.method,
        host: this.base.host,
        path: search ? `${path}?${search}` : path,
        headers: { ...call.headers, host: this.base.host, "x-amz-content-sha256": hash },
      },
      { accessKeyId, secretAccessKey, sessionToken },
    );
    return {
      url: this.base,
      path: request.path,
      method: call.method,
      headers: request.headers,
      body: call.body,
      agent: this.agent,
      idleMs: this.patient.idleMs,
      timeoutMs,
      signal: call.signal,
    };
  }

  private note(date: string | undefined): void {
    const ms = date === undefined ? NaN : Date.parse(date);
    if (!Number.isNaN(ms)) this.dateMs = ms;
  }
}

const EMPTY = createHash("sha256").digest("hex");

const encodePath = (key: string): string => key.split("/").map(encodeURIComponent).join("/");

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
