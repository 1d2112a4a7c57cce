import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import { messageOf } from "../shared/errors";
import { reply } from "../shared/http";
import type { Handler } from "../shared/https-server";
import { listen, mutualTlsServer } from "../shared/https-server";
import { readKeyPair } from "../shared/tls";
import { log } from "./log";
import type { Settings } from "./settings";

/** A request may take long, since databases are large. But a connection without traffic is closed after this time. */
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Serves one path, which is this pod's UID, to holders of a certificate of the peer CA: the members' gates. A request
 * with another pod's UID gets 404, so no gate exchanges data with the wrong pod.
 */
export async function serve(
  settings: Settings,
  method: "GET" | "POST",
  handler: (...given: Parameters<Handler>) => Promise<void> | void,
): Promise<Server> {
  const server = mutualTlsServer(readKeyPair(settings.tlsDir), { requestTimeout: 0 }, handle);
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== `/${settings.podUid}` || request.method !== method)
      return end(response, 404, "this pod serves only the path and the method of its own step");
    try {
      await handler(request, response);
    } catch (error) {
      const message = messageOf(error);
      log.error(message);
      if (response.headersSent) response.destroy();
      else end(response, 500, message);
    }
  }
  server.setTimeout(IDLE_TIMEOUT_MS, (socket) => socket.destroy());
  await listen(server, settings.port);
  return server;
}

export const end = (response: ServerResponse, status: number, text: string): void =>
  reply(response, status, text, { "content-type": "text/plain" });
