import { isIPv4, isIPv6 } from "node:net";

/** Where one member's process listens. */
export interface Place {
  /** The pod's address as it is now: the name may still lead to the pod before it. */
  readonly ip: string;
  readonly port: number;
  /** What the certificate has to be made out to. */
  readonly serverName: string;
}

/** The same as gRPC takes it. */
export interface Address {
  /** `ipv4:10.0.0.7:2379` */
  readonly target: string;
  readonly tls: boolean;
  /** What the certificate has to be made out to, if that isn't the host. */
  readonly serverName?: string;
  readonly port: number;
}

export const addressOfPlace = ({ ip, port, serverName }: Place): Address => ({
  target: targetOf(ip, port),
  tls: true,
  serverName,
  port,
});

/** Of a client URL: `https://etcd-0.etcd.ns.svc.cluster.local:2379`. */
export function addressOfUrl(url: string, serverName?: string): Address {
  const { protocol, hostname, port: told } = new URL(url);
  const tls = protocol !== "http:";
  const port = told === "" ? (tls ? 443 : 80) : Number(told);
  return { target: targetOf(hostname.replace(/^\[(.*)\]$/, "$1"), port), tls, serverName, port };
}

function targetOf(host: string, port: number): string {
  if (isIPv6(host)) return `ipv6:[${host}]:${port}`;
  return `${isIPv4(host) ? "ipv4" : "dns"}:${host}:${port}`;
}
