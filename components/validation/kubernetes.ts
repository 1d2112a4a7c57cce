import type { EtcdClusterArgs } from "../args";
import { VolumeRetention } from "../args";
import { defaults, longestWaitSeconds } from "../config/defaults";
import { quantity } from "../contract/units";
import { checkInteger, checkOneOf, checkQuantity } from "./checks";
import { validateContainers } from "./containers";
import { validateQuota } from "./etcd";
import type { ValidationErrors } from "./errors";
import { validateLogFiles } from "./settings";

/** Seven files of the write-ahead log (five closed, the current and the next one), and some space for the database. */
const smallestVolume = 512 * 2 ** 20;

export function validateKubernetes(errors: ValidationErrors, args: EtcdClusterArgs): void {
  validateVolumeAndMemory(errors, args);
  checkInteger(errors, "probes.livenessBudgetSeconds", args.probes?.livenessBudgetSeconds, 60, 86_400);
  checkInteger(errors, "probes.startupBudgetSeconds", args.probes?.startupBudgetSeconds, 60, 86_400);
  validateSecurity(errors, args);
  validateController(errors, args);
}

function validateVolumeAndMemory(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const { storage = {}, resources = {} } = args;
  const usable = [
    checkQuantity(errors, "storage.size", storage.size),
    checkQuantity(errors, "resources.cpuRequest", resources.cpuRequest),
    checkQuantity(errors, "resources.cpuLimit", resources.cpuLimit),
    checkQuantity(errors, "resources.memoryRequest", resources.memoryRequest),
    checkQuantity(errors, "resources.memoryLimit", resources.memoryLimit),
  ].every(Boolean);
  checkOneOf(errors, "storage.onDestroy", storage.onDestroy, VolumeRetention);
  checkInteger(errors, "storage.keepReplacedDays", storage.keepReplacedDays, 1, 3650);
  if (storage.onDestroy === VolumeRetention.Delete && !args.allowDataDeletion) {
    errors.add(
      "storage.onDestroy",
      storage.onDestroy,
      "the data may not go unless allowDataDeletion says so",
      "Set allowDataDeletion: true, or leave storage.onDestroy out",
    );
  }
  if (!usable) {
    return;
  }
  const size = (text: string | undefined) => quantity(text ?? "") ?? 0;
  const memory = size(resources.memoryLimit ?? defaults.memoryLimit);
  if (memory < 128 * 2 ** 20) {
    errors.add(
      "resources.memoryLimit",
      resources.memoryLimit,
      "etcd does not start reliably below 128Mi",
      "Raise it",
    );
  }
  if (size(resources.memoryRequest) > memory) {
    errors.add(
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
    errors.add(
      "resources.cpuLimit",
      resources.cpuLimit,
      "it is below the request",
      "Raise it, or lower the request",
    );
  }
  if (size(storage.size ?? defaults.storageSize) < smallestVolume) {
    errors.add(
      "storage.size",
      storage.size,
      "etcd allocates its log in files of 64 MB, of which it keeps up to seven, before anything is stored",
      "Use 512Mi or more",
    );
  }
  validateQuota(errors, args, size(storage.size ?? defaults.storageSize), memory);
  validateLogFiles(errors, args, size(storage.size ?? defaults.storageSize));
  validateContainers(errors, args);
}

function validateSecurity(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const security = args.security ?? {};
  for (const field of ["runAsUser", "runAsGroup"] as const) {
    const given = security[field];
    if (given === 0) {
      errors.add(
        `security.${field}`,
        given,
        "members never run as root",
        "Use another number, or leave it out",
      );
    } else {
      checkInteger(errors, `security.${field}`, given, 1, 2_147_483_647);
    }
    if (given !== undefined && security.platformAssignsIds) {
      errors.add(
        `security.${field}`,
        given,
        "platformAssignsIds leaves this to the platform",
        "Leave one of them out",
      );
    }
  }
}

function validateController(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const { controller = {} } = args;
  const path = "controller";
  checkInteger(errors, `${path}.nodeLossGraceSeconds`, controller.nodeLossGraceSeconds, 60, 7 * 86_400);
  checkInteger(errors, `${path}.defragmentFreePercent`, controller.defragmentFreePercent, 1, 99);
  checkInteger(errors, `${path}.waitSeconds`, controller.waitSeconds, 60, longestWaitSeconds);
  checkQuantity(errors, `${path}.defragmentMinSize`, controller.defragmentMinSize);
  if (
    checkQuantity(errors, `${path}.memoryLimit`, controller.memoryLimit) &&
    controller.memoryLimit !== undefined &&
    (quantity(controller.memoryLimit) ?? 0) < 96 * 2 ** 20
  ) {
    errors.add(
      `${path}.memoryLimit`,
      controller.memoryLimit,
      "it does not start reliably below 96Mi",
      "Raise it",
    );
  }
}
