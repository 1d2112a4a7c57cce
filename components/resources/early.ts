import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../args";
import { VolumeRetention } from "../args";
import { desiredState } from "../config/desired";
import { resolveArgs } from "../config/resolve";
import { moveOf } from "../effects/place";
import { refusalsOf } from "../effects/refusals";
import { reachedBy } from "../effects/state";
import { canHook, hook, opened, refused } from "./hooks";

/**
 * For the component's options: refuses what the last declaration forbids before any object of the cluster changes, also
 * in an `up` without a preview. Warns of what goes with another name or namespace, which the objects themselves can't
 * tell: to the engine their replacement is a creation like any other.
 *
 * The old outputs are there only if the last `up` came to its end, so that nothing is refused that takes an unfinished
 * change back. The hooks of the StatefulSet and of the wait stay necessary: this one is not called where the arguments
 * are the same and a release's defaults are others, and the outputs of a release before say less.
 */
export function refusesEarly(
  name: string,
  args: EtcdClusterArgs,
  component: () => pulumi.Resource,
): pulumi.ComponentResourceOptions {
  if (!canHook()) return {};
  const beforeUpdate = hook(`arguments of ${name}`, async ({ oldInputs, newInputs, oldOutputs }) => {
    const [old, inputs, outputs] = [
      await opened(oldInputs),
      await opened(newInputs),
      await opened(oldOutputs),
    ];
    const before = { cluster: outputs?.clusterName, namespace: outputs?.namespace };
    const cluster = args.clusterName ?? name;
    const after = { cluster, namespace: inputs?.namespace ?? cluster };
    if (!isPlace(before) || !isPlace(after)) return;
    const moved = moveOf(before, after, {
      allowDataDeletion: args.allowDataDeletion ?? false,
      ownsNamespace: old?.createNamespace !== false,
      deletesClaims: args.storage?.onDestroy === VolumeRetention.Delete,
    });
    if (moved.refusals.length > 0) throw refused(name, moved.refusals);
    moved.warnings.forEach((text) => void pulumi.log.warn(text, component()));
    const last = reachedBy(outputs);
    // What moves is a new cluster.
    if (!last || moved.warnings.length > 0) return;
    const spec = resolveArgs(args, name);
    const refusals = refusalsOf(last, { desired: desiredState(spec, after.namespace) }, spec);
    if (refusals.length > 0) throw refused(name, refusals);
  });
  return { hooks: { beforeUpdate: [beforeUpdate] } };
}

const isPlace = (place: {
  cluster: unknown;
  namespace: unknown;
}): place is { cluster: string; namespace: string } =>
  typeof place.cluster === "string" && typeof place.namespace === "string";
