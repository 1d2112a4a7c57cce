/** The part of etcd's configuration file that differs between members. */
export interface MemberConfig {
  readonly name: string;
  readonly podIps: readonly string[];
  readonly peerUrl: string;
  readonly clientUrl: string;
  readonly ports: { readonly peer: string; readonly client: string; readonly metrics: string };
  readonly initialCluster: string;
  readonly initialClusterState: "new" | "existing";
  readonly token: string;
}

/**
 * The whole configuration file: `settings`, which is the same for all members, and below it the member's own part.
 * Both are YAML mappings without a common key, so their concatenation is their union.
 */
export function renderConfig(settings: string, member: MemberConfig): string {
  // [::] accepts both address families. A pod that has only IPv4 can't listen on it.
  const host = member.podIps.some((ip) => ip.includes(":")) ? "[::]" : "0.0.0.0";
  const { ports } = member;
  const own = {
    name: member.name,
    "listen-peer-urls": `https://${host}:${ports.peer}`,
    "listen-client-urls": `https://${host}:${ports.client}`,
    "listen-metrics-urls": `http://${host}:${ports.metrics}`,
    "initial-advertise-peer-urls": member.peerUrl,
    "advertise-client-urls": member.clientUrl,
    "initial-cluster": member.initialCluster,
    "initial-cluster-state": member.initialClusterState,
    "initial-cluster-token": member.token,
  };
  // Every JSON string is a valid YAML string.
  const lines = Object.entries(own).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  return settings + lines.join("");
}
