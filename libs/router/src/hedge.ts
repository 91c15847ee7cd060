// When a second deployment is asked too.
import type { HedgeSettings } from '@turnpike/domain';
import type { CallSample } from '@turnpike/plugin-sdk';
import type { Choice } from './routing.js';

/** With fewer calls behind it a percentile says nothing; with more it says nothing else, and sorting takes time. */
const MIN_SAMPLES = 20;
const MAX_SAMPLES = 100;

/**
 * Milliseconds to wait for the first sign of an answer: the first token of a stream, the whole of another.
 * Undefined: not known well enough, or there is nobody else to ask.
 */
export const hedgeAfterMs = (
  settings: HedgeSettings | undefined,
  { level }: Choice,
  isStream: boolean,
): number | undefined => {
  if (!settings || level.targets.length < 2) return undefined;
  if ('afterMs' in settings) return settings.afterMs;
  const share = Math.max(1, Math.floor(MAX_SAMPLES / level.targets.length));
  const times = level.targets
    .slice(0, MAX_SAMPLES)
    .flatMap(({ samples }) => samples.slice(-share).flatMap((sample) => timeOf(sample, isStream) ?? []));
  if (times.length < MIN_SAMPLES) return undefined;
  times.sort((left, right) => left - right);
  return times[Math.min(times.length - 1, Math.floor((times.length * settings.afterPercentile) / 100))];
};

const timeOf = ({ isFailure, durationMs, firstTokenMs }: CallSample, isStream: boolean): number | undefined => {
  if (isFailure) return undefined;
  return isStream ? firstTokenMs : firstTokenMs === undefined ? durationMs : undefined;
};
