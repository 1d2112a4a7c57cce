import { messageOf } from "../shared/errors";
import { sendRequest, unexpectedAnswer } from "../shared/https";
import type { GateMessage, Order } from "../shared/protocol";
import { KNOWN_TAG_HEADER, parseOrder, REPORT_PATH, TAG_HEADER } from "../shared/protocol";
import { readKeyPair } from "../shared/tls";

export type Answer =
  | { readonly order: Order; readonly tag: string | undefined }
  /** There was no answer. `sinceMs`: when the last interim response came, or when the request began. */
  | { readonly problem: string; readonly sinceMs: number };

export interface Ask {
  readonly url: string;
  /** Has `tls.crt`, `tls.key` and `ca.crt`. They are read for each request, because they are renewed. */
  readonly tlsDir: string;
  /** Longest silence within a request. The server sends an interim response every second. */
  readonly patienceMs: number;
  readonly now: () => number;
}

const MAX_BYTES = 256 * 1024;

export async function askController(
  { url, tlsDir, patienceMs, now }: Ask,
  message: GateMessage,
  tag: string | undefined,
): Promise<Answer> {
  let sinceMs = now();
  try {
    const answer = await sendRequest({
      method: "POST",
      url: new URL(REPORT_PATH, url),
      keyPair: readKeyPair(tlsDir),
      headers: { "content-type": "application/json", ...(tag ? { [KNOWN_TAG_HEADER]: tag } : {}) },
      body: JSON.stringify(message),
      idleTimeoutMs: patienceMs,
      maxBytes: MAX_BYTES,
      keepAlive: () => (sinceMs = now()),
    });
    const order = answer.status === 200 ? parseOrder(answer.text) : undefined;
    if (!order) throw unexpectedAnswer(answer);
    return { order, tag: answer.headers[TAG_HEADER] };
  } catch (error) {
    return { problem: messageOf(error), sinceMs };
  }
}
