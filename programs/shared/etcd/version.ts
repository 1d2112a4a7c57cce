import { request } from "node:https";
import type { Place } from "./address";
import type { Pair } from "./pair";

const ASK_MS = 1000;
const MAX_CHARS = 10_000;

/** The version that the cluster as a whole has agreed on; gRPC doesn't tell it. */
export function clusterVersion(place: Place, pair: Pair): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { ca, cert, key } = pair;
    const asking = request(
      {
        host: place.ip,
        port: place.port,
        path: "/version",
        servername: place.serverName,
        headers: { host: `${place.serverName}:${place.port}` },
        agent: false,
        ca,
        cert,
        key,
        timeout: ASK_MS,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
          if (text.length > MAX_CHARS) response.destroy();
        });
        response.on("end", () => resolve(response.statusCode === 200 ? read(text) : undefined));
        response.on("error", () => resolve(undefined));
      },
    );
    const limit = setTimeout(() => asking.destroy(), ASK_MS);
    asking.on("error", () => resolve(undefined));
    asking.on("close", () => {
      clearTimeout(limit);
      resolve(undefined);
    });
    asking.end();
  });
}

function read(text: string): string | undefined {
  try {
    const { etcdcluster } = JSON.parse(text) as { etcdcluster?: unknown };
    return typeof etcdcluster === "string" && /^\d+\.\d+\.\d+$/.test(etcdcluster) ? etcdcluster : undefined;
  } catch {
    return undefined;
  }
}
