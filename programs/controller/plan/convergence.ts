/** What the cluster still lacks of the declared state. It changes nothing but the seal on the bootstrap. */
import type { Facts } from "./facts";
import { label } from "./view";

export function missing(f: Facts): string | undefined {
  const { desired, sts, record } = f;
  if (record.rebuild) return `generation ${record.rebuild.generation} is being made`;
  if (record.generation !== desired.generation) return `generation ${desired.generation} isn't made yet`;
  if (!f.list) return "no quorum";
  if (!sts.observed) return "the StatefulSet's controller hasn't seen the declared template yet";
  if (f.learners.length > 0 || record.intent) return "a membership change is under way";
  if (f.voters.length !== desired.members) return `${f.voters.length} of ${desired.members} voters`;
  if (sts.replicas !== desired.members) return `${sts.replicas} pods for ${desired.members} members`;
  for (const m of f.voters) {
    const name = label(f, m.ordinal);
    if (m.unhealthyReason) return `${name} ${m.unhealthyReason}`;
    if (m.pod?.revision !== sts.updateRevision) return `${name} isn't at the declared revision`;
    if (m.status?.version !== desired.etcdVersion) {
      return `${name} runs etcd ${m.status?.version ?? "?"}, not ${desired.etcdVersion}`;
    }
    if (!m.record) return `${name} isn't recorded yet`;
    // Clients reach a member through the Service, which follows the kubelet's probe, and that runs only every few
    // seconds.
    if (!m.pod.ready) return `${name} is healthy, but its pod isn't ready yet`;
  }
  if (f.world.pods.some((p) => p.deleting)) return "a pod is still being stopped";
  const alarm = f.world.etcd.alarms[0];
  if (alarm) return `alarm ${alarm.type}`;
  return undefined;
}
