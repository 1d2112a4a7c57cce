import type { DesiredState } from "../contract/desired";
import type { ClusterSpec } from "./resolve";
import { defaults } from "./defaults";
import { dnsNames, objectNames } from "../contract/names";
import { settingDefaults } from "./etcd-config";
import { quantity } from "../contract/units";

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
