// Taken before any test puts a clock of its own in their place.
const { setTimeout } = globalThis;
const now = Date.now;

/** Looks again and again: a test waits for what it needs, and not for a time in which that should have happened. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  // Only so that a failure says what was missing.
  const end = now() + 80_000;
  while (!(await holds())) {
    if (now() > end) throw new Error(`it never came to it: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
