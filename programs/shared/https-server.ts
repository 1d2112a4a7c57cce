/** An HTTPS server that accepts only clients with a certificate of the CA. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server, ServerOptions } from "node:https";
import { createServer } from "node:https";
import type { KeyPair } from "./tls";

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Returns a server that doesn't listen yet. If a handler fails, the connection is closed. */
export function mutualTlsServer(keyPair: KeyPair, options: ServerOptions, handle: Handler): Server {
  const required = { requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" } as const;
  return createServer({ ...options, ...keyPair, ...required }, (request, response) => {
    void handle(request, response).catch(() => response.destroy());
  });
}

export function listen(server: Server, port: number, host?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}
