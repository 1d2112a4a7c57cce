import type { Random } from "../random";
import type { Fault } from "./fault";

/** Each kind as often as its weight says, in an order of chance; then all again in another. */
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
