import { request } from "node:https";
import type { RestoreMessage } from "../shared/protocol";
import { parseRestoreAnswer, RESTORE_PATH } from "../shared/protocol";
import type { RestoreAnswer } from "../shared/protocol";
import { readKeyPair } from "../shared/tls";
import type { Settings } from "./settings";

const PATIENCE_MS = 5000;

/** Tells the controller how far this pod is. Nobody may be there to listen: then it is told again. */
export function tell(settings: Settings, message: RestoreMessage): Promise<RestoreAnswer> {
  const body = JSON.stringify(message);
  return new Promise((resolve, reject) => {
    const asked = request(new URL(RESTORE_PATH, settings.controllerUrl), {
      method: "POST",
      agent: false,
      ...readKeyPair(settings.tlsDir),
      minVersion: "TLSv1.3",
      timeout: PATIENCE_MS,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
    });
    asked.on("timeout", () => asked.destroy(new Error("the controller doesn't answer")));
    asked.on("error", reject);
    asked.on("response", (response) => {
      let text = "";
      response.on("data", (part) => (text += String(part)));
      response.on("error", reject);
      response.on("end", () => {
        const answer = response.statusCode === 200 ? parseRestoreAnswer(text) : undefined;
        if (answer) resolve(answer);
        else reject(new Error(`it was answered ${response.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    asked.end(body);
  });
}
