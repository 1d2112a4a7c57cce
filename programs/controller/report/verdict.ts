import type { Decision, World } from "../model";
import { StatusWriter } from "./status-writer";

/**
 * The ConfigMap by which `pulumi up` ends early. `decided` is the declaration's hash once the cluster is as declared or
 * the declaration is refused, and the reason before. `taken` is the number of pods with the declared template, so that
 * the next preview knows whether a refused one has restarted any.
 */
export class Verdict extends StatusWriter {
  show(world: Pick<World, "desired" | "pods" | "statefulSet">, decision: Decision): void {
    const { converged, refused, reason } = decision;
    const hash = "problem" in world.desired ? undefined : world.desired.hash;
    const decided = converged ?? (refused === undefined ? undefined : hash);
    this.post({ decided: decided ?? reason, refused: refused ?? "", taken: takenBy(world) });
  }
}

function takenBy({ pods, statefulSet }: Pick<World, "pods" | "statefulSet">): string {
  if (!statefulSet?.observed) return "";
  return String(pods.filter(({ revision }) => revision === statefulSet.updateRevision).length);
}
