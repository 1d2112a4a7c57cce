/**
 * Which backups of one cluster ID come from the same cluster. A cluster ID is not enough: somebody may copy the volumes
 * to another Kubernetes. The cluster there has the same ID, and a copied stack writes to the same folder. From then on
 * the two clusters hold different data, and their revisions can't be compared.
 *
 * The UIDs of the members' PVCs identify a cluster. A copy shares none of them with its original, because each
 * Kubernetes generates its own. They stay the same when a controller, a StatefulSet or a whole stack is created again
 * over kept volumes. Members get new volumes one at a time. So two backups are of one cluster if they share a volume,
 * or if a chain of backups that share volumes connects them.
 */
import type { Manifest } from "../shared/backups/manifest";

/** In the given order. */
export type Lineage = readonly Manifest[];

/**
 * A backup of an earlier release has no volumes. It may be of any cluster with its namespace and name, so it is in no
 * lineage that has volumes. Such backups form a lineage by their name, unless a backup with volumes has the same name.
 */
export function lineagesOf(backups: readonly Manifest[]): readonly Lineage[] {
  const found = new Map<Manifest[], Set<string>>();
  const unknown = new Map<string, Manifest[]>();
  const names = new Set<string>();
  for (const backup of backups) {
    if (!backup.volumes) {
      const line = unknown.get(backup.cluster) ?? [];
      line.push(backup);
      unknown.set(backup.cluster, line);
      continue;
    }
    names.add(backup.cluster);
    const own = backup.volumes;
    const [first, ...more] = [...found].filter(([, volumes]) => own.some((volume) => volumes.has(volume)));
    const [line, volumes]: [Manifest[], Set<string>] = first ?? [[], new Set()];
    for (const [other, theirs] of more) {
      line.push(...other);
      for (const volume of theirs) volumes.add(volume);
      found.delete(other);
    }
    line.push(backup);
    for (const volume of own) volumes.add(volume);
    found.set(line, volumes);
  }
  const withoutVolumes = [...unknown].filter(([cluster]) => !names.has(cluster)).map(([, line]) => line);
  return [...found.keys(), ...withoutVolumes];
}
