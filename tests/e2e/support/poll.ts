import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is defined. An error counts as no answer yet, and is reported if none comes in time. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  seconds = 60,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) {
        return answer;
      }
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      const reason = last instanceof Error ? `: ${last.message}` : "";
      throw new Error(`not within ${seconds} s: ${what}${reason}`);
    }
    await sleep(300);
  }
}
