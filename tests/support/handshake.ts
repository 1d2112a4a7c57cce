import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import type { Pair } from "./certificates";

/**
 * What becomes of a client that comes to a listener which asks for a certificate: `welcome`, or why not. Either side
 * trusts its own `ca.crt`.
 */
export async function handshake(listener: Pair, client: Pair, servername: string): Promise<string> {
  const server = createServer(
    {
      cert: listener.certPem,
      key: listener.keyPem,
      ca: listener.caPem,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (socket) => socket.on("error", () => undefined).end("welcome"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await new Promise<string>((resolve) => {
      const socket = connect({
        port: (server.address() as AddressInfo).port,
        host: "127.0.0.1",
        servername,
        cert: client.certPem,
        key: client.keyPem,
        ca: client.caPem,
      });
      socket.on("data", (data: Buffer) => resolve(data.toString()));
      socket.on("error", (error: Error) => resolve(error.message));
      socket.on("close", () => resolve("closed"));
    });
  } finally {
    server.close();
  }
}
