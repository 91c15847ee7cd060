// What is compared of two deployments' calls. Figures of one kind are never held against figures of another.
import type { CallSample } from '@turnpike/plugin-sdk';

/** How slow a call was, on a scale of its own; undefined when it does not tell. */
export type Measure = (call: CallSample) => number | undefined;

export const firstToken: Measure = ({ firstTokenMs }) => firstTokenMs;

/** An answer's first token takes about as long as this many that follow it. */
const START_IN_TOKENS = 50;

/**
 * Not the whole duration: answers differ in length a hundredfold, so an average that follows peaks would tell who was
 * last asked for something long. Not per token alone either: the start would make every short answer a peak.
 */
export const perOutputToken: Measure = ({ durationMs, outputTokens }) =>
  outputTokens > 0 ? durationMs / (outputTokens + START_IN_TOKENS) : undefined;

/** Where token counts are unknown, as with embeddings. */
export const duration: Measure = ({ durationMs }) => durationMs;

/** The best first. */
export const MEASURES: { readonly whole: readonly Measure[]; readonly stream: readonly Measure[] } = {
  whole: [perOutputToken, duration],
  stream: [firstToken, perOutputToken, duration],
};
