import type { Alert } from '@turnpike/plugin-sdk';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PriceAdjustments } from '@turnpike/pricing';
import { anAttempt, callbacksFor } from '../../test/doubles.js';
import { aFailure, aRecalled, aRuntime, aSnapshot, someUsage } from '../../test/road.js';
import type { WaitingRoom } from '../runtime/waiting-room.js';
import type { Attempt } from './attempt.js';
import { countUsage, endAttempt } from './end-attempt.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** An attempt under way, with a permit, in a call that others wait behind. */
const underWay = ({ settings = {} } = {}) => {
  const { runtime, told } = aRuntime();
  const released: (number | undefined)[] = [];
  const letIn = jest.fn();
  const snapshot = aSnapshot({ settings, waitingRoom: { letIn } as unknown as WaitingRoom });
  const permit = { release: (tokens?: number) => void released.push(tokens) };
  const attempt: Attempt = anAttempt(aRecalled(snapshot), { permit });
  const { state } = attempt.target;
  state.began(runtime.clock.now());
  return { runtime, told, attempt, state, released, letIn };
};

describe('what an attempt used', () => {
  it('is priced', () => {
    const { runtime, attempt } = underWay();
    countUsage(runtime, attempt, someUsage(1, 2), true);
    expect(attempt).toMatchObject({ usage: someUsage(1, 2), isUsageEstimated: true, costNanoUsd: 3 });
  });

  it('costs what operators make of its price', () => {
    const { runtime, attempt } = underWay();
    const adjustments = PriceAdjustments.of({ discounts: {}, margins: {}, margin: { rate: 1, fixedNanoUsd: 4 } });
    Object.assign(attempt.exchange.snapshot, { adjustments });
    countUsage(runtime, attempt, someUsage(1, 2), false);
    expect(attempt).toMatchObject({ costNanoUsd: 10, adjustedCost: { originalNanoUsd: 3, marginNanoUsd: 7 } });
  });

  it('may be unknown, and then costs nobody knows what', () => {
    const { runtime, attempt } = underWay();
    countUsage(runtime, attempt, undefined, false);
    expect([attempt.usage, attempt.costNanoUsd]).toEqual([undefined, undefined]);
  });
});

describe('the end of an attempt', () => {
  it('frees its place and tells what it used', () => {
    const { runtime, attempt, state, released, letIn } = underWay();
    countUsage(runtime, attempt, someUsage(1, 2), false);
    expect([state.inFlight, letIn.mock.calls.length]).toEqual([1, 0]);
    endAttempt(runtime, attempt, 'success');
    expect(released).toEqual([3]);
    expect([state.inFlight, state.tokensThisMinute, letIn.mock.calls.length]).toEqual([0, 3, 1]);
  });

  it('is told once', () => {
    const { runtime, told, attempt, state, released, letIn } = underWay();
    endAttempt(runtime, attempt, 'success');
    endAttempt(runtime, attempt, 'failure', aFailure());
    endAttempt(runtime, attempt, 'abandoned');
    expect(attempt).toMatchObject({ status: 'success', error: undefined });
    expect([released.length, letIn.mock.calls.length, state.inFlight]).toEqual([1, 1, 0]);
    expect(told.failedAttempts).toEqual([]);
  });

  it('that went well is a sample of how quick its deployment is', () => {
    const { runtime, attempt, state } = underWay();
    countUsage(runtime, attempt, someUsage(1, 20), false);
    jest.advanceTimersByTime(100);
    attempt.firstTokenAt = performance.now();
    jest.advanceTimersByTime(400);
    endAttempt(runtime, attempt, 'success');
    expect(state.samples).toEqual([
      { at: runtime.clock.now(), durationMs: 500, firstTokenMs: 100, outputTokens: 20, isFailure: false },
    ]);
  });

  it('does not make a deployment slow whose answer was only read late', () => {
    const { runtime, attempt, state } = underWay();
    jest.advanceTimersByTime(100);
    attempt.answeredAt = performance.now();
    jest.advanceTimersByTime(400);
    endAttempt(runtime, attempt, 'success');
    expect(state.samples).toMatchObject([{ durationMs: 100, firstTokenMs: undefined, outputTokens: 0 }]);
  });

  it('that failed is counted against its deployment', () => {
    const { runtime, told, attempt, state } = underWay({ settings: { disableCooldowns: false, allowedFails: 0 } });
    const error = aFailure('GW_UPSTREAM_UNAVAILABLE');
    endAttempt(runtime, attempt, 'failure', error);
    expect(attempt).toMatchObject({ status: 'failure', error });
    expect(told.failedAttempts).toEqual([['deployment-0', 'GW_UPSTREAM_UNAVAILABLE']]);
    expect(state.samples).toMatchObject([{ isFailure: true }]);
    expect(state.health.coolUntil).toBe(runtime.clock.now() + 5_000);
    expect(told.cooledDown).toEqual(['deployment-0']);
  });

  it('that was given up says nothing of its deployment, but what it used', () => {
    const { runtime, told, attempt, state, released } = underWay();
    countUsage(runtime, attempt, someUsage(5, 0), true);
    endAttempt(runtime, attempt, 'abandoned');
    expect([attempt.status, released, state.tokensThisMinute, state.inFlight]).toEqual(['abandoned', [5], 5, 0]);
    expect([state.samples, told.failedAttempts]).toEqual([[], []]);
  });

  it('is the first that was known', () => {
    const { runtime, attempt } = underWay();
    attempt.endedAt = 5;
    endAttempt(runtime, attempt, 'success');
    expect(attempt.endedAt).toBe(5);
  });
});

it('a deployment that begins to rest is told to callbacks once', async () => {
  const alerts: Alert[] = [];
  const onAlert = (told: readonly Alert[]) => void alerts.push(...told);
  const { callbacks } = callbacksFor({ x: { onAlert } });
  const { runtime } = aRuntime();
  const snapshot = Object.assign(
    aSnapshot({ settings: { disableCooldowns: false, allowedFails: 0, cooldownMs: 5_000 } }),
    { callbacks },
  );
  const first = anAttempt(aRecalled(snapshot));
  const { choice } = first;
  const next = (): Attempt => Object.assign(anAttempt(aRecalled(snapshot)), { choice });
  for (const attempt of [first, next(), next()]) endAttempt(runtime, attempt, 'failure', aFailure());
  jest.useRealTimers();
  await callbacks.close(1_000);
  expect(alerts).toEqual([
    expect.objectContaining({ kind: 'deployment', event: 'cooled_down', upstreamModel: 'upstream' }),
  ]);
});
