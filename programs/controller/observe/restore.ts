/** The restore pod as the plan sees it. */
import { containerNames, labelKeys, restoreSelector } from "../../../components/contract/names";
import type { ContainerStatus, Pod } from "../../shared/kubernetes/objects";
import type { ControllerRecord, Desired, RestoreView } from "../model";
import type { RestoreReport } from "../../shared/protocol";
import { lastWords } from "./last-words";
import { exitCodes } from "../../../components/contract/exit-codes";

/** The labels of the pods that make the declared generation; undefined once it is made, or when none is declared. */
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

/** While such pods are looked for, only what one of them says counts. Without: it is told that it is done. */
export function restoreView(
  looked: readonly Pod[] | undefined,
  said: RestoreReport | undefined,
): RestoreView | undefined {
  const pods = looked ?? [];
  const report = !looked || pods.some((pod) => pod.metadata.uid === said?.podUid) ? said : undefined;
  const byAge = [...pods].sort((a, b) => created(b) - created(a));
  const [newest, ...older] = byAge.filter((p) => !p.metadata.deletionTimestamp);
  const refusal = byAge.map(refusalOf).find((r) => r !== undefined);
  if (!newest) return refusal || report ? { refusal, report } : undefined;
  const { uid, name } = newest.metadata;
  const before = older.map(problemOf).find((p) => p !== undefined);
  const problem = problemOf(newest) ?? (before && `it tries again; before, ${before}`);
  return { pod: { uid, name, problem }, refusal, report };
}

const created = (pod: Pod) => Date.parse(pod.metadata.creationTimestamp ?? "") || 0;

const containersOf = ({ status }: Pod) => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/**
 * What Kubernetes doesn't know of a pod it drops without a word. The pod then comes as far as the others do, and doesn't
 * end: all members would be stopped for nothing. Told by what is left, which needs no right to ask for a version.
 */
function missesSidecar({ spec }: Pod): boolean {
  return (spec.initContainers ?? []).some(
    (c) => c.name === containerNames.survivor && c.restartPolicy !== "Always",
  );
}

const NO_SIDECAR =
  "a recovery needs Kubernetes 1.29 or later. The API server has dropped `restartPolicy: Always` from the pod's init container, which an older one does, so that the recovery would never end. Update Kubernetes, or declare a restore from a backup, which needs no such container";

function refusalOf(pod: Pod): string | undefined {
  if (missesSidecar(pod)) return `${pod.metadata.name}: ${NO_SIDECAR}`;
  const refused = containersOf(pod).find((c) => c.state?.terminated?.exitCode === exitCodes.permanent);
  return refused && `${pod.metadata.name}: ${failure(refused)}`;
}

/** What a container says of its failure, or what it or the whole pod waits for and doesn't get. */
function problemOf(pod: Pod): string | undefined {
  const failed = containersOf(pod)
    .map(failure)
    .find((f) => f !== undefined);
  if (failed) return failed;
  const placed = pod.status?.conditions?.find((c) => c.type === "PodScheduled");
  if (placed?.status === "False") return `it can't be scheduled: ${placed.message ?? placed.reason ?? "?"}`;
  return undefined;
}

const PATIENCE = ["PodInitializing", "ContainerCreating"];

function failure({ name, state, lastState }: ContainerStatus): string | undefined {
  const ended = state?.terminated ?? lastState?.terminated;
  const words = (message?: string) => {
    const last = lastWords(message);
    return last ? `: ${last}` : "";
  };
  if (ended && ended.exitCode !== 0) return `${name} failed${words(ended.message ?? ended.reason)}`;
  const { reason, message } = state?.waiting ?? {};
  return reason && !PATIENCE.includes(reason)
    ? `${name} doesn't start: ${reason}${words(message)}`
    : undefined;
}
