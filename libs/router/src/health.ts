// Cooldowns as a pure reducer: a deployment's health before → after. No clock, no timers: recovery is passive.
import type { ErrorCode } from '@turnpike/errors';
import type { FailureClass, FailureTraits } from './failure-traits.js';

/** All times in epoch milliseconds of the router's clock; 0: none. */
export interface Health {
  /** In cooldown until then. */
  readonly coolUntil: number;
  /** It has cooled down and not answered since: it gets one probe at a time. */
  readonly isProving: boolean;
  /** A probe is out; the next one may go then even if this one has not come back. */
  readonly probeUntil: number;
  /** Failures counted against `allowed_fails`, and when they are forgotten. */
  readonly fails: number;
  readonly failsUntil: number;
  /** What it cools down for. */
  readonly why: ErrorCode | undefined;
}

export const HEALTHY: Health = Object.freeze({
  coolUntil: 0,
  isProving: false,
  probeUntil: 0,
  fails: 0,
  failsUntil: 0,
  why: undefined,
});

export interface CooldownPolicy {
  readonly isOff: boolean;
  readonly cooldownMs: number;
  /** `allowed_fails` of the class. Undefined: the rates of failure decide. */
  readonly allowedFails: (failure: FailureClass) => number | undefined;
}

/** What one failure adds to what is known. */
export interface FailureFacts {
  readonly code: ErrorCode;
  readonly traits: FailureTraits;
  /** The upstream's own. */
  readonly retryAfterMs: number | undefined;
  /** `cooldown_time` of the deployment; it wins. */
  readonly cooldownMs: number | undefined;
  /** Its group has other deployments. */
  readonly hasAlternatives: boolean;
  /** Calls that ended this minute, this one included, and how many of them failed. */
  readonly ended: number;
  readonly failed: number;
}

/** LiteLLM's rates: more than half of at least 5 when there are others, or all of at least 1,000. */
const MIN_ENDED = 5;
const FAILED_SHARE = 0.5;
const ALONE_ENDED = 1_000;

/** A probe that takes longer does not keep the next one waiting. */
export const PROBE_MS = 1_000;
/** Upstreams name hours when a daily quota is used up; then a probe an hour is enough. */
const MAX_COOLDOWN_MS = 3_600_000;

export const isCooling = (health: Health, now: number): boolean => now < health.coolUntil;

/**
 * Cooled down, and a probe is out that has not come back, or it is another worker's turn to send one.
 * @param turnMs how long this worker leaves it to those before it; 0: to nobody
 */
export const isProbed = (health: Health, now: number, turnMs = 0): boolean =>
  health.isProving && now < probeAt(health, turnMs);

const probeAt = ({ coolUntil, probeUntil }: Health, turnMs: number): number =>
  turnMs === 0 ? probeUntil : Math.max(coolUntil, probeUntil) + turnMs;

/** Milliseconds until it may be chosen; 0: now. */
export const readyInMs = (health: Health, now: number, turnMs = 0): number =>
  Math.max(0, health.coolUntil - now, health.isProving ? probeAt(health, turnMs) - now : 0);

/** It was chosen. */
export const afterChoice = (health: Health, now: number, turnMs = 0): Health =>
  health.isProving && !isProbed(health, now, turnMs) ? { ...health, probeUntil: now + PROBE_MS } : health;

/**
 * A call that began before the cooldown and succeeds during it proves nothing of the time after. Failures that were
 * counted stay counted: `allowed_fails` are those of a time, not those in a row.
 */
export const afterSuccess = (health: Health, now: number): Health =>
  health.isProving && !isCooling(health, now) ? HEALTHY : health;

export const afterFailure = (health: Health, facts: FailureFacts, policy: CooldownPolicy, now: number): Health => {
  if (policy.isOff || facts.traits.blame === 'none') return health;
  const ms = Math.min(facts.cooldownMs ?? facts.retryAfterMs ?? policy.cooldownMs, MAX_COOLDOWN_MS);
  if (ms <= 0) return health;
  if (isCooling(health, now)) return lengthened(health, facts, now);
  const allowed = policy.allowedFails(facts.traits.class);
  const counted = allowed === undefined ? health : withFails(health, 1, facts.cooldownMs ?? policy.cooldownMs, now);
  const isOver = allowed === undefined ? isTooMuch(facts) : counted.fails > allowed;
  if (!isOver && !health.isProving) return counted;
  return { ...HEALTHY, coolUntil: now + ms, isProving: true, why: facts.code };
};

export const withFails = (health: Health, fails: number, forMs: number, now: number): Health => ({
  ...health,
  fails: (now < health.failsUntil ? health.fails : 0) + fails,
  failsUntil: now + forMs,
});

/** Calls that were under way when the cooldown began fail too; only the upstream's own word makes it longer. */
const lengthened = (health: Health, { retryAfterMs, cooldownMs }: FailureFacts, now: number): Health => {
  const until = cooldownMs === undefined ? now + Math.min(retryAfterMs ?? 0, MAX_COOLDOWN_MS) : 0;
  return until > health.coolUntil ? { ...health, coolUntil: until } : health;
};

/** What one worker tells another; plain JSON. Durations, because machines' clocks differ. */
export interface HealthNews {
  readonly coolForMs: number;
  readonly isProving: boolean;
  readonly probeForMs: number;
  readonly why: ErrorCode | undefined;
}

export const newsOf = ({ coolUntil, isProving, probeUntil, why }: Health, now: number): HealthNews => ({
  coolForMs: Math.max(0, coolUntil - now),
  isProving,
  probeForMs: Math.max(0, probeUntil - now),
  why,
});

/** Another worker's word. It never shortens a cooldown: whoever told it may not have heard of the last failure yet. */
export const afterNews = (health: Health, news: HealthNews, now: number): Health =>
  news.isProving
    ? {
        ...health,
        coolUntil: Math.max(health.coolUntil, now + news.coolForMs),
        isProving: true,
        probeUntil: Math.max(health.probeUntil, now + news.probeForMs),
        why: news.why,
      }
    : afterSuccess(health, now);

const isTooMuch = ({ traits, hasAlternatives, ended, failed }: FailureFacts): boolean => {
  // Whoever is alone goes on being asked: what it answers tells the client more than that it rests.
  if (!hasAlternatives) return ended >= ALONE_ENDED && failed === ended;
  return traits.blame !== 'failed' || (ended >= MIN_ENDED && failed / ended > FAILED_SHARE);
};
