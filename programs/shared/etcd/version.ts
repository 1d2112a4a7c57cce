import { sendRequest } from "../https";
import type { KeyPair } from "../tls";
import type { Place } from "./address";

const TIMEOUT_MS = 1000;
const MAX_BYTES = 10_000;

/** The cluster version, on which all members have agreed. etcd's gRPC API doesn't have it. */
export async function clusterVersion(place: Place, keyPair: KeyPair): Promise<string | undefined> {
  const { port, serverName } = place;
  const host = place.ip.includes(":") ? `[${place.ip}]` : place.ip;
  try {
    const { status, text } = await sendRequest({
      method: "GET",
      url: new URL(`https://${host}:${port}/version`),
      keyPair,
      headers: { host: `${serverName}:${port}` },
      servername: serverName,
      // A user may declare `tls-max-version`.
      minVersion: "TLSv1.2",
      idleTimeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    });
    return status === 200 ? versionIn(text) : undefined;
  } catch {
    return undefined;
  }
}

function versionIn(text: string): string | undefined {
  const { etcdcluster } = JSON.parse(text) as { etcdcluster?: unknown };
  return typeof etcdcluster === "string" && /^\d+\.\d+\.\d+$/.test(etcdcluster) ? etcdcluster : undefined;
}
