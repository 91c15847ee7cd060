import { aDeployment } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { anExchange } from '../../test/doubles.js';
import type { Exchange } from '../pipeline/exchange.js';
import { VERSION } from '../version.js';
import { answerHeaders } from './answer-headers.js';

const headersOf = (filled: Partial<Exchange>, costNanoUsd?: number): Record<string, string> => {
  const flat = answerHeaders(anExchange({ callId: 'call-1', ...filled }), costNanoUsd);
  const headers: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) headers[flat[at]!] = flat[at + 1]!;
  return headers;
};

const routed = (model: string, id = 'd'): Partial<Exchange> => ({
  model,
  choice: { group: 'g', target: { deployment: aDeployment({ id }), model: 'upstream' } },
});

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
    [{ guardrails: ['a', 'b'] }, undefined, { 'x-litellm-applied-guardrails': 'a,b' }],
    [{}, 1_500, { 'x-litellm-response-cost': '0.0000015' }],
    [{}, 0, { 'x-litellm-response-cost': '0' }],
  ])('tell of %j and a cost of %p', (filled, cost, expected) => {
    expect(headersOf(filled, cost)).toMatchObject(expected);
  });

  it.each(['miss', 'off'] as const)('do not tell of a cache that had nothing: %s', (cache) => {
    expect(headersOf({ cache, guardrails: [] })).toEqual(headersOf({}));
  });

  it('tell how long it took, and how much of that was ours', () => {
    const now = performance.now();
    const headers = headersOf({ calledAt: now - 100, answeredAt: now - 1 });
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

  it('leave out what comes several times', () => {
    expect(headersOf(answered({ 'x-many': ['a', 'b'] }))).toEqual(headersOf({}));
  });

  it.each(['gpt-4', 'modèle', '模型', 'a\nb', 'half \ud83d of a pair', '🙂'])(
    'can be sent, whatever a model, a deployment or a guardrail is called: %j',
    (name) => {
      const headers = headersOf({ ...routed(name, name), guardrails: [name] });
      for (const [header, value] of Object.entries(headers)) {
        expect(() => {
          validateHeaderName(header);
          validateHeaderValue(header, value);
        }).not.toThrow();
      }
    },
  );
});
