import type { EtcdClusterArgs } from "../args";
import { defaults } from "./defaults";
import { quantity } from "../contract/units";

/** Requests and limits of all containers: a ResourceQuota may refuse a pod that has a container without them. */

/**
 * `step`: a step of a restore, which streams data. `tool`: etcd and its tools in drills and restores.
 */
export type Role = "etcd" | "gate" | "controller" | "job" | "step" | "tool";

/** Containers that run programs of the component. */
export const helperRoles = ["gate", "controller", "job", "step"] as const;
type HelperRole = (typeof helperRoles)[number];

export interface ContainerSizes {
  readonly cpuRequest: string;
  readonly memoryRequest: string;
  readonly memoryLimit: string;
  readonly cpuLimit?: string;
}

interface Usual {
  readonly cpu: string;
  readonly memory: string;
  readonly limit: string;
}

const helpers: Record<HelperRole, Usual> = {
  gate: { cpu: "10m", memory: "64Mi", limit: "256Mi" },
  controller: { cpu: "20m", memory: "64Mi", limit: "192Mi" },
  job: { cpu: "50m", memory: "128Mi", limit: "256Mi" },
  step: { cpu: "20m", memory: "64Mi", limit: "256Mi" },
};

/** A limit that is given for this container alone. */
const ownMemoryLimit = (args: EtcdClusterArgs, role: HelperRole): string | undefined =>
  role === "controller"
    ? args.controller?.memoryLimit
    : role === "job"
      ? args.backup?.memoryLimit
      : undefined;

export function sizesOf(args: EtcdClusterArgs, role: Role): ContainerSizes {
  const { resources = {} } = args;
  const memberLimit = resources.memoryLimit ?? defaults.memoryLimit;
  if (role === "etcd") {
    return {
      cpuRequest: resources.cpuRequest ?? defaults.cpuRequest,
      memoryRequest: resources.memoryRequest ?? memberLimit,
      memoryLimit: memberLimit,
      cpuLimit: resources.cpuLimit,
    };
  }
  if (role === "tool") {
    return sizes(resources.tools, { cpu: "50m", memory: "128Mi", limit: memberLimit }, resources.cpuLimit);
  }
  const usual = helpers[role];
  const limit = ownMemoryLimit(args, role) ?? resources.helpers?.memoryLimit ?? usual.limit;
  return sizes(resources.helpers, { ...usual, limit }, resources.cpuLimit);
}

function sizes(
  given: { cpuRequest?: string; cpuLimit?: string; memoryRequest?: string } = {},
  usual: Usual,
  cpuLimitOfMembers: string | undefined,
): ContainerSizes {
  const cpuLimit = given.cpuLimit ?? cpuLimitOfMembers;
  return {
    cpuRequest: given.cpuRequest ?? atMost(usual.cpu, cpuLimit),
    memoryRequest: given.memoryRequest ?? atMost(usual.memory, usual.limit),
    memoryLimit: usual.limit,
    cpuLimit,
  };
}

const atMost = (usual: string, limit: string | undefined) =>
  limit !== undefined && (quantity(limit) ?? NaN) < (quantity(usual) ?? NaN) ? limit : usual;
