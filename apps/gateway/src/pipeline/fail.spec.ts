import { GatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aFront, anAttempt, FakeResponse } from '../../test/doubles.js';
import { aFailure, aRecalled, aRuntime, aSnapshot } from '../../test/road.js';
import type { Exchange } from './exchange.js';
import { fail } from './fail.js';

const failing = (thrown: unknown, filled: Partial<Exchange> = {}, before?: (exchange: Exchange) => void) => {
  const response = new FakeResponse();
  const front = aFront({ errorBody: ({ code }) => JSON.stringify({ code }) });
  const exchange = aRecalled(aSnapshot(), filled, { front, response: response.asResponse() });
  before?.(exchange);
  fail(aRuntime().runtime, exchange, thrown);
  return { response, exchange };
};

describe('a call that failed', () => {
  it("is answered with its one error, in the client's dialect", () => {
    const error = aFailure('GW_UPSTREAM_UNAVAILABLE', { retryAfterMs: 2_000 });
    const { response, exchange } = failing(error);
    expect([response.status, JSON.parse(response.text)]).toEqual([503, { code: 'GW_UPSTREAM_UNAVAILABLE' }]);
    expect(response.headers).toMatchObject({ 'x-litellm-call-id': 'call-1', 'retry-after': '2' });
    expect(exchange.outcome).toMatchObject({ status: 'failure', statusCode: 503, error });
  });

  it('tells who was asked last', () => {
    const { response } = failing(aFailure(), {}, (exchange) => void anAttempt(exchange, { deployment: { id: 'd' } }));
    expect(response.headers).toMatchObject({ 'x-litellm-model-id': 'd', 'x-litellm-attempted-retries': '0' });
  });

  it('has cost what its attempts cost', () => {
    const { exchange } = failing(aFailure(), {}, (failed) => void anAttempt(failed, { costNanoUsd: 5 }));
    expect(exchange.outcome?.costNanoUsd).toBe(5);
  });

  it('for a reason that is not ours tells nobody which', () => {
    const { response, exchange } = failing(new TypeError('a bug'));
    expect([response.status, response.text]).toEqual([500, '{"code":"GW_INTERNAL"}']);
    expect(exchange.outcome?.error?.code).toBe('GW_INTERNAL');
  });

  it('is told to nobody who has left', () => {
    const error = new GatewayError('GW_CLIENT_CLOSED', 'The client left.');
    const { response, exchange } = failing(error, { isClientGone: true });
    expect([response.headersSent, response.ended]).toEqual([false, false]);
    expect(exchange.outcome).toMatchObject({ status: 'client_closed', statusCode: 499, error: undefined });
  });
});
