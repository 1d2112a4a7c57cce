import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../args";
import { VolumeRetention } from "../args";
import { moveOf } from "../effects/place";
import { canHook, hook, opened, refused } from "./hooks";

/**
 * For the component's options: refuses another name or namespace, or says what goes. The objects themselves can't tell:
 * to the engine their replacement is a creation like any other. The old outputs are there only if the last `up` came to
 * its end, so that nothing is refused that takes an unfinished move back.
 */
export function keepsPlace(
  name: string,
  args: EtcdClusterArgs,
  component: () => pulumi.Resource,
): pulumi.ComponentResourceOptions {
  if (!canHook()) return {};
  const beforeUpdate = hook(`place of ${name}`, async ({ oldInputs, newInputs, oldOutputs }) => {
    const [old, inputs, outputs] = [
      await opened(oldInputs),
      await opened(newInputs),
      await opened(oldOutputs),
    ];
    const before = { cluster: outputs?.clusterName, namespace: outputs?.namespace };
    const cluster = args.clusterName ?? name;
    const after = { cluster, namespace: inputs?.namespace ?? cluster };
    if (!isPlace(before) || !isPlace(after)) return;
    const { refusals, warnings } = moveOf(before, after, {
      allowDataDeletion: args.allowDataDeletion ?? false,
      ownsNamespace: old?.createNamespace !== false,
      deletesClaims: args.storage?.onDestroy === VolumeRetention.Delete,
    });
    if (refusals.length > 0) throw refused(name, refusals);
    warnings.forEach((text) => void pulumi.log.warn(text, component()));
  });
  return { hooks: { beforeUpdate: [beforeUpdate] } };
}

const isPlace = (place: {
  cluster: unknown;
  namespace: unknown;
}): place is { cluster: string; namespace: string } =>
  typeof place.cluster === "string" && typeof place.namespace === "string";
