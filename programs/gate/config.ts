/** What differs between members in etcd's configuration file. */
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
 * The whole configuration file: `settings`, the part that is the same for all members, with the member's own part
 * below. Both are YAML mappings without a common key, so one text after the other is their union.
 */
export function renderConfig(settings: string, member: MemberConfig): string {
  // [::] takes both families, and can't be listened on where a pod has IPv4 alone.
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
  // A JSON string is a YAML string, whatever is in it.
  const lines = Object.entries(own).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  return settings + lines.join("");
}
