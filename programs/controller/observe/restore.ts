/** The restore pod as the plan sees it. */
import { containerNames, labelKeys, restoreSelector } from "../../../components/contract/names";
import type { ContainerStatus, Pod } from "../../shared/kubernetes/objects";
import type { ControllerRecord, Desired, RestoreView } from "../model";
import type { RestoreReport } from "../../shared/protocol";
import { lastMessage } from "./container-message";
import { exitCodes } from "../../../components/contract/exit-codes";

/** The labels of the declared generation's restore pods; undefined if the generation is made, or none is declared. */
export function restorePodLabels(
  desired: Desired | { readonly problem: string },
  record: ControllerRecord | { readonly problem: string } | undefined,
  memberLabels: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if ("problem" in desired || !desired.rebuild || (record && "problem" in record)) return undefined;
  const made = record && record.birth.state !== "unborn" && record.generation >= desired.generation;
  if (made && !record.rebuild) return undefined;
  const labels = restoreSelector(memberLabels?.[labelKeys.instance] ?? "");
  return { ...labels, [labelKeys.generation]: String(desired.generation) };
}

/**
 * `found` is undefined while no restore pod is looked for. Otherwise a report counts only if it is from one of them.
 */
export function restoreView(
  found: readonly Pod[] | undefined,
  received: RestoreReport | undefined,
): RestoreView | undefined {
  const pods = found ?? [];
  const report = !found || pods.some((pod) => pod.metadata.uid === received?.podUid) ? received : undefined;
  const byAge = [...pods].sort((a, b) => created(b) - created(a));
  const [newest, ...older] = byAge.filter((p) => !p.metadata.deletionTimestamp);
  const refusal = byAge.map(refusalOf).find((r) => r !== undefined);
  if (!newest) return refusal || report ? { refusal, report } : undefined;
  const { uid, name } = newest.metadata;
  const before = older.map(problemOf).find((p) => p !== undefined);
  const problem =
    problemOf(newest) ?? (before && `it tries again; the previous pod: ${before}`) ?? withoutVolumes(newest);
  return { pod: { uid, name, problem }, refusal, report };
}

const created = (pod: Pod) => Date.parse(pod.metadata.creationTimestamp ?? "") || 0;

const containersOf = ({ status }: Pod) => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/**
 * Kubernetes silently drops fields that it doesn't know. Without native sidecars the restore pod would run and never
 * end, so all members would be stopped for nothing. This checks the stored pod, because the controller has no right to
 * ask for the version of Kubernetes.
 */
function missesSidecar({ spec }: Pod): boolean {
  return (spec.initContainers ?? []).some(
    (c) => c.name === containerNames.survivor && c.restartPolicy !== "Always",
  );
}

const NO_SIDECAR =
  "a recovery needs Kubernetes 1.29 or later. The API server has dropped `restartPolicy: Always` from " +
  "the pod's init container, as older releases do, so the recovery would never end. Update " +
  "Kubernetes, or declare a restore from a backup, which needs no such container";

function refusalOf(pod: Pod): string | undefined {
  if (missesSidecar(pod)) return `${pod.metadata.name}: ${NO_SIDECAR}`;
  const refused = containersOf(pod).find((c) => c.state?.terminated?.exitCode === exitCodes.permanent);
  return refused && `${pod.metadata.name}: ${failure(refused)}`;
}

/** A container's failure, or why a container or the pod can't start. */
function problemOf(pod: Pod): string | undefined {
  const failed = containersOf(pod)
    .map(failure)
    .find((f) => f !== undefined);
  if (failed) return failed;
  const placed = pod.status?.conditions?.find((c) => c.type === "PodScheduled");
  if (placed?.status === "False") return `it can't be scheduled: ${placed.message ?? placed.reason ?? "?"}`;
  return undefined;
}

/** Only the kubelet's Events name a Secret that doesn't exist, and this controller may not read them. */
function withoutVolumes(pod: Pod): string | undefined {
  const { spec, status } = pod;
  const prepared = status?.conditions?.find((c) => c.type === "PodReadyToStartContainers");
  if (!spec.nodeName || prepared?.status !== "False" || containersOf(pod).some(hasStarted)) return undefined;
  const needs = (spec.volumes ?? []).flatMap(({ secret, persistentVolumeClaim: claim }) => [
    ...(secret ? [`Secret ${secret.secretName}`] : []),
    ...(claim ? [`claim ${claim.claimName}`] : []),
  ]);
  return `its volumes are being mounted. If it stays so, one of them is missing: ${needs.join(", ")}`;
}

const hasStarted = ({ state, lastState }: ContainerStatus): boolean =>
  Boolean(state?.running ?? state?.terminated ?? lastState?.terminated);

const NORMAL_WAITS = ["PodInitializing", "ContainerCreating"];

function failure({ name, state, lastState }: ContainerStatus): string | undefined {
  const ended = state?.terminated ?? lastState?.terminated;
  const words = (message?: string) => {
    const last = lastMessage(message);
    return last ? `: ${last}` : "";
  };
  if (ended && ended.exitCode !== 0) return `${name} failed${words(ended.message ?? ended.reason)}`;
  const { reason, message } = state?.waiting ?? {};
  return reason && !NORMAL_WAITS.includes(reason)
    ? `${name} doesn't start: ${reason}${words(message)}`
    : undefined;
}
