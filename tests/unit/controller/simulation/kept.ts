/** Stories that once broke a promise or got stuck, shrunk, with what was wrong. */
import type { Story } from "./run";

const at = (fault: string, a = 0, b = 0, ticks = 0) => ({ fault, a, b, ticks });

export const KEPT: Readonly<Record<string, Story>> = {
  "a template is declared while the only pod has passed its gate": {
    seed: 0,
    members: 1,
    warmUp: 40,
    events: [at("deletePod"), at("declareTemplate", 0, 2), at("controllerFreezes", 0, 5, 5)],
  },
  "a template is declared in the first seconds, and the pod is made anew": {
    seed: 0,
    members: 1,
    warmUp: 0,
    events: [at("deletePod", 0, 0, 3), at("declareTemplate", 0, 14, 3), at("deletePod", 0, 0, 2)],
  },
};
