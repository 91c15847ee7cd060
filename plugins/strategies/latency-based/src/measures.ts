// What is compared of calls. Figures of one kind are never held against figures of another.
import type { CallSample } from '@turnpike/plugin-sdk';

/** Milliseconds, in all or per output token, of a call that succeeded; undefined when it does not tell. */
export type Measure = (call: CallSample) => number | undefined;

export const firstToken: Measure = ({ firstTokenMs }) => firstTokenMs;

export const perOutputToken: Measure = ({ durationMs, outputTokens }) =>
  outputTokens > 0 ? durationMs / outputTokens : undefined;

/**
 * For groups of which no token counts are known, such as embeddings. LiteLLM takes it for every single call without a
 * count as well; in a chat such a call would look hundreds of times as slow as its neighbours, whose time is divided by
 * their tokens. So here it is left out as long as others tell.
 */
export const duration: Measure = ({ durationMs }) => durationMs;
