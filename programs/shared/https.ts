/** Requests over mutual TLS. Each has its own connection, because requests are rare and certificates are renewed. */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { RequestOptions } from "node:https";
import { request } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { textOf } from "./http";
import type { KeyPair } from "./tls";
import { readKeyPair } from "./tls";

export interface OutgoingRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly keyPair: KeyPair;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  /** After this time without an answer or an interim response (1xx), the request fails. */
  readonly idleTimeoutMs: number;
  /** A longer answer is an error. */
  readonly maxBytes: number;
  /** Called for each interim response. */
  readonly keepAlive?: () => void;
  /** The name that the server's certificate has to have, if it differs from the URL's host. */
  readonly servername?: string;
  /** The default is TLS 1.3. Lower it only for a server that may not support that. */
  readonly minVersion?: RequestOptions["minVersion"];
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request whose body fits into memory, and returns the whole answer, whatever its status is. */
export async function sendRequest(outgoing: OutgoingRequest): Promise<Answer> {
  const { method, url, keyPair, headers, body, idleTimeoutMs, maxBytes, keepAlive, servername } = outgoing;
  const { minVersion = "TLSv1.3" } = outgoing;
  const sending = request(url, { method, agent: false, ...keyPair, headers, minVersion, servername });
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
  // If the connection breaks, the request's error is more specific than the answer's.
  const failed = new Promise<never>((_, reject) => sending.on("error", reject));
  const answered = responseTo(sending).then(async (response) => ({
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: await textOf(response, maxBytes),
  }));
  sending.end(body);
  try {
    return await Promise.race([answered, failed]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error for an answer with an unexpected status or content. */
export const unexpectedAnswer = ({ status, text }: Pick<Answer, "status" | "text">): Error =>
  new Error(`the server answered ${status}: ${text.slice(0, 200)}`);

/** Passes the body of a GET to `take`, and returns the result of that. */
export async function download<T>(
  url: string,
  tlsDir: string,
  take: (stream: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const sending = streaming("GET", url, tlsDir);
  sending.end();
  const response = await responseTo(sending);
  await requireOk(response);
  return take(response as AsyncIterable<Uint8Array>);
}

/** Sends the stream as the body of a POST, and returns when the server has accepted it. */
export async function upload(url: string, tlsDir: string, stream: AsyncIterable<Uint8Array>): Promise<void> {
  const sending = streaming("POST", url, tlsDir);
  const answer = responseTo(sending);
  const [sent, response] = await Promise.allSettled([pipeline(Readable.from(stream), sending), answer]);
  // The server may answer and close the connection early. Its answer is more specific than the broken pipe.
  if (response.status === "fulfilled") {
    await requireOk(response.value);
    response.value.resume();
  }
  for (const end of [sent, response]) if (end.status === "rejected") throw end.reason;
}

/** After this time without a byte in either direction, the transfer fails. */
const STREAM_IDLE_TIMEOUT_MS = 30_000;
const MAX_REASON_BYTES = 64 * 1024;

function streaming(method: "GET" | "POST", url: string, tlsDir: string): ClientRequest {
  const keyPair = readKeyPair(tlsDir);
  const options = { method, agent: false, ...keyPair, timeout: STREAM_IDLE_TIMEOUT_MS } as const;
  const sending = request(url, { ...options, minVersion: "TLSv1.3" });
  sending.on("timeout", () =>
    sending.destroy(new Error(`no data from ${new URL(url).host} for ${STREAM_IDLE_TIMEOUT_MS / 1000} s`)),
  );
  return sending;
}

function responseTo(sending: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sending.on("response", resolve);
    sending.on("error", reject);
    sending.on("close", () => reject(new Error("the connection was closed")));
  });
}

async function requireOk(response: IncomingMessage): Promise<void> {
  const { statusCode: status = 0 } = response;
  if (status !== 200) throw unexpectedAnswer({ status, text: await textOf(response, MAX_REASON_BYTES) });
}
