import type { ClientRequest, IncomingMessage } from "node:http";
import { request } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readKeyPair } from "./tls";

/** Without a byte for so long, the other side is taken for gone. */
const SILENT_MS = 30_000;

/** Gives the body of a GET to `take`, and what that returns. */
export async function download<T>(
  url: string,
  tlsDir: string,
  take: (stream: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const asked = call("GET", url, tlsDir);
  asked.end();
  const response = await answerOf(asked);
  if (response.statusCode !== 200) throw new Error(await refusal(response));
  return take(response as AsyncIterable<Uint8Array>);
}

/** Sends the stream as the body of a POST, and returns when the other side has taken it. */
export async function upload(url: string, tlsDir: string, stream: AsyncIterable<Uint8Array>): Promise<void> {
  const asked = call("POST", url, tlsDir);
  const answer = answerOf(asked);
  const [sent, response] = await Promise.allSettled([pipeline(Readable.from(stream), asked), answer]);
  // An answer says more than the broken pipe that it comes with.
  if (response.status === "fulfilled") {
    if (response.value.statusCode !== 200) throw new Error(await refusal(response.value));
    response.value.resume();
  }
  for (const end of [sent, response]) if (end.status === "rejected") throw end.reason;
}

function call(method: "GET" | "POST", url: string, tlsDir: string): ClientRequest {
  const asked = request(url, {
    method,
    agent: false,
    ...readKeyPair(tlsDir),
    minVersion: "TLSv1.3",
    timeout: SILENT_MS,
  });
  asked.on("timeout", () => asked.destroy(new Error(`nothing was heard of ${new URL(url).host} any more`)));
  return asked;
}

function answerOf(asked: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    asked.on("response", resolve);
    asked.on("error", reject);
    asked.on("close", () => reject(new Error("the connection was closed")));
  });
}

async function refusal(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response) if (text.length < 200) text += String(part);
  return `it was answered ${response.statusCode}: ${text.slice(0, 200)}`;
}
