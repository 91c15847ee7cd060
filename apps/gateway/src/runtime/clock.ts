// The time that routing and limits go by.
import type { Clock } from '@turnpike/plugin-sdk';

/** Epoch milliseconds that never jump: the wall clock is read once, when the process starts. */
export const steadyNow = (): number => performance.timeOrigin + performance.now();

export const steadyClock: Clock = { now: steadyNow };
