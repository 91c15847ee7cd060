import { GatewayError } from '@turnpike/errors';
import { forgetSecrets, registerSecret } from '@turnpike/telemetry';
import { describe, expect, it } from '@jest/globals';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { anAttempt, anExchange, aSelection } from '../../test/doubles.js';
import { NO_GUARDRAILS } from '../guarding/selection.js';
import type { Exchange } from '../pipeline/exchange.js';
import { VERSION } from '../version.js';
import { answerHeaders, passedOn } from './answer-headers.js';

type Filled = Partial<Exchange> & { attempted?: Parameters<typeof anAttempt>[1] };

const headersOf = ({ attempted, ...filled }: Filled, costNanoUsd?: number): Record<string, string> => {
  const exchange = anExchange({ callId: 'call-1', ...filled });
  if (attempted) anAttempt(exchange, attempted);
  const flat = answerHeaders(exchange, costNanoUsd);
  const headers: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) headers[flat[at]!] = flat[at + 1]!;
  return headers;
};

const routed = (model: string, id = 'd'): Filled => ({ model, attempted: { deployment: { id } } });

const answered = (headers: Record<string, string | string[]>): Partial<Exchange> => ({
  answer: { kind: 'whole', body: Buffer.alloc(0), usage: undefined, headers },
});

describe('the headers of an answer', () => {
  it('name the call and this gateway, whatever became of it', () => {
    expect(headersOf({})).toEqual({ 'x-litellm-call-id': 'call-1', 'x-litellm-version': VERSION });
  });

  it('name the deployment and the model asked for', () => {
    expect(headersOf(routed('m'))).toMatchObject({
      'x-litellm-model-id': 'd',
      'x-litellm-model-group': 'm',
      'x-litellm-attempted-retries': '0',
      'x-litellm-attempted-fallbacks': '0',
    });
  });

  it.each<[Partial<Exchange>, number | undefined, Record<string, string>]>([
    [{ cache: 'hit' }, undefined, { 'x-litellm-cache-hit': 'True' }],
    [{ guardrails: aSelection('a', 'b') }, undefined, { 'x-litellm-applied-guardrails': 'a,b' }],
    [{}, 1_500, { 'x-litellm-response-cost': '0.0000015' }],
    [{}, 0, { 'x-litellm-response-cost': '0' }],
  ])('tell of %j and a cost of %p', (filled, cost, expected) => {
    expect(headersOf(filled, cost)).toMatchObject(expected);
  });

  it('tell how a cost came about where it is not the price alone', () => {
    const adjustedCost = {
      nanoUsd: 1_045,
      originalNanoUsd: 1_000,
      discountNanoUsd: 50,
      marginNanoUsd: 95,
      marginRate: 0.1,
    };
    expect(headersOf({ attempted: { adjustedCost } }, 1_045)).toMatchObject({
      'x-litellm-response-cost': '0.000001045',
      'x-litellm-response-cost-original': '0.000001',
      'x-litellm-response-cost-discount-amount': '0.00000005',
      'x-litellm-response-cost-margin-amount': '0.000000095',
      'x-litellm-response-cost-margin-percent': '0.1',
    });
    expect(headersOf({ attempted: { adjustedCost } })).not.toHaveProperty('x-litellm-response-cost-original');
  });

  it('tell the limits of the key', () => {
    const headers = ['x-litellm-key-rpm-limit', '5'];
    const principal = { terms: { headers } } as unknown as Exchange['principal'];
    expect(headersOf({ principal })).toMatchObject({ 'x-litellm-key-rpm-limit': '5' });
  });

  it.each(['miss', 'off'] as const)('do not tell of a cache that had nothing: %s', (cache) => {
    expect(headersOf({ cache, guardrails: NO_GUARDRAILS })).toEqual(headersOf({}));
  });

  it('tell how long it took, and how much of that was ours', () => {
    const now = performance.now();
    const headers = headersOf({ attempted: { startedAt: now - 100, answeredAt: now - 1 } });
    const [total, own] = ['duration', 'overhead-duration'].map((name) =>
      Number(headers[`x-litellm-${name === 'duration' ? 'response-duration' : name}-ms`]),
    );
    expect(total! - own!).toBeCloseTo(99, 0);
  });

  it("pass the provider's on under their own names", () => {
    const upstream = {
      'x-request-id': 'r',
      'x-ratelimit-remaining-requests': '5',
      'openai-processing-ms': '7',
      'cf-ray': 'c',
      'retry-after': '3',
    };
    const headers = headersOf(answered(upstream));
    for (const [name, value] of Object.entries(upstream)) expect(headers[`llm_provider-${name}`]).toBe(value);
    expect(headers).toMatchObject({
      'x-request-id': 'r',
      'x-ratelimit-remaining-requests': '5',
      'openai-processing-ms': '7',
    });
    expect(headers).not.toHaveProperty('cf-ray');
    expect(headers).not.toHaveProperty('retry-after');
  });

  it.each([
    'connection',
    'content-encoding',
    'content-length',
    'content-type',
    'date',
    'keep-alive',
    'server',
    'set-cookie',
    'transfer-encoding',
  ])("do not pass the provider's %s on", (name) => {
    expect(headersOf(answered({ [name]: 'x' }))).toEqual(headersOf({}));
  });

  it.each(['x-api-key', 'x-forwarded-authorization', 'x-session-token'])(
    "do not pass the provider's %s on: its name says that it is a secret",
    (name) => expect(headersOf(answered({ [name]: 'x' }))).toEqual(headersOf({})),
  );

  it('are those of the failed answer when the call failed', () => {
    const error = new GatewayError('GW_UPSTREAM_RATE_LIMITED', 'slow down', {
      upstreamHeaders: passedOn({ 'x-ratelimit-remaining-requests': '0', 'cf-ray': 'c', 'set-cookie': 'a=1' }),
    });
    const outcome = { status: 'failure', statusCode: 429, isUsageEstimated: false, error, endedAt: 0 } as const;
    expect(headersOf({ outcome })).toEqual({
      ...headersOf({}),
      'x-ratelimit-remaining-requests': '0',
      'llm_provider-x-ratelimit-remaining-requests': '0',
      'llm_provider-cf-ray': 'c',
    });
  });

  it('leave out what comes several times', () => {
    expect(headersOf(answered({ 'x-many': ['a', 'b'] }))).toEqual(headersOf({}));
  });

  it.each(['gpt-4', 'modèle', '模型', 'a\nb', 'half \ud83d of a pair', '🙂'])(
    'can be sent, whatever a model, a deployment or a guardrail is called: %j',
    (name) => {
      const headers = headersOf({ ...routed(name, name), guardrails: aSelection(name) });
      for (const [header, value] of Object.entries(headers)) {
        expect(() => {
          validateHeaderName(header);
          validateHeaderValue(header, value);
        }).not.toThrow();
      }
    },
  );
});

describe('what is passed on of a failed answer', () => {
  it('is what a good one would show, its values without secrets', () => {
    registerSecret('sk-very-secret-0123456789');
    try {
      expect(
        passedOn({
          'x-seen': 'key sk-very-secret-0123456789',
          'x-api-key': 'k',
          'content-length': '5',
          'x-many': ['a', 'b'],
          'retry-after': '3',
        }),
      ).toEqual({ 'x-seen': expect.not.stringContaining('sk-very-secret'), 'retry-after': '3' });
    } finally {
      forgetSecrets();
    }
  });
});
