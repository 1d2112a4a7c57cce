/**
 * Milliseconds for measuring how long ago something was. The process's own clock stands still while the machine is
 * suspended, and the wall clock may be set back: the one that went further counts, so that a lease never seems younger
 * than it is.
 */
export function steadyClock(): () => number {
  const wall = Date.now();
  const own = performance.now();
  return () => Math.max(performance.now() - own, Date.now() - wall);
}

export type Clock = () => number;
