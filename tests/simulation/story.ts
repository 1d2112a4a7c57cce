export interface Event {
  readonly fault: string;
  readonly a: number;
  readonly b: number;
  /** Ticks after the fault. */
  readonly ticks: number;
}

export interface Story {
  readonly seed: number;
  readonly members: number;
  readonly nodeLossGraceSeconds?: number;
  /** Ticks before the first fault. */
  readonly warmUp: number;
  readonly events: readonly Event[];
  /** A fault, or the controller's death, right before or after the n-th write or action of the first controller. */
  readonly atStep?: AtStep;
}

export interface AtStep {
  readonly n: number;
  readonly when: "before" | "after";
  /** If absent, the controller dies and restarts with no memory. */
  readonly fault?: string;
  readonly a?: number;
}
