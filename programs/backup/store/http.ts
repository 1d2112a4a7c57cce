import { request as plain } from "node:http";
import type { Agent as PlainAgent, ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { request as secure } from "node:https";
import type { Agent } from "node:https";
import { Unreadable } from "../../shared/refusal";

export interface Asked {
  readonly url: URL;
  /** As it was signed; the URL's own otherwise. */
  readonly path?: string;
  readonly method: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
  readonly agent?: Agent | PlainAgent;
  /** Without a byte in either direction for so long, it is given up. */
  readonly idleMs?: number;
  /** All of it. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** An answer with more than that is refused. */
  readonly largestBytes?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** A page of a listing, with the longest keys that there are, has half of it. */
const LARGEST_ANSWER = 8 * 2 ** 20;

/** The whole answer. What a proxy is asked by variables is not asked. */
export async function ask(asked: Asked): Promise<Answer> {
  const { response, done } = await begin(asked);
  try {
    const body = await bodyOf(response, asked);
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  } finally {
    done();
  }
}

export async function bodyOf(
  response: IncomingMessage,
  { url, largestBytes = LARGEST_ANSWER }: Pick<Asked, "url" | "largestBytes">,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestBytes)
      throw new Unreadable(`${url.host} answers with more than ${largestBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error(`${url.host} ended the connection in the middle of its answer`);
  return Buffer.concat(chunks);
}

/** The answer's beginning; `done` has to be called at its end. */
export function begin(asked: Asked): Promise<{ response: IncomingMessage; done: () => void }> {
  const { url, idleMs = 30_000, timeoutMs } = asked;
  const request = url.protocol === "http:" ? plain : secure;
  return new Promise((resolve, reject) => {
    const sending = request({
      // An IPv6 address stands in brackets in a URL only.
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port || undefined,
      method: asked.method,
      path: asked.path ?? url.pathname + url.search,
      headers: { ...asked.headers, "content-length": asked.body?.length ?? 0 },
      agent: asked.agent,
      signal: asked.signal,
    });
    const silent = () => sending.destroy(new Error(`${url.host} was silent for ${idleMs / 1000} s`));
    const limit = setTimeout(
      () => sending.destroy(new Error(`${url.host} took longer than ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    sending.setTimeout(idleMs, silent);
    sending.on("error", (error: NodeJS.ErrnoException) => {
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

/** Given at once, a large body would be kept a second time, encrypted, until it is sent. */
const SLICE_BYTES = 128 * 1024;

async function sendBody(sending: ClientRequest, body: Buffer): Promise<void> {
  for (let at = 0; at < body.length && !sending.destroyed; at += SLICE_BYTES) {
    if (sending.write(body.subarray(at, at + SLICE_BYTES))) continue;
    await new Promise<void>((resolve) => {
      const done = () => {
        sending.off("drain", done).off("close", done);
        resolve();
      };
      sending.on("drain", done).on("close", done);
    });
  }
  if (!sending.destroyed) sending.end();
}
