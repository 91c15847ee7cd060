import { describe, expect, it, jest } from '@jest/globals';
import { anExchange } from '../../test/doubles.js';

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

it('a request without a body has an empty one', () => expect(anExchange().raw).toHaveLength(0));
