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
  /** For the first controller. */
  readonly killAt?: { readonly n: number; readonly when: "before" | "after" };
}
