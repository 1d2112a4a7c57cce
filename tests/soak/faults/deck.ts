import type { Random } from "../random";
import type { Fault } from "./fault";

/** Draws each kind as often as its weight says, in random order, then all again in another order. */
export class Deck {
  private left: Fault[] = [];

  constructor(
    private readonly random: Random,
    private readonly faults: readonly Fault[],
  ) {}

  draw(): Fault {
    if (this.left.length === 0)
      this.left = this.random.shuffled(
        this.faults.flatMap((fault) => Array.from({ length: fault.weight }, () => fault)),
      );
    return this.left.pop()!;
  }
}
