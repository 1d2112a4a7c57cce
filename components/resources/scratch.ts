import type * as k8s from "@pulumi/kubernetes";
import { scratchBytes } from "../config/defaults";
import { commonLabels } from "../contract/names";
import { bytesAsText } from "../contract/units";
import type { Context } from "./context";

/** The working volume of a pod that restores a snapshot. */
export interface Scratch {
  /** The volume without its name. */
  readonly volume: Omit<k8s.types.input.core.v1.Volume, "name">;
  /**
   * Ephemeral storage for one container of the pod. An `emptyDir` may use the sum of the containers' limits, and some
   * platforms limit a container to 1Gi by default.
   */
  readonly nodeDisk: Record<string, string>;
}

/** By default on the node's disk, because the storage provider may be down when the members are. */
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
