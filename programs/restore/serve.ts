import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import { messageOf } from "../shared/errors";
import { reply } from "../shared/http";
import type { Handler } from "../shared/https-server";
import { listen, mutualTlsServer } from "../shared/https-server";
import { readKeyPair } from "../shared/tls";
import { log } from "./log";
import type { Settings } from "./settings";

/** A large database takes its time; a sender that says nothing any more is dropped by its socket's. */
const SILENT_MS = 60_000;

/**
 * Serves one path, this pod's UID, to those that hold a certificate of the peers' authority: the members' gates. Under
 * another pod's UID there is nothing to be had here.
 */
export async function serve(
  settings: Settings,
  method: "GET" | "POST",
  handler: (...given: Parameters<Handler>) => Promise<void> | void,
): Promise<Server> {
  const server = mutualTlsServer(readKeyPair(settings.tlsDir), { requestTimeout: 0 }, handle);
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== `/${settings.podUid}` || request.method !== method)
      return end(response, 404, "that isn't to be had from this pod");
    try {
      await handler(request, response);
    } catch (error) {
      const words = messageOf(error);
      log.error(words);
      if (response.headersSent) response.destroy();
      else end(response, 500, words);
    }
  }
  server.setTimeout(SILENT_MS, (socket) => socket.destroy());
  await listen(server, settings.port);
  return server;
}

export const end = (response: ServerResponse, status: number, text: string): void =>
  reply(response, status, text, { "content-type": "text/plain" });
