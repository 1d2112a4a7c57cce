import { request } from "node:https";
import type { GateMessage } from "../shared/protocol";
import { KNOWN_TAG_HEADER, parseOrder, REPORT_PATH, TAG_HEADER } from "../shared/protocol";
import type { Order } from "../shared/protocol";
import { wordsOf } from "../shared/errors";
import { readKeyPair } from "../shared/tls";

export type Answer =
  | { readonly order: Order; readonly tag: string | undefined }
  /** Nobody answered: why, and when the last sign of life was, or else the asking began. */
  | { readonly problem: string; readonly sinceMs: number };

export interface Ask {
  readonly url: string;
  /** With `tls.crt`, `tls.key` and `ca.crt`; read each time, for they are renewed. */
  readonly tlsDir: string;
  /** The door sends something every second. */
  readonly patienceMs: number;
  readonly now: () => number;
}

const MAX_BODY = 256 * 1024;

export async function askController(
  ask: Ask,
  message: GateMessage,
  tag: string | undefined,
): Promise<Answer> {
  let sinceMs = ask.now();
  try {
    return await post(ask, message, tag, () => {
      sinceMs = ask.now();
    });
  } catch (error) {
    return { problem: wordsOf(error), sinceMs };
  }
}

function post(ask: Ask, message: GateMessage, tag: string | undefined, sign: () => void): Promise<Answer> {
  const body = JSON.stringify(message);
  return new Promise((resolve, reject) => {
    const asked = request(new URL(REPORT_PATH, ask.url), {
      method: "POST",
      agent: false,
      ...readKeyPair(ask.tlsDir),
      minVersion: "TLSv1.3",
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        ...(tag ? { [KNOWN_TAG_HEADER]: tag } : {}),
      },
    });
    const give = () => asked.destroy(new Error(`no answer from ${ask.url}`));
    let patience = setTimeout(give, ask.patienceMs);
    const alive = () => {
      clearTimeout(patience);
      patience = setTimeout(give, ask.patienceMs);
    };
    asked.on("information", () => {
      sign();
      alive();
    });
    asked.on("error", reject);
    asked.on("close", () => {
      clearTimeout(patience);
      reject(new Error("the connection was closed"));
    });
    asked.on("response", (response) => {
      alive();
      const parts: Buffer[] = [];
      let size = 0;
      response.on("data", (part: Buffer) => {
        size += part.length;
        if (size > MAX_BODY) asked.destroy(new Error("the answer is too long"));
        parts.push(part);
      });
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        const order = response.statusCode === 200 ? parseOrder(text) : undefined;
        if (order) resolve({ order, tag: response.headers[TAG_HEADER] });
        else reject(new Error(`it was answered ${response.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    asked.end(body);
  });
}
