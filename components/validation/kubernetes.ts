import type { EtcdClusterArgs, Resources } from "../args";
import { VolumeRetention } from "../args";
import { defaults, longestWaitSeconds } from "../config/defaults";
import { quantity } from "../contract/units";
import { checkInteger, checkOneOf } from "./checks";
import { validateQuota } from "./etcd";
import type { ValidationErrors } from "./errors";
import { checkQuantity, isQuantity } from "./measures";
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
  checkQuantity(errors, "storage.size", storage.size);
  for (const field of ["cpuRequest", "cpuLimit", "memoryRequest", "memoryLimit"] as const) {
    checkQuantity(errors, `resources.${field}`, resources[field]);
  }
  checkOneOf(errors, "storage.onDestroy", storage.onDestroy, VolumeRetention);
  checkInteger(errors, "storage.keepReplacedDays", storage.keepReplacedDays, 1, 3650);
  if (
    storage.onDestroy === VolumeRetention.Delete &&
    !args.allowDataDeletion &&
    !errors.has("allowDataDeletion")
  ) {
    errors.add(
      "storage.onDestroy",
      storage.onDestroy,
      "the data may only be deleted if allowDataDeletion is true",
      "Set allowDataDeletion: true, or leave storage.onDestroy out",
    );
  }
  validateSizes(errors, args);
}

const size = (text: string | undefined) => quantity(text ?? "") ?? 0;

function validateSizes(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const { storage = {}, resources = {} } = args;
  const volume = errors.has("storage.size") ? undefined : size(storage.size ?? defaults.storageSize);
  const memory = errors.has("resources.memoryLimit")
    ? undefined
    : size(resources.memoryLimit ?? defaults.memoryLimit);
  if (memory !== undefined && memory < 128 * 2 ** 20) {
    errors.add(
      "resources.memoryLimit",
      resources.memoryLimit,
      "etcd does not start reliably below 128Mi",
      "Use 128Mi or more",
    );
  }
  if (
    memory !== undefined &&
    !errors.has("resources.memoryRequest") &&
    size(resources.memoryRequest) > memory
  ) {
    errors.add(
      "resources.memoryRequest",
      resources.memoryRequest,
      `it is above the limit of ${resources.memoryLimit ?? defaults.memoryLimit}`,
      "Lower it, or raise resources.memoryLimit",
    );
  }
  validateCpu(errors, resources);
  if (volume !== undefined && volume < smallestVolume) {
    errors.add(
      "storage.size",
      storage.size,
      "etcd allocates its log in files of 64 MB, of which it keeps up to seven, before anything is stored",
      "Use 512Mi or more",
    );
  }
  validateQuota(errors, args, volume, memory);
  if (volume !== undefined) {
    validateLogFiles(errors, args, volume);
  }
}

function validateCpu(
  errors: ValidationErrors,
  { cpuRequest = defaults.cpuRequest, cpuLimit }: Resources,
): void {
  if (errors.has("resources.cpuRequest") || errors.has("resources.cpuLimit") || cpuLimit === undefined) {
    return;
  }
  if (size(cpuRequest) > size(cpuLimit)) {
    errors.add(
      "resources.cpuLimit",
      cpuLimit,
      `it is below the request of ${cpuRequest}`,
      "Raise it, or lower resources.cpuRequest",
    );
  }
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
        "security.platformAssignsIds leaves this to the platform",
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
  isQuantity(errors, `${path}.defragmentMinSize`, controller.defragmentMinSize);
  if (
    checkQuantity(errors, `${path}.memoryLimit`, controller.memoryLimit) &&
    controller.memoryLimit !== undefined &&
    (quantity(controller.memoryLimit) ?? 0) < 96 * 2 ** 20
  ) {
    errors.add(
      `${path}.memoryLimit`,
      controller.memoryLimit,
      "the controller does not start reliably below 96Mi",
      "Use 96Mi or more",
    );
  }
}
