import type { EtcdClusterArgs } from "../args";
import { VolumeRetention } from "../args";
import { defaults, longestWaitSeconds } from "../config/defaults";
import { quantity } from "../contract/units";
import { checkInteger, checkOneOf, checkQuantity } from "./checks";
import { refuseContainers } from "./containers";
import { refuseQuota } from "./etcd";
import type { Problems } from "./problems";
import { refuseLogFiles } from "./settings";

/** Five closed files of etcd's log, the one that is written, and the next one made ready; the rest for the database. */
const smallestVolume = 512 * 2 ** 20;

export function refuseKubernetes(problems: Problems, args: EtcdClusterArgs): void {
  refuseVolumeAndMemory(problems, args);
  checkInteger(problems, "probes.livenessBudgetSeconds", args.probes?.livenessBudgetSeconds, 60, 86_400);
  checkInteger(problems, "probes.startupBudgetSeconds", args.probes?.startupBudgetSeconds, 60, 86_400);
  refuseSecurity(problems, args);
  refuseController(problems, args);
}

function refuseVolumeAndMemory(problems: Problems, args: EtcdClusterArgs): void {
  const { storage = {}, resources = {} } = args;
  const usable = [
    checkQuantity(problems, "storage.size", storage.size),
    checkQuantity(problems, "resources.cpuRequest", resources.cpuRequest),
    checkQuantity(problems, "resources.cpuLimit", resources.cpuLimit),
    checkQuantity(problems, "resources.memoryRequest", resources.memoryRequest),
    checkQuantity(problems, "resources.memoryLimit", resources.memoryLimit),
  ].every(Boolean);
  checkOneOf(problems, "storage.onDestroy", storage.onDestroy, VolumeRetention);
  checkInteger(problems, "storage.keepReplacedDays", storage.keepReplacedDays, 1, 3650);
  if (storage.onDestroy === VolumeRetention.Delete && !args.allowDataDeletion) {
    problems.refuse(
      "storage.onDestroy",
      storage.onDestroy,
      "the data may not go unless allowDataDeletion says so",
      "Set allowDataDeletion, or leave the claims",
    );
  }
  if (!usable) {
    return;
  }
  const size = (text: string | undefined) => quantity(text ?? "") ?? 0;
  const memory = size(resources.memoryLimit ?? defaults.memoryLimit);
  if (memory < 128 * 2 ** 20) {
    problems.refuse(
      "resources.memoryLimit",
      resources.memoryLimit,
      "etcd does not start reliably below 128Mi",
      "Raise it",
    );
  }
  if (size(resources.memoryRequest) > memory) {
    problems.refuse(
      "resources.memoryRequest",
      resources.memoryRequest,
      `it is above the limit of ${resources.memoryLimit ?? defaults.memoryLimit}`,
      "Lower it, or raise resources.memoryLimit",
    );
  }
  if (
    resources.cpuLimit !== undefined &&
    size(resources.cpuRequest ?? defaults.cpuRequest) > size(resources.cpuLimit)
  ) {
    problems.refuse(
      "resources.cpuLimit",
      resources.cpuLimit,
      "it is below the request",
      "Raise it, or lower the request",
    );
  }
  if (size(storage.size ?? defaults.storageSize) < smallestVolume) {
    problems.refuse(
      "storage.size",
      storage.size,
      "etcd allocates its log in files of 64 MB, of which it keeps up to seven, before anything is stored",
      "Write 512Mi or more",
    );
  }
  refuseQuota(problems, args, size(storage.size ?? defaults.storageSize), memory);
  refuseLogFiles(problems, args, size(storage.size ?? defaults.storageSize));
  refuseContainers(problems, args);
}

function refuseSecurity(problems: Problems, args: EtcdClusterArgs): void {
  const security = args.security ?? {};
  for (const field of ["runAsUser", "runAsGroup"] as const) {
    const given = security[field];
    if (given === 0) {
      problems.refuse(
        `security.${field}`,
        given,
        "members never run as root",
        "Give another number, or leave it out",
      );
    } else {
      checkInteger(problems, `security.${field}`, given, 1, 2_147_483_647);
    }
    if (given !== undefined && security.platformAssignsIds) {
      problems.refuse(
        `security.${field}`,
        given,
        "platformAssignsIds leaves this to the platform",
        "Leave one of them out",
      );
    }
  }
}

function refuseController(problems: Problems, args: EtcdClusterArgs): void {
  const { controller = {} } = args;
  const path = "controller";
  checkInteger(problems, `${path}.nodeLossGraceSeconds`, controller.nodeLossGraceSeconds, 60, 7 * 86_400);
  checkInteger(problems, `${path}.defragmentFreePercent`, controller.defragmentFreePercent, 1, 99);
  checkInteger(problems, `${path}.waitSeconds`, controller.waitSeconds, 60, longestWaitSeconds);
  checkQuantity(problems, `${path}.defragmentMinSize`, controller.defragmentMinSize);
  if (
    checkQuantity(problems, `${path}.memoryLimit`, controller.memoryLimit) &&
    controller.memoryLimit !== undefined &&
    (quantity(controller.memoryLimit) ?? 0) < 96 * 2 ** 20
  ) {
    problems.refuse(
      `${path}.memoryLimit`,
      controller.memoryLimit,
      "it does not start reliably below 96Mi",
      "Raise it",
    );
  }
}
