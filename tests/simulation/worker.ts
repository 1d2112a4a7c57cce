/** Plays batches of stories for `main.ts`. Each batch has its own seed, so the result doesn't depend on the worker. */
import fc from "fast-check";
import { KINDS } from "./kinds";
import { keepsPromises } from "./run";
import type { Story } from "./story";

export interface Batch {
  readonly kind: number;
  readonly seed: number;
  readonly stories: number;
}

export interface Played {
  readonly batch: Batch;
  readonly stories: number;
  readonly failure?: { readonly story: Story; readonly why: string };
}

function playBatch(batch: Batch): Played {
  const kind = KINDS[batch.kind];
  if (!kind) throw new Error(`there is no kind ${batch.kind}`);
  const property = fc.property(kind.stories, keepsPromises);
  const end = fc.check(property, { numRuns: batch.stories, seed: batch.seed });
  const [story] = end.counterexample ?? [];
  if (!story) return { batch, stories: end.numRuns };
  const why = end.errorInstance instanceof Error ? end.errorInstance.message : String(end.errorInstance);
  return { batch, stories: end.numRuns, failure: { story, why } };
}

process.on("message", (batch: Batch) => process.send?.(playBatch(batch)));
