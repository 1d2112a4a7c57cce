import type { Decision } from "../model";
import { StatusWriter } from "./status-writer";

/**
 * The ConfigMap that the clients' Secrets wait for. It has the key of the declared trust once all pods have that trust,
 * or the reason why they don't. It doesn't change while the state is unknown.
 */
export class TrustStatus extends StatusWriter {
  show({ trust }: Decision): void {
    if (trust) this.post({ agreed: "agreed" in trust ? trust.agreed : trust.problem });
  }
}
