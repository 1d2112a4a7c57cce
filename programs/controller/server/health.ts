import { createServer } from "node:http";
import type { Server } from "node:http";
import { ConnectionLimit } from "./connection-limit";

export interface Health {
  /** The loop still turns. */
  readonly alive: () => boolean;
  /** This process knows whether it is the one that acts. */
  readonly ready: () => boolean;
}

/** Of all, and of one address: the kubelet asks for one thing at a time. */
const MAX_CONNECTIONS = 50;
const MAX_CONNECTIONS_PER_ADDRESS = 4;
/** Until a request has arrived as a whole. */
const ARRIVAL_MS = 5_000;

/**
 * For the kubelet's probes: plain HTTP, and nothing to be learnt from it. Anybody in the cluster may connect, and a probe
 * that finds no place has the controller killed; so whoever comes has one, at the cost of those that say nothing.
 */
export function serveHealth(port: number, health: Health): Server {
  const checks: Readonly<Record<string, () => boolean>> = {
    "/healthz": health.alive,
    "/readyz": health.ready,
  };
  const server = createServer(
    { headersTimeout: ARRIVAL_MS, requestTimeout: ARRIVAL_MS, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      const check = checks[request.url ?? ""];
      response.writeHead(!check ? 404 : check() ? 200 : 503, { connection: "close" }).end();
    },
  );
  const limit = new ConnectionLimit(MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS);
  server.on("connection", (socket) => limit.add(socket));
  return server.listen(port);
}
