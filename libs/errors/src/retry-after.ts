// When an upstream wants us back.
import type { UpstreamFailure } from './upstream.js';

const MAX_WAIT_MS = 86_400_000;

/** `20`, `1.5`, but not `1.2.3`. */
const AMOUNT = String.raw`\d+(?:\.\d+)?`;
const UNIT = '(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)(?![a-z])';
const STEP = new RegExp(`(${AMOUNT})\\s*(${UNIT})`, 'gi');
const ASKED = new RegExp(`(?:try again|retry) (?:in|after) ((?:${AMOUNT}\\s*${UNIT}[\\s,]*)+)`, 'i');
const RETRY_DELAY = new RegExp(`"retryDelay"\\s*:\\s*"(${AMOUNT})s"`);

/** How long, in milliseconds, each unit is; they differ in their first letters. */
const lengthOf = (unit: string): number => {
  const word = unit.toLowerCase();
  if (word === 'ms' || word.startsWith('mil')) return 1;
  return word.startsWith('s') ? 1_000 : word.startsWith('m') ? 60_000 : 3_600_000;
};

/** `1m12.5s`, `20 seconds`, `340ms` → milliseconds; undefined when no duration stands there. */
const readDuration = (text: string): number | undefined => {
  const steps = [...text.matchAll(STEP)];
  if (steps.length === 0) return undefined;
  return steps.reduce((sum, [, amount, unit]) => sum + Number(amount) * lengthOf(unit!), 0);
};

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/**
 * Milliseconds an upstream asks us to wait, a day at most, from headers, Google's RetryInfo, or the message.
 * `now` in epoch ms.
 */
export const readRetryAfterMs = (failure: UpstreamFailure, now: number): number | undefined => {
  const asked = fromRetryAfter(failure.headers, now) ?? fromRetryInfo(failure.body) ?? fromLimit(failure);
  return asked !== undefined && asked > 0 ? Math.min(asked, MAX_WAIT_MS) : undefined;
};

/** Milliseconds of our own making, seconds, a duration, or an HTTP date. */
const fromRetryAfter = (headers: UpstreamFailure['headers'], now: number): number | undefined => {
  const exact = Number(first(headers['retry-after-ms']));
  if (exact > 0) return exact;
  const plain = first(headers['retry-after'])?.trim();
  if (!plain) return undefined;
  const seconds = Number(plain);
  if (Number.isFinite(seconds)) return seconds * 1_000;
  // A date begins with its day of the week; other words would be taken for dates too.
  return /^[a-z]{3,9},/i.test(plain) ? Date.parse(plain) - now : readDuration(plain);
};

const fromRetryInfo = (body: string): number | undefined => {
  const seconds = RETRY_DELAY.exec(body)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
};

/** Of a 429 only: other texts may quote a prompt. */
const fromLimit = ({ status, headers, body }: UpstreamFailure): number | undefined => {
  if (status !== 429) return undefined;
  const asked = ASKED.exec(body)?.[1];
  if (asked !== undefined) return readDuration(asked);
  const waits = ['requests', 'tokens'].map((kind) =>
    first(headers[`x-ratelimit-remaining-${kind}`]) === '0'
      ? (readDuration(first(headers[`x-ratelimit-reset-${kind}`]) ?? '') ?? 0)
      : 0,
  );
  return Math.max(...waits);
};
