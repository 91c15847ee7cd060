import { GatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { anAttempt, anExchange } from '../../test/doubles.js';
import { aFailure, someUsage } from '../../test/road.js';
import { Attempt } from '../pipeline/attempt.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';
import { Transcript } from '../upstream/transcript.js';
import { RecentCalls } from './recent-calls.js';

/** A call that began at `at` of this process's clock, and took a second. */
const aCall = (callId: string, filled: Partial<Exchange> = {}, at = 1_000): Exchange =>
  anExchange({ callId, startedAt: at, ...filled });
const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  status: 'success',
  statusCode: 200,
  isUsageEstimated: false,
  endedAt: 2_000,
  ...changes,
});

describe('a recent call', () => {
  it('is told with all that became of it', () => {
    const calls = new RecentCalls();
    const exchange = aCall('call-1', { model: 'm', isStream: true, cache: 'miss' });
    calls.add(exchange, outcome({ usage: someUsage(1, 2), costNanoUsd: 1_500 }));
    expect(calls.find('call-1')).toEqual({
      callId: 'call-1',
      model: 'm',
      operation: 'chat',
      stream: true,
      startedAt: Math.round(performance.timeOrigin + 1_000),
      durationMs: 1_000,
      status: 'success',
      statusCode: 200,
      cache: 'miss',
      attempts: [],
      error: null,
      usage: someUsage(1, 2),
      costUsd: '0.0000015',
    });
  });

  it('is told with each of its attempts', () => {
    const calls = new RecentCalls();
    const exchange = aCall('call-1');
    const error = aFailure('GW_UPSTREAM_RATE_LIMITED', { retryAfterMs: 2_000 });
    anAttempt(exchange, {
      deployment: { id: 'd1', provider: 'provider.x' },
      startedAt: 1_100,
      endedAt: 1_200.12345,
      status: 'failure',
      error,
    });
    anAttempt(exchange, {
      deployment: { id: 'd2', provider: 'provider.y' },
      startedAt: 1_300,
      firstTokenAt: 1_400,
      endedAt: 2_000,
      status: 'success',
      usage: someUsage(1, 2),
      isUsageEstimated: true,
      costNanoUsd: 5,
    });
    calls.add(exchange, outcome());
    const both = { model: 'upstream', group: 'g', reason: 'strategy', retry: 0, fallback: 0 };
    expect(calls.find('call-1')?.attempts).toEqual([
      {
        ...both,
        deploymentId: 'd1',
        provider: 'provider.x',
        status: 'failure',
        startedMs: 100,
        durationMs: 100.123,
        firstTokenMs: null,
        error: { code: error.code, message: error.message, retryAfterMs: 2_000 },
        usage: null,
        isUsageEstimated: false,
        costUsd: null,
      },
      {
        ...both,
        deploymentId: 'd2',
        provider: 'provider.y',
        status: 'success',
        startedMs: 300,
        durationMs: 700,
        firstTokenMs: 100,
        error: null,
        usage: someUsage(1, 2),
        isUsageEstimated: true,
        costUsd: '0.000000005',
      },
    ]);
  });

  it('says of an attempt that it went on with a broken stream', () => {
    const calls = new RecentCalls();
    const exchange = aCall('call-1');
    const first = anAttempt(exchange, { transcript: new Transcript() });
    const second = new Attempt(first.exchange, first.choice, undefined, new Transcript(first.transcript));
    exchange.attempts = [first, second];
    calls.add(exchange, outcome());
    expect(calls.find('call-1')?.attempts.map(({ reason }) => reason)).toEqual(['strategy', 'mid-stream']);
  });

  it('says what it failed of, and where an attempt is not over', () => {
    const calls = new RecentCalls();
    const exchange = aCall('call-1');
    anAttempt(exchange);
    const error = aFailure('GW_TIMEOUT');
    calls.add(exchange, outcome({ status: 'failure', statusCode: 408, error }));
    expect(calls.find('call-1')).toMatchObject({
      status: 'failure',
      statusCode: 408,
      error: { code: 'GW_TIMEOUT', message: error.message },
      usage: null,
      costUsd: null,
      attempts: [{ status: 'open', durationMs: null }],
    });
  });

  it('keeps neither secrets nor pages of what a provider quoted', () => {
    const calls = new RecentCalls();
    const quoted = `key sk-abcdefghijklmnopqrstuvwxyz0123456789 ${'x'.repeat(100_000)}`;
    const error = new GatewayError('GW_UPSTREAM_ERROR', quoted);
    calls.add(aCall('call-1'), outcome({ status: 'failure', error }));
    const told = calls.find('call-1')?.error?.message ?? '';
    expect(told).not.toContain('abcdefghijklmnop');
    expect(told.length).toBeLessThanOrEqual(4_000);
  });

  it('that was refused before anything was read of it is told all the same', () => {
    const calls = new RecentCalls();
    calls.add(aCall('call-1'), outcome({ status: 'failure', statusCode: 401 }));
    expect(calls.find('call-1')).toMatchObject({ model: '', cache: 'off', stream: false, attempts: [] });
  });

  it('is told as it was at its end: what is told of it later changes nothing', () => {
    const calls = new RecentCalls();
    const exchange = aCall('call-1');
    const attempt = anAttempt(exchange, { status: 'success' });
    calls.add(exchange, outcome());
    attempt.status = 'failure';
    exchange.attempts = [];
    expect(calls.find('call-1')?.attempts).toMatchObject([{ status: 'success' }]);
  });
});

describe('of all calls', () => {
  const add = (calls: RecentCalls, count: number): void => {
    for (let index = 1; index <= count; index += 1) calls.add(aCall(`call-${index}`), outcome());
  };

  it('nothing is known before there was one', () => expect(new RecentCalls().find('call-1')).toBeUndefined());

  it.each<[number, string, boolean]>([
    [999, 'call-1', true],
    [1_000, 'call-1', true],
    [1_001, 'call-1', false],
    [1_001, 'call-2', true],
    [2_500, 'call-1500', false],
    [2_500, 'call-1501', true],
    [2_500, 'call-2500', true],
  ])('the newest 1,000 are kept: of %i, %s is known: %p', (count, callId, isKnown) => {
    const calls = new RecentCalls();
    add(calls, count);
    expect(calls.find(callId)?.callId).toBe(isKnown ? callId : undefined);
  });

  it('a new one has nothing of the old one whose place it took', () => {
    const calls = new RecentCalls();
    const old = aCall('the older one', { model: 'm' });
    for (let count = 0; count < 2; count += 1) anAttempt(old, { error: aFailure(), usage: someUsage(1, 2) });
    const failed = outcome({ status: 'failure', error: aFailure(), usage: someUsage(1, 2), costNanoUsd: 5 });
    calls.add(old, failed);
    add(calls, 999);
    const next = aCall('new');
    anAttempt(next);
    calls.add(next, outcome());
    expect([calls.find('the older one'), calls.find('call-1')?.callId]).toEqual([undefined, 'call-1']);
    expect(calls.find('new')).toMatchObject({ model: '', error: null, usage: null, costUsd: null });
    expect(calls.find('new')?.attempts).toMatchObject([{ error: null, usage: null }]);
  });

  it.each([2, 1_000, 1_500])('that have one id the newest is meant: %i in all', (count) => {
    const calls = new RecentCalls();
    calls.add(aCall('twice', { model: 'first' }), outcome());
    add(calls, count - 2);
    calls.add(aCall('twice', { model: 'second' }), outcome());
    expect(calls.find('twice')?.model).toBe('second');
  });
});
