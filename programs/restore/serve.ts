import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import { createServer } from "node:https";
import { join } from "node:path";
import { log } from "./log";
import type { Settings } from "./settings";
import { wordsOf } from "../shared/errors";

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/**
 * Serves one path, this pod's UID, to those that hold a certificate of the peers' authority: the members' gates. Under
 * another pod's UID there is nothing to be had here.
 */
export async function serve(settings: Settings, method: "GET" | "POST", handler: Handler): Promise<Server> {
  const file = (name: string) => readFileSync(join(settings.tlsDir, name));
  const server = createServer(
    {
      cert: file("tls.crt"),
      key: file("tls.key"),
      ca: file("ca.crt"),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.3",
      // A large database takes its time; a sender that says nothing any more is dropped by its socket's.
      requestTimeout: 0,
    },
    (request, response) => void handle(request, response),
  );
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== `/${settings.podUid}` || request.method !== method)
      return end(response, 404, "that isn't to be had from this pod");
    try {
      await handler(request, response);
    } catch (error) {
      const words = wordsOf(error);
      log.error(words);
      if (response.headersSent) response.destroy();
      else end(response, 500, words);
    }
  }
  server.setTimeout(60_000, (socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, resolve);
  });
  return server;
}

export function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain", connection: "close" });
  response.end(text);
}
