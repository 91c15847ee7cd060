import type { JsonObject } from '@turnpike/domain';
import type { Call } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { anExchange } from '../../test/doubles.js';
import type { Recalled } from '../pipeline/exchange.js';
import type { Callable } from '../runtime/callable.js';
import { headersFor, headersOfClient } from './call-headers.js';

interface Given {
  /** Headers of the request that are passed on. */
  request?: Record<string, string>;
  /** `extra_headers` of the body. */
  body?: JsonObject;
  /** What the provider and the operator's file want. */
  ours?: Record<string, string>;
}

const exchangeOf = ({ request = {}, body }: Given): Recalled =>
  anExchange<Recalled>(
    { body: body === undefined ? {} : { extra_headers: body } },
    { snapshot: { forwardedHeaders: () => request } },
  );

const sent = (given: Given): Record<string, string> => {
  const { ours = {} } = given;
  const exchange = exchangeOf(given);
  const callable = { headersWith: () => ours } as unknown as Callable;
  const call = { headers: headersOfClient(exchange) } as Call;
  return headersFor(callable, { url: 'u', headers: {} }, exchange, call);
};

describe('the headers of an upstream request', () => {
  it('are ours, the very same object, when the client adds none', () => {
    const ours = { authorization: 'k' };
    expect(sent({ ours })).toBe(ours);
  });

  it('are ours over the body’s over the request’s', () => {
    const headers = {
      request: { 'x-a': 'request', 'x-b': 'request', 'x-c': 'request' },
      body: { 'X-B': 'body', 'X-C': 'body' },
      ours: { 'x-c': 'ours' },
    };
    expect(sent(headers)).toEqual({ 'x-a': 'request', 'x-b': 'body', 'x-c': 'ours' });
  });

  it.each(['Authorization', 'x-api-key', 'Host', 'Content-Length', 'Transfer-Encoding', 'Proxy-Authorization'])(
    'never hold a client’s %s',
    (name) => expect(sent({ body: { [name]: 'theirs' } })).toEqual({}),
  );

  it.each<[string, JsonObject]>([
    ['no text', { 'x-a': 5 }],
    ['a line break', { 'x-a': 'a\r\nx-b: c' }],
    ['no name', { 'x a': 'b' }],
  ])('are refused with %s in them', (_what, body) => {
    expect(() => sent({ body })).toThrow(expect.objectContaining({ code: 'GW_INVALID_REQUEST' }));
  });
});

describe('a list of features', () => {
  const beta = (features: string): Record<string, string> => ({ 'anthropic-beta': features });

  it.each<[string, Given, string]>([
    ['the request’s', { request: beta('a, b') }, 'a, b'],
    ['the body’s', { body: { 'Anthropic-Beta': 'a' } }, 'a'],
    ['both, each feature once', { request: beta('a,b'), body: beta('b , c,') }, 'a,b,c'],
    ['all three, ours first', { request: beta('a,b'), body: beta('b,c'), ours: beta('c,d') }, 'c,d,a,b'],
    ['ours', { ours: beta('d'), body: { 'x-other': '1' } }, 'd'],
  ])('is %s', (_what, given, expected) => expect(sent(given)['anthropic-beta']).toBe(expected));

  it('is shown to the provider as the client has it', () => {
    expect(headersOfClient(exchangeOf({ request: beta('a'), body: beta('b') }))).toEqual(beta('a,b'));
    expect(headersOfClient(exchangeOf({ request: beta('a'), body: { 'x-other': '1' } }))).toEqual(beta('a'));
  });
});
