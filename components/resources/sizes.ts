import type * as k8s from "@pulumi/kubernetes";
import type { Role } from "../config/containers";
import { sizesOf } from "../config/containers";
import type { Context } from "./context";

/** A container's requests and limits. `nodeDisk`: ephemeral storage, as request and as limit. */
export function resourcesOf(
  ctx: Context,
  role: Role,
  nodeDisk: Record<string, string> = {},
): k8s.types.input.core.v1.ResourceRequirements {
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = sizesOf(ctx.spec.args, role);
  return {
    requests: { cpu: cpuRequest, memory: memoryRequest, ...nodeDisk },
    limits: { memory: memoryLimit, ...(cpuLimit === undefined ? {} : { cpu: cpuLimit }), ...nodeDisk },
  };
}
