export type Clock = () => number;

/**
 * Milliseconds that this process has lived through: nobody can set it, and it stands still while the machine is suspended.
 * For what may only happen after a while: nothing makes it come early.
 */
export const ownClock: Clock = () => performance.now();

/** So far the two clocks run apart before it is a jump: one of them has whole milliseconds only. */
const JUMP_MS = 50;

/**
 * Milliseconds for what may only be believed for a while: never less than has passed. The process's own clock stands still
 * while the machine is suspended, and the wall clock then jumps ahead when it goes on, so each jump ahead is added. One
 * back takes nothing away, so that a lease never seems younger than it is.
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
