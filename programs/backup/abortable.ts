/** Settles with the work, or rejects with the signal's reason, whichever comes first. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
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
    // The loser of the race may still reject, and nobody handles that.
    work.catch(() => undefined);
    stopped.catch(() => undefined);
  }
}
