// Minutes of the clock, and what to believe of a clock that jumps.

export const WINDOW_MS = 60_000;

/** A clock set back by up to this does not begin the former minute again. */
const STEP_BACK_MS = 1_000;

/**
 * Number of the minute that counts now.
 *
 * @param former the number that counted last; -1 for none. A small step back of the clock stays in it, so that a minute
 *   is not given out twice; a large one begins a new count, so that nobody waits for a far future.
 */
export const windowAt = (former: number, now: number, windowMs: number): number => {
  const current = Math.floor(now / windowMs);
  return current < former && former * windowMs - now <= STEP_BACK_MS ? former : current;
};

/** Whether a time is still to come. One further ahead than a window can be is the work of a clock that was set back. */
export const isAhead = (time: number, now: number): boolean => time > now && time - now <= WINDOW_MS + STEP_BACK_MS;
