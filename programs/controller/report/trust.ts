import type { Decision } from "../model";
import { StatusWriter } from "./status-writer";

/**
 * The ConfigMap that the clients' Secrets wait for: the key of the declared trust once all pods agree with it, else why
 * they don't. While nothing can be said, it stays as it is.
 */
export class TrustStatus extends StatusWriter {
  show({ trust }: Decision): void {
    if (trust) this.post({ agreed: "agreed" in trust ? trust.agreed : trust.problem });
  }
}
