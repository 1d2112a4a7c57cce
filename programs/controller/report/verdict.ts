import type { Decision, World } from "../model";
import { StatusWriter } from "./status-writer";

/**
 * The ConfigMap by which `pulumi up` ends early. `decided` is the declaration's hash once the cluster is as declared or
 * the declaration is refused, and the reason before. A refusal that the next observation takes back was none.
 */
export class Verdict extends StatusWriter {
  show({ desired }: Pick<World, "desired">, { converged, refused, reason }: Decision): void {
    const hash = "problem" in desired ? undefined : desired.hash;
    const decided = converged ?? (refused === undefined ? undefined : hash);
    this.post({ decided: decided ?? reason, refused: refused ?? "" });
  }
}
