import type * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs, Restore } from "../args";
import {
  certificateDays,
  defaults,
  etcdImage,
  goMemoryLimit,
  nodeImage,
  quotaBytes,
  shutdownSeconds,
  waitSeconds,
} from "./defaults";
import type { Rotation } from "./rotation";
import { rotationOf } from "./rotation";
import { renderSettings, settingDefaults } from "./etcd-config";
import type { KnownVersion } from "../contract/versions";
import { defaultVersion, parseKnownVersion } from "../contract/versions";

/** The source of the declared generation. Without `restore` it is a recovery. */
export interface RebuildSpec {
  readonly restore?: Restore;
  readonly abandoned: readonly string[];
  readonly scratchOnClaim: boolean;
}

/**
 * The arguments with every default and derived number filled in. Made only from arguments that passed the validation.
 */
export interface ClusterSpec {
  readonly args: EtcdClusterArgs;
  readonly name: string;
  readonly domain: string;
  readonly members: number;
  readonly version: KnownVersion;
  readonly etcdImage: pulumi.Output<string>;
  readonly nodeImage: pulumi.Output<string>;
  readonly settings: string;
  readonly quotaBytes: number;
  /** Counts restores and recoveries: a disk of an older generation never starts. */
  readonly generation: number;
  readonly rebuild?: RebuildSpec;
  readonly waitSeconds: number;
  readonly storageSize: string;
  readonly goMemoryLimit: string;
  readonly graceSeconds: number;
  readonly livenessBudgetSeconds: number;
  readonly startupBudgetSeconds: number;
  readonly certificateDays: ReturnType<typeof certificateDays>;
  readonly organization: string;
  readonly rotation: Rotation;
}

export function resolveArgs(args: EtcdClusterArgs, resourceName: string): ClusterSpec {
  const version = parseKnownVersion(args.version ?? defaultVersion);
  if (!version) {
    throw new Error(`version ${args.version} passed the validation and can't be read`);
  }
  const name = args.clusterName ?? resourceName;
  const election = args.etcd?.electionTimeoutMilliseconds ?? settingDefaults.electionTimeoutMilliseconds;
  return {
    args,
    name,
    domain: args.clusterDomain ?? defaults.clusterDomain,
    members: args.members ?? defaults.members,
    version,
    etcdImage: etcdImage(args),
    nodeImage: nodeImage(args),
    settings: renderSettings(args.etcd ?? {}, version.minor, quotaBytes(args)),
    quotaBytes: quotaBytes(args),
    generation: args.generation ?? defaults.generation,
    rebuild: rebuildOf(args),
    waitSeconds: waitSeconds(args),
    storageSize: args.storage?.size ?? defaults.storageSize,
    goMemoryLimit: goMemoryLimit(args.resources?.memoryLimit ?? defaults.memoryLimit),
    graceSeconds: args.terminationGracePeriodSeconds ?? shutdownSeconds(election),
    livenessBudgetSeconds: args.probes?.livenessBudgetSeconds ?? defaults.livenessBudgetSeconds,
    startupBudgetSeconds: args.probes?.startupBudgetSeconds ?? defaults.startupBudgetSeconds,
    certificateDays: certificateDays(args.tls ?? {}),
    organization: args.tls?.organization ?? name,
    rotation: rotationOf(args.tls),
  };
}

function rebuildOf({ restore, recovery }: EtcdClusterArgs): RebuildSpec | undefined {
  const declared = restore ?? recovery;
  return (
    declared && {
      restore,
      abandoned: declared.abandonedMembers ?? [],
      scratchOnClaim: declared.scratchOnClaim ?? false,
    }
  );
}
