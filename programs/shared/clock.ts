export type Clock = () => number;

/**
 * Milliseconds of the process's own clock. Nobody can set it, and it stops while the machine is suspended. Use it for
 * delays: nothing makes them end early.
 */
export const ownClock: Clock = () => performance.now();

/**
 * A larger difference between the clocks is a jump. Smaller ones occur because one of them has whole milliseconds
 * only.
 */
const JUMP_MS = 50;

/**
 * Milliseconds for expiry: never less than the real time. The process's own clock stops while the machine is
 * suspended, and the wall clock jumps ahead afterwards, so each jump ahead is added. A jump back is ignored, so a
 * lease never seems younger than it is.
 */
export function steadyClock(own: Clock = ownClock, wall: Clock = Date.now): Clock {
  let offset = wall() - own();
  let added = 0;
  return () => {
    const now = own();
    const ahead = wall() - now - offset;
    if (ahead >= JUMP_MS) added += ahead;
    if (ahead >= JUMP_MS || ahead < 0) offset += ahead;
    return now + added;
  };
}
