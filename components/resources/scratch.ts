import type * as k8s from "@pulumi/kubernetes";
import { scratchBytes } from "../config/defaults";
import { commonLabels } from "../contract/names";
import { bytesAsText } from "../contract/units";
import type { Context } from "./context";

/** What a pod works on that makes data out of a snapshot. */
export interface Scratch {
  /** Without its name. */
  readonly volume: Omit<k8s.types.input.core.v1.Volume, "name">;
  /**
   * What has to be asked for, and may be taken, by one of the pod's containers: what its volume on the node may take is
   * the sum of what they may, and in some places that is 1Gi each if nothing is said.
   */
  readonly nodeDisk: Record<string, string>;
}

/** By itself on the node: what provisions volumes may be as lost as the members are. */
export function scratchOf({ spec }: Context, onClaim: boolean): Scratch {
  const { storage = {} } = spec.args;
  if (!onClaim) {
    const size = bytesAsText(scratchBytes(spec.quotaBytes));
    return { volume: { emptyDir: { sizeLimit: size } }, nodeDisk: { "ephemeral-storage": size } };
  }
  return {
    volume: {
      ephemeral: {
        volumeClaimTemplate: {
          metadata: {
            labels: { ...storage.metadata?.labels, ...commonLabels(spec.name) },
            annotations: storage.metadata?.annotations,
          },
          spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: storage.storageClass,
            resources: { requests: { storage: spec.storageSize } },
          },
        },
      },
    },
    nodeDisk: {},
  };
}
