import { messageOf } from "../shared/errors";
import { ask, unexpected } from "../shared/https";
import type { GateMessage, Order } from "../shared/protocol";
import { KNOWN_TAG_HEADER, parseOrder, REPORT_PATH, TAG_HEADER } from "../shared/protocol";
import { readKeyPair } from "../shared/tls";

export type Answer =
  | { readonly order: Order; readonly tag: string | undefined }
  /** Nobody answered: why, and when the last interim response came, or else when the request began. */
  | { readonly problem: string; readonly sinceMs: number };

export interface Ask {
  readonly url: string;
  /** With `tls.crt`, `tls.key` and `ca.crt`. They are read each time, because they are renewed. */
  readonly tlsDir: string;
  /** The server sends an interim response every second. */
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
    const answer = await ask({
      method: "POST",
      url: new URL(REPORT_PATH, url),
      keyPair: readKeyPair(tlsDir),
      headers: { "content-type": "application/json", ...(tag ? { [KNOWN_TAG_HEADER]: tag } : {}) },
      body: JSON.stringify(message),
      silentMs: patienceMs,
      maxBytes: MAX_BYTES,
      keepAlive: () => (sinceMs = now()),
    });
    const order = answer.status === 200 ? parseOrder(answer.text) : undefined;
    if (!order) throw unexpected(answer);
    return { order, tag: answer.headers[TAG_HEADER] };
  } catch (error) {
    return { problem: messageOf(error), sinceMs };
  }
}
