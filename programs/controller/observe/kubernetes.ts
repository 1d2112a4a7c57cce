/** Kubernetes objects as the plan sees them. */
import { annotationKeys, containerNames } from "../../../components/contract/names";
import type {
  Claim,
  ContainerStatus,
  Meta,
  Pod,
  StatefulSet,
  Terminated,
} from "../../shared/kubernetes/objects";
import { inShort } from "../../shared/errors";
import type { ClaimView, ContainerView, PodView, StatefulSetView } from "../model";
import { lastMessage } from "./container-message";
import { bytesOf } from "../../../components/contract/units";
import { trustView } from "./trust";

export function statefulSetView({ metadata, spec, status }: StatefulSet): StatefulSetView {
  return {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    replicas: spec.replicas ?? 1,
    updateRevision: status?.updateRevision ?? "",
    observed:
      status?.updateRevision !== undefined && (status.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    deleting: metadata.deletionTimestamp !== undefined,
    trust: trustView(spec.template?.metadata),
  };
}

/** The ordinal of a name that consists of the prefix and a number. */
export function ordinalOf(name: string, prefix: string): number | undefined {
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^(0|[1-9]\d{0,4})$/.test(rest) ? Number(rest) : undefined;
}

export function claimViews(claims: readonly Claim[], prefix: string): readonly ClaimView[] {
  return claims.flatMap((claim): ClaimView[] => {
    const { metadata, spec, status } = claim;
    const ordinal = ordinalOf(metadata.name, prefix);
    if (ordinal === undefined) return [];
    const phase = status?.phase === "Bound" || status?.phase === "Lost" ? status.phase : "Pending";
    return [
      {
        name: metadata.name,
        ordinal,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
        phase,
        ...filledOf(spec),
        requestedBytes: bytesOf(spec.resources?.requests?.storage),
        actualBytes: bytesOf(status?.capacity?.storage),
        ...growthOf(claim),
        deleting: metadata.deletionTimestamp !== undefined,
      },
    ];
  });
}

function filledOf(spec: Claim["spec"]): { readonly comesFilled?: true } {
  const { volumeName, selector, dataSource, dataSourceRef } = spec;
  return volumeName || selector || dataSource || dataSourceRef ? { comesFilled: true } : {};
}

/**
 * The resizer and the kubelet report a growth in conditions. Since Kubernetes 1.32 they also report infeasible sizes.
 */
function growthOf({ status }: Claim): Pick<ClaimView, "growthProblem" | "awaitsMount"> {
  const holds = (type: string) => status?.conditions?.find((c) => c.type === type && c.status === "True");
  const failed = holds("ControllerResizeError") ?? holds("NodeResizeError");
  const verdict = status?.allocatedResourceStatuses?.storage;
  const infeasible = verdict?.endsWith("Infeasible") ? verdict : undefined;
  const words = [failed?.type ?? infeasible, failed?.message].filter((w) => w).join(": ");
  return {
    ...(words ? { growthProblem: inShort(words) } : {}),
    ...(holds("FileSystemResizePending") ? { awaitsMount: true } : {}),
  };
}

export function podViews(
  pods: readonly Pod[],
  claims: readonly ClaimView[],
  statefulSet: string,
  claimPrefix: string,
): readonly PodView[] {
  return pods.flatMap((pod): PodView[] => {
    const { metadata, spec, status } = pod;
    const ordinal = ordinalOf(metadata.name, `${statefulSet}-`);
    if (ordinal === undefined) return [];
    const mounted = spec.volumes?.map((v) => v.persistentVolumeClaim?.claimName);
    const claimName = mounted?.find((n) => n?.startsWith(claimPrefix)) ?? `${claimPrefix}${ordinal}`;
    const condition = (type: string) => status?.conditions?.find((c) => c.type === type);
    const placed = condition("PodScheduled");
    return [
      {
        name: metadata.name,
        ordinal,
        uid: metadata.uid,
        phase: phaseOf(status?.phase),
        ready: condition("Ready")?.status === "True",
        revision: metadata.labels?.["controller-revision-hash"] ?? "",
        etcdVersion: metadata.annotations?.[annotationKeys.version] ?? "",
        ...generationOf(metadata),
        trust: trustView(metadata),
        nodeName: spec.nodeName,
        address: status?.podIP,
        deleting: deletion(metadata),
        claimName,
        claimUid: claims.find((c) => c.name === claimName)?.uid,
        gate: containerView(status?.initContainerStatuses?.find((c) => c.name === containerNames.gate)),
        etcd: containerView(status?.containerStatuses?.find((c) => c.name === containerNames.etcd)),
        words: podWords(pod),
        unschedulable:
          placed?.status === "False" && placed.reason === "Unschedulable"
            ? (placed.message ?? placed.reason)
            : undefined,
      },
    ];
  });
}

/** Kubernetes' message about a pod that it ended itself, or that it doesn't try to schedule. */
function podWords({ status }: Pod): string | undefined {
  const joined = (...words: (string | undefined)[]) => inShort(words.filter((w) => w).join(", "));
  if (status?.phase === "Failed" && status.reason) return joined(status.reason, status.message);
  const placed = status?.conditions?.find((c) => c.type === "PodScheduled");
  if (placed?.status !== "False" || placed.reason === "Unschedulable") return undefined;
  return joined(placed.reason, placed.message);
}

function generationOf({ annotations }: Meta): { readonly generation?: number } {
  const generation = Number(annotations?.[annotationKeys.generation]);
  return Number.isSafeInteger(generation) && generation > 0 ? { generation } : {};
}

function phaseOf(phase: string | undefined): PodView["phase"] {
  switch (phase) {
    case "Pending":
    case "Running":
    case "Succeeded":
    case "Failed":
      return phase;
    case undefined:
      return "Pending";
    default:
      return "Unknown";
  }
}

/** Leaves out the timestamp: it is by the API server's clock, which must not be compared with another clock. */
function deletion(metadata: Meta): PodView["deleting"] {
  if (metadata.deletionTimestamp === undefined) return undefined;
  return { graceMs: (metadata.deletionGracePeriodSeconds ?? 0) * 1000 };
}

/** A container counts as waiting until the kubelet has reported it. */
function containerView(container: ContainerStatus | undefined): ContainerView {
  const { waiting, running, terminated } = container?.state ?? {};
  return {
    state: running ? "running" : terminated ? "terminated" : "waiting",
    waitingReason: waiting?.reason,
    waitingMessage: waiting?.message,
    restarts: container?.restartCount ?? 0,
    lastExit: exit(terminated ?? container?.lastState?.terminated),
  };
}

function exit(terminated: Terminated | undefined): ContainerView["lastExit"] {
  if (!terminated) return undefined;
  const words = terminated.exitCode === 0 ? undefined : lastMessage(terminated.message);
  return {
    code: terminated.exitCode,
    oomKilled: terminated.reason === "OOMKilled",
    ...(words ? { words } : {}),
    atMs: timeOf(terminated.finishedAt) ?? 0,
  };
}

function timeOf(stamp: string | undefined): number | undefined {
  const read = stamp ? Date.parse(stamp) : NaN;
  return Number.isNaN(read) ? undefined : read;
}
