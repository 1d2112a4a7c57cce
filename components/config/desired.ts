import type { ClusterSpec } from "./resolve";
import { defaults } from "./defaults";
import { dnsNames, objectNames } from "../contract/names";
import { settingDefaults } from "./etcd-config";
import { quantity } from "../contract/units";

/**
 * All that the controller obeys. It stands in one annotation of the StatefulSet, so that it changes in the same request
 * as the pod template, and can never be half new. The controller reads it by `programs/controller/observe`; a field that only
 * one of the two knows is found by a test that reads what is rendered here.
 */
export interface DesiredState {
  readonly format: 1;
  readonly members: number;
  readonly allowEvenSize: boolean;
  readonly generation: number;
  readonly paused: boolean;
  readonly etcdVersion: string;
  readonly allowDowngrade: boolean;
  readonly memberName: string;
  readonly peerUrl: string;
  readonly volumeBytes: number;
  readonly quotaBytes: number;
  readonly snapshotCount: number;
  readonly defragment: { readonly freePercent: number; readonly minBytes: number };
  readonly nodeLossGraceSeconds?: number;
  readonly keepReplacedDays?: number;
  readonly rebuild?: {
    readonly kind: "restore" | "recovery";
    readonly url: string;
    readonly abandoned: readonly string[];
  };
}

export function desiredState(spec: ClusterSpec, namespace: string): DesiredState {
  const { args } = spec;
  const { controller = {} } = args;
  const memberName = `${objectNames(spec.name).statefulSet}-{ordinal}`;
  return {
    format: 1,
    members: spec.members,
    allowEvenSize: args.allowEvenMembers ?? false,
    generation: spec.generation,
    paused: controller.paused ?? false,
    etcdVersion: spec.version.text,
    allowDowngrade: controller.allowDowngrade ?? false,
    memberName,
    peerUrl: dnsNames(spec.name, namespace, spec.domain).peerUrl(memberName),
    volumeBytes: Math.ceil(quantity(spec.storageSize) ?? NaN),
    quotaBytes: spec.quotaBytes,
    snapshotCount: args.etcd?.snapshotCount ?? settingDefaults.snapshotCount,
    defragment: {
      freePercent: controller.defragmentFreePercent ?? defaults.defragmentFreePercent,
      minBytes: Math.ceil(quantity(controller.defragmentMinSize ?? defaults.defragmentMinSize) ?? NaN),
    },
    ...(controller.nodeLossGraceSeconds !== undefined
      ? { nodeLossGraceSeconds: controller.nodeLossGraceSeconds }
      : {}),
    ...(args.storage?.keepReplacedDays !== undefined
      ? { keepReplacedDays: args.storage.keepReplacedDays }
      : {}),
    ...(spec.rebuild
      ? {
          rebuild: {
            kind: spec.rebuild.restore ? "restore" : "recovery",
            url: dnsNames(spec.name, namespace, spec.domain).restoreUrl,
            abandoned: spec.rebuild.abandoned,
          },
        }
      : {}),
  };
}
