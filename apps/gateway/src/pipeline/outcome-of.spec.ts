import { describe, expect, it } from '@jest/globals';
import { anAttempt, anExchange } from '../../test/doubles.js';
import { aFailure, someUsage } from '../../test/road.js';
import type { Outcome } from './exchange.js';
import { outcomeOf } from './outcome-of.js';

const failure = aFailure('GW_UPSTREAM_UNAVAILABLE');

describe('the outcome of a call', () => {
  it.each<[string, Outcome['status'], boolean, Partial<Outcome>]>([
    ['went well', 'success', false, { status: 'success', statusCode: 200 }],
    ['failed', 'failure', false, { status: 'failure', statusCode: failure.status, error: failure }],
    ['went well when its client had left', 'success', true, { status: 'client_closed', statusCode: 499 }],
    ['failed when its client had left', 'failure', true, { status: 'client_closed', statusCode: 499 }],
    ['was given up', 'client_closed', false, { status: 'client_closed', statusCode: 499 }],
  ])('that %s', (_title, status, isClientGone, expected) => {
    const outcome = outcomeOf(anExchange({ isClientGone }), status, status === 'failure' ? failure : undefined);
    expect(outcome).toEqual({
      usage: undefined,
      isUsageEstimated: false,
      costNanoUsd: undefined,
      error: undefined,
      endedAt: expect.any(Number),
      ...expected,
    });
  });

  it('has the usage of the attempt that answered', () => {
    const exchange = anExchange();
    anAttempt(exchange, { usage: someUsage(9, 9) });
    anAttempt(exchange, { usage: someUsage(1, 2), isUsageEstimated: true });
    expect(outcomeOf(exchange, 'success')).toMatchObject({ usage: someUsage(1, 2), isUsageEstimated: true });
  });
});

describe('the cost of a call', () => {
  const costOf = (costs: readonly (number | undefined)[], cache?: 'hit' | 'miss'): number | undefined => {
    const exchange = anExchange({ cache });
    for (const costNanoUsd of costs) anAttempt(exchange, { costNanoUsd });
    return outcomeOf(exchange, 'success').costNanoUsd;
  };

  it.each<[string, readonly (number | undefined)[], number | undefined]>([
    ['is that of all attempts, those that lost or broke too', [5, 7], 12],
    ['leaves out what has no price', [undefined, 7], 7],
    ['is not known where nothing has a price', [undefined, undefined], undefined],
    ['is not known where nobody was asked', [], undefined],
    ['is nothing where nothing was charged', [0], 0],
  ])('%s', (_title, costs, expected) => expect(costOf(costs)).toBe(expected));

  it('is nothing where the answer came from the cache', () => {
    expect([costOf([], 'hit'), costOf([5], 'miss')]).toEqual([0, 5]);
  });
});
