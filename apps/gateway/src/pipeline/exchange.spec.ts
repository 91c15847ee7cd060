import { GatewayError } from '@turnpike/errors';
import { describe, expect, it, jest } from '@jest/globals';
import { anExchange } from '../../test/doubles.js';
import type { ActiveGuardrail } from '../guarding/selection.js';

describe('a client that leaves', () => {
  it('is told once to whoever wants to know it last', () => {
    const exchange = anExchange();
    const [former, last] = [jest.fn(), jest.fn()];
    exchange.whenDeserted({ abort: former });
    exchange.whenDeserted({ abort: last });
    exchange.clientGone();
    exchange.clientGone();
    expect([former.mock.calls.length, last.mock.calls.length, exchange.isClientGone]).toEqual([0, 1, true]);
  });

  it('is told at once to whoever asks too late', () => {
    const exchange = anExchange();
    exchange.clientGone();
    const act = jest.fn();
    exchange.whenDeserted({ abort: act });
    expect(act).toHaveBeenCalledTimes(1);
  });

  it('aborts the signal, which is made when it is asked for', () => {
    const [before, after] = [anExchange(), anExchange()];
    const { signal } = before;
    expect(signal.aborted).toBe(false);
    before.clientGone();
    after.clientGone();
    expect([signal.aborted, before.signal === signal, after.signal.aborted]).toEqual([true, true, true]);
  });

  it('after its answer has not left', () => {
    const exchange = anExchange();
    const act = jest.fn();
    exchange.whenDeserted({ abort: act });
    exchange.outcome = { status: 'success', statusCode: 200, isUsageEstimated: false, endedAt: 0 };
    exchange.clientGone();
    expect([exchange.isClientGone, act.mock.calls.length]).toEqual([false, 0]);
  });
});

describe('a call that must not go on', () => {
  const stopped = new GatewayError('GW_GUARDRAIL_BLOCKED', 'no');

  it('gives up what is under way for it, and what would be', () => {
    const exchange = anExchange();
    const [former, next] = [jest.fn(), jest.fn()];
    exchange.whenDeserted({ abort: former });
    exchange.stop(stopped);
    exchange.stop(new GatewayError('GW_TIMEOUT', 'later'));
    exchange.whenDeserted({ abort: next });
    expect([former.mock.calls.length, next.mock.calls.length]).toEqual([1, 1]);
    expect([exchange.stopped, exchange.isDeserted, exchange.isClientGone]).toEqual([stopped, true, false]);
  });

  it('is over already, or has no client any more: then it is not stopped', () => {
    const [over, left] = [anExchange(), anExchange()];
    over.outcome = { status: 'success', statusCode: 200, isUsageEstimated: false, endedAt: 0 };
    left.clientGone();
    for (const exchange of [over, left]) {
      exchange.stop(stopped);
      expect(exchange.stopped).toBeUndefined();
    }
  });
});

it('what a guardrail keeps of a call is its own', () => {
  const exchange = anExchange();
  const [one, other] = [{}, {}] as unknown as ActiveGuardrail[];
  exchange.memoryOf(one!).kept = 1;
  expect([exchange.memoryOf(one!), exchange.memoryOf(other!)]).toEqual([{ kept: 1 }, {}]);
});

it('a request without a body has an empty one', () => expect(anExchange().raw).toHaveLength(0));
