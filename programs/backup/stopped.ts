/** Ends with the signal's reason, or with the work, whichever is first. */
export async function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
    // Whoever doesn't wait for it any more doesn't want to hear of it either.
    work.catch(() => undefined);
    stopped.catch(() => undefined);
  }
}
