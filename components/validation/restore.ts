import type { EtcdClusterArgs, Restore } from "../args";
import { maxMembers, objectNames } from "../contract/names";
import { isDnsLabel } from "../contract/units";
import { validateStore } from "./backup";
import { checkInteger, inWords, plainTexts } from "./checks";
import { maxNameLength } from "./cluster";
import type { ValidationErrors } from "./errors";
import { validateEndpoints } from "./restore-endpoints";
import { defaults } from "../config/defaults";

const sources = ["backup", "file", "endpoints"] as const;

export function validateRestore(errors: ValidationErrors, args: EtcdClusterArgs, name: string): void {
  const { restore, recovery, generation = defaults.generation } = args;
  checkInteger(errors, "generation", generation, 1, 1_000_000);
  if (restore && recovery) {
    errors.add(
      "recovery",
      recovery,
      "a generation is made by a restore or by a recovery, and not by both",
      "Leave one of them out",
    );
  }
  if (recovery) {
    if (recovery.confirmed !== true) {
      errors.add(
        "recovery.confirmed",
        recovery.confirmed,
        "writes that only the lost disks have will be lost, and you have to accept that",
        "Use true, or leave recovery out",
      );
    }
    if (!errors.has("generation") && generation < 2) {
      errors.add(
        "generation",
        generation,
        "a recovery makes the next generation, and a cluster begins with 1",
        "Use one more than the present generation, 2 for the first recovery",
      );
    }
    validateMembers(errors, args.clusterName ?? name, "recovery", recovery.abandonedMembers);
  }
  if (restore) {
    validateSource(errors, args, restore);
    validateBackupSource(errors, args);
    validateMembers(errors, args.clusterName ?? name, "restore", restore.abandonedMembers);
  }
  if ((restore || recovery) && !errors.has("generation")) {
    validateJobName(errors, args.clusterName ?? name, generation);
  }
  if ((restore || recovery) && args.tls?.existing && args.tls.existing.restoreSecret === undefined) {
    errors.add(
      "tls.existing.restoreSecret",
      undefined,
      "with tls.existing the component can't sign the certificate that a restore pod needs",
      "Set it to the name of the Secret that its documentation describes",
    );
  }
}

/** A Job's name is in a label of its pods. */
const maxJobName = 63;

function validateJobName(errors: ValidationErrors, cluster: string, generation: number): void {
  const job = objectNames(cluster).restoreJob(generation);
  if (isDnsLabel(cluster) && cluster.length <= maxNameLength && job.length > maxJobName) {
    errors.add(
      "generation",
      generation,
      `its Job, ${job}, would have a name of ${job.length} characters, and ${maxJobName} is the limit`,
      "Restore into a cluster with a shorter name",
    );
  }
}

function validateSource(errors: ValidationErrors, args: EtcdClusterArgs, restore: Restore): void {
  const given = sources.filter((source) => restore[source] !== undefined);
  if (given.length !== 1 && !sources.some((source) => errors.has(`restore.${source}`))) {
    errors.add(
      "restore",
      Object.fromEntries(given.map((source) => [source, "…"])),
      "a restore has exactly one source",
      `Use one of ${inWords(sources)}`,
    );
  }
  const { file, endpoints } = restore;
  if (file && (file.claim ?? "") === "") {
    errors.add(
      "restore.file.claim",
      undefined,
      "it has to be the name of an object in the namespace",
      "Set it",
    );
  }
  if (file && (!file.path || file.path.startsWith("/") || file.path.split("/").includes(".."))) {
    errors.add(
      "restore.file.path",
      file.path,
      "it has to be a path on the claim",
      `For example: "backups/etcd.db"`,
    );
  }
  if (endpoints) {
    validateEndpoints(errors, endpoints, args);
  }
}

function validateBackupSource(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const backup = args.restore?.backup;
  if (!backup) {
    return;
  }
  const path = "restore.backup";
  if (backup.s3 || backup.claim || !args.backup) {
    validateStore(errors, path, backup);
  }
  if (backup.claim?.size !== undefined) {
    errors.add(
      `${path}.claim.size`,
      backup.claim.size,
      "a new claim holds no backup",
      `Use ${path}.claim.existing`,
    );
  }
  if (backup.name !== undefined && !/^\d{8}T\d{6}Z-[0-9a-f]{6}$/.test(backup.name)) {
    errors.add(
      `${path}.name`,
      backup.name,
      "a backup's name is its time and six hexadecimal digits",
      `For example: "20261126T191500Z-5f3a9c", without a folder or .db`,
    );
  }
  if (backup.clusterId !== undefined && !/^[1-9a-f][0-9a-f]{0,15}$/.test(backup.clusterId)) {
    errors.add(
      `${path}.clusterId`,
      backup.clusterId,
      "it has to be hexadecimal, as etcdctl prints it",
      "Use lower-case letters, without 0x",
    );
  }
}

function validateMembers(
  errors: ValidationErrors,
  cluster: string,
  path: string,
  given: string[] = [],
): void {
  const { pod } = objectNames(cluster);
  const known = Array.from({ length: maxMembers }, (_, ordinal) => pod(ordinal));
  for (const [index, member] of plainTexts(given)) {
    if (!known.includes(member)) {
      errors.add(
        `${path}.abandonedMembers[${index}]`,
        member,
        `the members are called ${pod(0)} to ${pod(maxMembers - 1)}`,
        "Use one of these names",
      );
    }
  }
}
