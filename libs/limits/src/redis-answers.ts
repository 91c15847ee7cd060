// What Redis answered to one ask, in one or several calls.
import { byDimension, type Amounts } from './authority.js';
import type { SliceReply } from './redis-script.js';

export interface Answer extends SliceReply {
  /** When the call was sent, epoch ms by the clock of this machine. */
  readonly sentAt: number;
}

/** What several answers to one ask gave. Requests and tokens count for the minute of the last. */
export const grantedBy = (answers: readonly Answer[]): Amounts =>
  byDimension((dimension, index) =>
    answers.reduce((sum, { window, granted }) => {
      const counts = dimension === 'parallel' || window === answers.at(-1)!.window;
      return sum + (counts ? granted[index]! : 0);
    }, 0),
  );

/** The part of `want` that they did not give. */
export const lacking = (want: Amounts, answers: readonly Answer[]): Amounts => {
  const granted = grantedBy(answers);
  return byDimension((dimension) => Math.max(0, want[dimension] - granted[dimension]));
};
