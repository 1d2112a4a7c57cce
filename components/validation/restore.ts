import type { EtcdClusterArgs, RestoreArgs } from "../args";
import { maxMembers, objectNames } from "../contract/names";
import { isDnsLabel } from "../contract/units";
import { refuseStore, urlOf } from "./backup";
import { checkInteger } from "./checks";
import { maxNameLength } from "./cluster";
import type { Problems } from "./problems";
import { defaults } from "../config/defaults";

const sources = ["backup", "file", "endpoints"] as const;

export function refuseRestore(problems: Problems, args: EtcdClusterArgs, name: string): void {
  const { restore, recovery, generation = defaults.generation } = args;
  checkInteger(problems, "generation", generation, 1, 1_000_000);
  if (restore && recovery) {
    problems.refuse(
      "recovery",
      recovery,
      "a generation is made by a restore or by a recovery",
      "Leave one of them out",
    );
  }
  if (recovery) {
    if (recovery.confirmed !== true) {
      problems.refuse(
        "recovery.confirmed",
        recovery.confirmed,
        "it has to be true",
        "Confirm it, or leave recovery out",
      );
    }
    if (generation < 2) {
      problems.refuse(
        "generation",
        generation,
        "a recovery makes the next generation, and a cluster begins with 1",
        "Write one more than it was",
      );
    }
    refuseMembers(problems, args.clusterName ?? name, "recovery", recovery.abandonedMembers);
  }
  if (restore) {
    refuseSource(problems, restore);
    refuseBackupSource(problems, args);
    refuseMembers(problems, args.clusterName ?? name, "restore", restore.abandonedMembers);
  }
  if (restore || recovery) {
    refuseJobName(problems, args.clusterName ?? name, generation);
  }
  if ((restore || recovery) && args.tls?.existing && args.tls.existing.restoreSecret === undefined) {
    problems.refuse(
      "tls.existing.restoreSecret",
      undefined,
      "a restore pod needs a certificate, and no authority is here to sign it",
      "Give a Secret, as it is described there",
    );
  }
}

/** Kubernetes keeps a Job's name in a label of its pods. */
const maxJobName = 63;

function refuseJobName(problems: Problems, cluster: string, generation: number): void {
  const job = objectNames(cluster).restoreJob(generation);
  if (isDnsLabel(cluster) && cluster.length <= maxNameLength && job.length > maxJobName) {
    problems.refuse(
      "generation",
      generation,
      `its Job, ${job}, would have a name of ${job.length} characters, and ${maxJobName} is the limit`,
      "Restore into a cluster with a shorter name",
    );
  }
}

function refuseSource(problems: Problems, restore: RestoreArgs): void {
  const given = sources.filter((source) => restore[source] !== undefined);
  if (given.length !== 1) {
    problems.refuse(
      "restore",
      given.length === 0 ? undefined : given,
      "a restore has exactly one source",
      `Give one of ${sources.join(", ")}`,
    );
  }
  const { file, endpoints } = restore;
  for (const [path, value] of [
    ["restore.file.claim", file && (file.claim ?? "")],
    ["restore.endpoints.tlsSecret", endpoints && (endpoints.tlsSecret ?? "")],
  ] as const) {
    if (value === "" || value === null) {
      problems.refuse(path, undefined, "it has to be the name of an object of the namespace", "Give it");
    }
  }
  if (file && (!file.path || file.path.startsWith("/") || file.path.split("/").includes(".."))) {
    problems.refuse(
      "restore.file.path",
      file.path,
      "it has to be a path on the claim",
      `Write it like "backups/etcd.db"`,
    );
  }
  if (endpoints && !endpoints.urls?.length) {
    problems.refuse(
      "restore.endpoints.urls",
      endpoints.urls,
      "somebody has to be asked",
      "Give a URL at least",
    );
  }
  for (const [index, url] of (endpoints?.urls ?? []).entries()) {
    const parsed = urlOf(url);
    const bare = parsed && !parsed.search && !parsed.hash && !parsed.username && !parsed.password;
    if (!bare || !/^https:\/\/[^/\s?#@]+$/.test(url)) {
      problems.refuse(
        `restore.endpoints.urls[${index}]`,
        url,
        "it has to be the https URL of a client port, without a user, a path or a query",
        `Write it like "https://etcd-0.etcd:2379"`,
      );
    }
  }
}

function refuseBackupSource(problems: Problems, args: EtcdClusterArgs): void {
  const backup = args.restore?.backup;
  if (!backup) {
    return;
  }
  const path = "restore.backup";
  if (backup.s3 || backup.claim || !args.backup) {
    refuseStore(problems, path, backup);
  }
  if (backup.claim?.size !== undefined) {
    problems.refuse(
      `${path}.claim.size`,
      backup.claim.size,
      "a claim that is made here holds no backup",
      `Give ${path}.claim.existing`,
    );
  }
  if (backup.name !== undefined && !/^\d{8}T\d{6}Z-[0-9a-f]{6}$/.test(backup.name)) {
    problems.refuse(
      `${path}.name`,
      backup.name,
      "a backup's name is its time and six hexadecimal digits",
      `Write it like "20261126T191500Z-5f3a9c", without a folder or .db`,
    );
  }
  if (backup.clusterId !== undefined && !/^[1-9a-f][0-9a-f]{0,15}$/.test(backup.clusterId)) {
    problems.refuse(
      `${path}.clusterId`,
      backup.clusterId,
      "it has to be hexadecimal, as etcdctl prints it",
      "Write it in small letters, without 0x",
    );
  }
}

function refuseMembers(problems: Problems, cluster: string, path: string, given: string[] = []): void {
  const { pod } = objectNames(cluster);
  const known = Array.from({ length: maxMembers }, (_, ordinal) => pod(ordinal));
  for (const [index, member] of given.entries()) {
    if (!known.includes(member)) {
      problems.refuse(
        `${path}.abandonedMembers[${index}]`,
        member,
        `members are called ${pod(0)} to ${pod(maxMembers - 1)}`,
        "Write one of these names",
      );
    }
  }
}
