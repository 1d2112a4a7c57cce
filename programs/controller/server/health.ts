import { createServer } from "node:http";
import type { Server } from "node:http";
import { ConnectionLimit } from "./connection-limit";

export interface Health {
  /** Whether the loop still runs. */
  readonly alive: () => boolean;
  /** Whether this process knows if it is the one that acts. */
  readonly ready: () => boolean;
}

/** The kubelet sends one probe at a time. */
const MAX_CONNECTIONS = 50;
const MAX_CONNECTIONS_PER_ADDRESS = 4;
/** The time for a complete request to arrive. */
const ARRIVAL_MS = 5_000;

/**
 * Serves the kubelet's probes over plain HTTP, without any confidential data. Every pod in the cluster can connect, and
 * Kubernetes kills a controller whose probe gets no connection. So a new connection is always accepted, at the cost of
 * idle ones.
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
