import { ask, unexpected } from "../shared/https";
import type { RestoreAnswer, RestoreMessage } from "../shared/protocol";
import { parseRestoreAnswer, RESTORE_PATH } from "../shared/protocol";
import { readKeyPair } from "../shared/tls";
import type { Settings } from "./settings";

const SILENT_MS = 5000;
const MAX_BYTES = 256 * 1024;

/** Tells the controller how far this pod is. Nobody may be there to listen: then it is told again. */
export async function tell(settings: Settings, message: RestoreMessage): Promise<RestoreAnswer> {
  const said = await ask({
    method: "POST",
    url: new URL(RESTORE_PATH, settings.controllerUrl),
    keyPair: readKeyPair(settings.tlsDir),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(message),
    silentMs: SILENT_MS,
    maxBytes: MAX_BYTES,
  });
  const answer = said.status === 200 ? parseRestoreAnswer(said.text) : undefined;
  if (!answer) throw unexpected(said);
  return answer;
}
