export interface Event {
  readonly fault: string;
  readonly a: number;
  readonly b: number;
  /** Ticks that follow. */
  readonly ticks: number;
}

export interface Story {
  readonly seed: number;
  readonly members: number;
  readonly nodeLossGraceSeconds?: number;
  /** Ticks before the first fault. */
  readonly warmUp: number;
  readonly events: readonly Event[];
  /** Right before or after the n-th write or act of the first controller, this befalls it: its death, or a fault. */
  readonly atStep?: AtStep;
}

export interface AtStep {
  readonly n: number;
  readonly when: "before" | "after";
  /** Absent: the controller dies, and starts anew with nothing in memory. */
  readonly fault?: string;
  readonly a?: number;
}
