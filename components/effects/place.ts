/** Another name or namespace: Kubernetes can't rename or move anything, so everything would be made anew. */

export interface Place {
  readonly cluster: string;
  readonly namespace: string;
}

interface Deletion {
  readonly allowDataDeletion: boolean;
  /** Whether the old namespace is the component's, so that it goes with everything in it. */
  readonly ownsNamespace: boolean;
  /** Whether the claims go with the StatefulSet. */
  readonly deletesClaims: boolean;
}

/** What is refused, or what is to be warned of; nothing if the place is the same. */
export function moveOf(
  before: Place,
  after: Place,
  { allowDataDeletion, ownsNamespace, deletesClaims }: Deletion,
): { readonly refusals: readonly string[]; readonly warnings: readonly string[] } {
  const moves = after.namespace !== before.namespace;
  const changed = [
    ...(after.cluster === before.cluster ? [] : [["clusterName", before.cluster, after.cluster] as const]),
    ...(moves ? [["namespace", before.namespace, after.namespace] as const] : []),
  ];
  if (changed.length === 0) return { refusals: [], warnings: [] };
  if (!allowDataDeletion) {
    const refusals = changed.map(
      ([argument, old, declared]) =>
        `${argument} is "${declared}", and was "${old}": a living cluster keeps its name and its namespace. ` +
        `Declare ${argument}: "${old}", or the new cluster in a stack of its own.`,
    );
    return { refusals, warnings: [] };
  }
  const claims = `the claims data-${before.cluster}-<number> stay in ${before.namespace}`;
  const gone = moves && ownsNamespace ? `namespace ${before.namespace} goes with all data in it` : undefined;
  const data = gone ?? (deletesClaims ? "its data goes with its volumes" : claims);
  const what = changed
    .map(([argument, old, declared]) => `${argument} from "${old}" to "${declared}"`)
    .join(", ");
  return { refusals: [], warnings: [`deletes the cluster and creates an empty one (${what}): ${data}`] };
}
