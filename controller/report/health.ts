import { createServer } from "node:http";
import type { Server } from "node:http";

export interface Health {
  /** The loop still turns. */
  readonly alive: () => boolean;
  /** This process knows whether it is the one that acts. */
  readonly ready: () => boolean;
}

/** For the kubelet's probes: plain HTTP, and nothing to be learnt from it. */
export function serveHealth(port: number, health: Health): Server {
  const checks: Readonly<Record<string, () => boolean>> = {
    "/healthz": health.alive,
    "/readyz": health.ready,
  };
  const server = createServer((request, response) => {
    const check = checks[request.url ?? ""];
    response.writeHead(!check ? 404 : check() ? 200 : 503).end();
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  server.maxConnections = 50;
  return server.listen(port);
}
