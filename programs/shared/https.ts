/** Requests over mutual TLS, each on a connection of its own: they are few, and certificates are renewed. */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { RequestOptions } from "node:https";
import { request } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { textOf } from "./http";
import type { KeyPair } from "./tls";
import { readKeyPair } from "./tls";

export interface Question {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly keyPair: KeyPair;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  /** Without an answer or an interim response (1xx) for so long, the other side is taken for gone. */
  readonly silentMs: number;
  /** A longer answer is an error. */
  readonly maxBytes: number;
  /** Called for each interim response. */
  readonly keepAlive?: () => void;
  /** What the certificate has to be made out to, if that isn't the URL's host. */
  readonly servername?: string;
  /** TLS 1.3 unless the other side may know less. */
  readonly minVersion?: RequestOptions["minVersion"];
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends what fits into memory, and reads the whole answer, whatever its status. */
export async function ask(question: Question): Promise<Answer> {
  const { method, url, keyPair, headers, body, silentMs, maxBytes, keepAlive, servername } = question;
  const { minVersion = "TLSv1.3" } = question;
  const sending = request(url, { method, agent: false, ...keyPair, headers, minVersion, servername });
  const giveUp = () => sending.destroy(new Error(`no answer from ${url.origin}`));
  let silence = setTimeout(giveUp, silentMs);
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(giveUp, silentMs);
  };
  sending.on("response", heard);
  sending.on("information", () => {
    keepAlive?.();
    heard();
  });
  // Its error says more than that of the answer which breaks off with it.
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
    clearTimeout(silence);
  }
}

/** An answer that isn't the one that was asked for. */
export const unexpected = ({ status, text }: Pick<Answer, "status" | "text">): Error =>
  new Error(`it was answered ${status}: ${text.slice(0, 200)}`);

/** Gives the body of a GET to `take`, and what that returns. */
export async function download<T>(
  url: string,
  tlsDir: string,
  take: (stream: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const sending = streaming("GET", url, tlsDir);
  sending.end();
  const response = await responseTo(sending);
  await mustBeTaken(response);
  return take(response as AsyncIterable<Uint8Array>);
}

/** Sends the stream as the body of a POST, and returns when the other side has taken it. */
export async function upload(url: string, tlsDir: string, stream: AsyncIterable<Uint8Array>): Promise<void> {
  const sending = streaming("POST", url, tlsDir);
  const answer = responseTo(sending);
  const [sent, response] = await Promise.allSettled([pipeline(Readable.from(stream), sending), answer]);
  // An answer says more than the broken pipe that it comes with.
  if (response.status === "fulfilled") {
    await mustBeTaken(response.value);
    response.value.resume();
  }
  for (const end of [sent, response]) if (end.status === "rejected") throw end.reason;
}

/** Without a byte for so long, in either direction, the other side is taken for gone. */
const STREAM_SILENT_MS = 30_000;
const MAX_REASON_BYTES = 64 * 1024;

function streaming(method: "GET" | "POST", url: string, tlsDir: string): ClientRequest {
  const keyPair = readKeyPair(tlsDir);
  const options = { method, agent: false, ...keyPair, timeout: STREAM_SILENT_MS } as const;
  const sending = request(url, { ...options, minVersion: "TLSv1.3" });
  sending.on("timeout", () =>
    sending.destroy(new Error(`nothing was heard of ${new URL(url).host} any more`)),
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

async function mustBeTaken(response: IncomingMessage): Promise<void> {
  const { statusCode: status = 0 } = response;
  if (status !== 200) throw unexpected({ status, text: await textOf(response, MAX_REASON_BYTES) });
}
