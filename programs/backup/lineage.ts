/**
 * Which backups of one cluster ID come from one and the same cluster. A cluster ID is not enough: volumes of one moment,
 * copied to where there is another Kubernetes, are adopted there under the ID that they have, and a stack that was copied
 * with them writes to the same folder. From then on the two hold different data, under revisions that say nothing of each
 * other.
 *
 * A cluster is told by the UIDs of its members' claims. A copy has none of them in common with its original, whatever its
 * names, because each Kubernetes gives its own. They stay what goes on with the same data: a controller, a StatefulSet or
 * a whole stack that is made again over kept volumes. A member on a new volume exchanges one UID at a time, so two backups
 * are of one cluster if they have a volume in common, and so are all that are linked so by others.
 */
import type { Manifest } from "../shared/backups/manifest";

/** In the order in which they were given. */
export type Lineage = readonly Manifest[];

/**
 * A backup of an earlier release tells no volumes. It may be of any cluster that has its namespace and name, and is in the
 * lineage of none; those of a name that no other has are a lineage.
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
    const of = backup.volumes;
    const [first, ...more] = [...found].filter(([, volumes]) => of.some((volume) => volumes.has(volume)));
    const [line, volumes]: [Manifest[], Set<string>] = first ?? [[], new Set()];
    for (const [other, theirs] of more) {
      line.push(...other);
      for (const volume of theirs) volumes.add(volume);
      found.delete(other);
    }
    line.push(backup);
    for (const volume of of) volumes.add(volume);
    found.set(line, volumes);
  }
  const strange = [...unknown].filter(([cluster]) => !names.has(cluster)).map(([, line]) => line);
  return [...found.keys(), ...strange];
}
