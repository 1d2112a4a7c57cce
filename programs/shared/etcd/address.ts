import { isIPv4, isIPv6 } from "node:net";

/** The place where one member listens. */
export interface Place {
  /** The pod's current address. Its DNS name may still resolve to the previous pod. */
  readonly ip: string;
  readonly port: number;
  /** The name that the certificate has to have. */
  readonly serverName: string;
}

/** The same in the form that gRPC needs. */
export interface Address {
  /** `ipv4:10.0.0.7:2379` */
  readonly target: string;
  readonly tls: boolean;
  /** The name that the certificate has to have, if it differs from the host. */
  readonly serverName?: string;
  readonly port: number;
}

export const addressOfPlace = ({ ip, port, serverName }: Place): Address => ({
  target: targetOf(ip, port),
  tls: true,
  serverName,
  port,
});

/** `url`: a client URL, such as `https://etcd-0.etcd.ns.svc.cluster.local:2379`. */
export function addressOfUrl(url: string, serverName?: string): Address {
  const { protocol, hostname, port: given } = new URL(url);
  const tls = protocol !== "http:";
  const port = given === "" ? (tls ? 443 : 80) : Number(given);
  return { target: targetOf(hostname.replace(/^\[(.*)\]$/, "$1"), port), tls, serverName, port };
}

function targetOf(host: string, port: number): string {
  if (isIPv6(host)) return `ipv6:[${host}]:${port}`;
  return `${isIPv4(host) ? "ipv4" : "dns"}:${host}:${port}`;
}
