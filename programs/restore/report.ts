import { sendRequest, unexpectedAnswer } from "../shared/https";
import type { RestoreAnswer, RestoreMessage } from "../shared/protocol";
import { parseRestoreAnswer, RESTORE_PATH } from "../shared/protocol";
import { readKeyPair } from "../shared/tls";
import type { Settings } from "./settings";

const IDLE_TIMEOUT_MS = 5000;
const MAX_BYTES = 256 * 1024;

/** Reports this pod's progress to the controller. Throws without an answer: the caller repeats the report. */
export async function sendReport(settings: Settings, message: RestoreMessage): Promise<RestoreAnswer> {
  const response = await sendRequest({
    method: "POST",
    url: new URL(RESTORE_PATH, settings.controllerUrl),
    keyPair: readKeyPair(settings.tlsDir),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(message),
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  });
  const answer = response.status === 200 ? parseRestoreAnswer(response.text) : undefined;
  if (!answer) throw unexpectedAnswer(response);
  return answer;
}
