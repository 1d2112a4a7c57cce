import * as pulumi from "@pulumi/pulumi";
import { VolumeRetention } from "../args";
import { desiredState } from "../config/desired";
import type { ClusterSpec } from "../config/resolve";
import { moveOf } from "../effects/place";
import { refusalsOf } from "../effects/refusals";
import { reachedBy } from "../effects/state";
import { canHook, hook, opened, refused } from "./hooks";

export interface Early {
  /** The component's options, with the hook. */
  join(opts: pulumi.ComponentResourceOptions | undefined): pulumi.ComponentResourceOptions | undefined;
  /** The hash of the declaration that the last `up` reached, once the hook has run. */
  reached(): string | undefined;
}

/**
 * Refuses what the last declaration forbids before any object of the cluster changes, even without a preview. Warns of
 * what goes with another name or namespace, which the objects themselves can't tell: to the engine their
 * replacement is a creation like any other.
 *
 * The old outputs are there only if the last `up` came to its end, so that nothing is refused that takes an unfinished
 * change back. The hooks of the StatefulSet and of the wait stay necessary: this one is not called where the arguments
 * are the same and a release's defaults are others, and the outputs of a release before say less. Where data may be
 * deleted, the objects may be gone while the component is still there, so that only the StatefulSet's state counts.
 */
export function createEarly(name: string, spec: ClusterSpec, component: () => pulumi.Resource): Early {
  if (!canHook()) return { join: (opts) => opts, reached: () => undefined };
  const { allowDataDeletion = false, storage } = spec.args;
  let hash: string | undefined;
  const beforeUpdate = hook(`arguments of ${name}`, async ({ oldInputs, newInputs, oldOutputs }) => {
    const [old, inputs, outputs] = [
      await opened(oldInputs),
      await opened(newInputs),
      await opened(oldOutputs),
    ];
    const last = reachedBy(outputs);
    hash = last?.hash;
    const before = { cluster: outputs?.clusterName, namespace: outputs?.namespace };
    const after = { cluster: spec.name, namespace: inputs?.namespace ?? spec.name };
    if (!isPlace(before) || !isPlace(after)) return;
    const { refusals, warnings } = moveOf(before, after, {
      allowDataDeletion,
      ownsNamespace: old?.createNamespace !== false,
      deletesClaims: storage?.onDestroy === VolumeRetention.Delete,
    });
    if (refusals.length > 0) throw refused(name, refusals);
    warnings.forEach((text) => void pulumi.log.warn(text, component()));
    if (!last || allowDataDeletion) return;
    const forbidden = refusalsOf(last, { desired: desiredState(spec, after.namespace) }, spec);
    if (forbidden.length > 0) throw refused(name, forbidden);
  });
  return {
    // mergeOptions writes into the hooks of the first, which two clusters may share.
    join: (opts) =>
      pulumi.mergeOptions(opts?.hooks ? { ...opts, hooks: { ...opts.hooks } } : opts, {
        hooks: { beforeUpdate: [beforeUpdate] },
      }),
    reached: () => hash,
  };
}

const isPlace = (place: {
  cluster: unknown;
  namespace: unknown;
}): place is { cluster: string; namespace: string } =>
  typeof place.cluster === "string" && typeof place.namespace === "string";
