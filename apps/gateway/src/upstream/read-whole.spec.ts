import type { ChatResponse } from '@turnpike/domain';
import { GatewayError, upstreamError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aFront, anAttempt, anExchange } from '../../test/doubles.js';
import type { PreparedCall } from './prepare.js';
import { readWhole } from './read-whole.js';

const PROVIDER = 'provider.test';
const USAGE = { inputTokens: 3, outputTokens: 0, totalTokens: 3 };

/** A call whose answers are read as JSON says them. */
const attempt = (told = false, mustReadAnswer = false) =>
  anAttempt(
    anExchange(
      { callId: 'c', model: 'asked', body: { model: 'asked' }, mustReadAnswer },
      {
        front: aFront({
          errorOf: () => undefined,
          usageOf: () => (told ? USAGE : undefined),
          usageOfDomain: (response) => (response as ChatResponse).usage,
          estimateUsage: () => ({ inputTokens: 9, outputTokens: 0, totalTokens: 9 }),
          fromDomain: (response) => ({ ...(response as object) }),
        }),
        snapshot: { config: { requests: { restampModel: false } } },
      },
    ),
  );

const prepared = (operation: object = {}, isBytePath = false): PreparedCall =>
  ({
    isBytePath,
    call: { policy: { provider: PROVIDER } },
    operation: { fromBody: (body: object) => body, toError: upstreamError, ...operation },
  }) as unknown as PreparedCall;

const answer = (text: string, status = 200, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: Buffer.from(text),
});

describe('what is wrong with an answer', () => {
  it.each<[string, PreparedCall, ReturnType<typeof answer>, string]>([
    [
      'a plugin says',
      prepared({
        fromBody: () => {
          throw new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', "The provider's answer cannot be read: it is empty.");
        },
      }),
      answer('{}'),
      `${PROVIDER}'s answer cannot be read: it is empty.`,
    ],
    ['its head says', prepared(), answer('', 302), `${PROVIDER} answered with a redirect (302). Check api_base.`],
    ['its body says', prepared(), answer('<html>'), `${PROVIDER} answered HTML. Check api_base.`],
  ])('is told with its provider when %s', (_who, call, given, message) => {
    expect(() => readWhole(attempt(), call, given)).toThrow(
      expect.objectContaining({ message, facts: expect.objectContaining({ provider: PROVIDER }) }),
    );
  });

  it('is told with its provider and its headers when its status says so', () => {
    const toError = () => new GatewayError('GW_UPSTREAM_RATE_LIMITED', 'slow down');
    const given = answer('{}', 429, { 'x-ratelimit-remaining-requests': '0', 'set-cookie': 'a=1' });
    expect(() => readWhole(attempt(), prepared({ toError }), given)).toThrow(
      expect.objectContaining({
        message: `${PROVIDER}: slow down`,
        facts: { provider: PROVIDER, upstreamHeaders: { 'x-ratelimit-remaining-requests': '0' } },
      }),
    );
  });
});

it('an answer that somebody must see first is not written yet', () => {
  expect(readWhole(attempt(true, true), prepared(), answer(JSON.stringify({ usage: USAGE }), 200, { a: 'b' }))).toEqual(
    {
      kind: 'unchecked',
      response: { usage: USAGE },
      usage: USAGE,
      headers: { a: 'b' },
    },
  );
});

describe('usage', () => {
  it.each([
    ['is the provider’s on the byte path', true, '{}', true, { usage: USAGE }],
    ['is estimated on the byte path', false, '{}', true, { usage: { totalTokens: 9 }, isUsageEstimated: true }],
    ['is the provider’s when translated', true, JSON.stringify({ usage: USAGE }), false, { usage: USAGE }],
    ['is estimated when translated', false, '{}', false, { usage: { totalTokens: 9 }, isUsageEstimated: true }],
  ])('%s', (_title, told, text, isBytePath, expected) => {
    const whole = readWhole(attempt(told), prepared({}, isBytePath), answer(text));
    expect(whole).toMatchObject(expected);
    expect('isUsageEstimated' in whole).toBe('isUsageEstimated' in expected);
  });

  it('that is estimated stands in the answer, where that is ours to write', () => {
    const translated = readWhole(attempt(), prepared(), answer('{"id": "x"}'));
    expect(JSON.parse((translated as { body: Buffer }).body.toString())).toMatchObject({ usage: { totalTokens: 9 } });
    const untouched = readWhole(attempt(), prepared({}, true), answer('{"id": "x"}'));
    expect((untouched as { body: Buffer }).body.toString()).toBe('{"id": "x"}');
  });
});
