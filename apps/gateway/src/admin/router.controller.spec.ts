import type { JsonObject, RouterSettings } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import { aRuntime, aSnapshot } from '../../test/road.js';
import type { CallRecord } from '../runtime/recent-calls.js';
import { AdminGuard } from './admin.guard.js';
import type { OnBehalf } from './ledger/on-behalf.js';
import { RouterController } from './router.controller.js';
import { callSchema, explanationSchema } from './router.schemas.js';

const CALL: CallRecord = {
  callId: 'call-1',
  model: 'm',
  operation: 'chat',
  stream: false,
  startedAt: 1,
  durationMs: 2,
  status: 'success',
  statusCode: 200,
  cache: 'off',
  attempts: [],
  error: null,
  usage: null,
  costUsd: null,
};

interface Parts {
  settings?: Partial<RouterSettings>;
  maxInputTokens?: number;
  /** What counting gives. */
  counted?: number;
}

const aController = ({ settings, maxInputTokens, counted }: Parts = {}) => {
  const asked: string[] = [];
  const texts: string[] = [];
  const current = Object.assign(aSnapshot({ groups: { g: ['a', 'b'], other: ['c'] }, settings, maxInputTokens }), {
    strategyId: 'strategy.first',
    clientParameters: new Set<string>(),
  });
  const { runtime } = aRuntime({
    current,
    tokens: { count: async (text: string) => (texts.push(text), counted) },
  });
  const controller = new RouterController(runtime, {
    metricsText: async () => '',
    forgetAnswers: () => Promise.resolve(),
    findCall: async (callId) => (asked.push(callId), callId === CALL.callId ? CALL : undefined),
  });
  return { controller, asked, texts };
};

const explained = (body: JsonObject, parts: Parts = {}, headers: IncomingHttpHeaders = {}) =>
  aController(parts).controller.explain({ model: 'g', ...body }, headers);

it('its routes are for admins', () => {
  expect(Reflect.getMetadata('__guards__', RouterController)).toEqual([AdminGuard]);
});

describe('where a request would go', () => {
  it('is told as the documents say', async () => {
    const explanation = await explained({}, { settings: { fallbacks: { g: [{ model: 'other' }] } } });
    expect(explanation).toMatchObject({
      requested: 'g',
      strategy: 'strategy.first',
      numRetries: 0,
      groups: [{ name: 'g', pick: { deploymentId: 'a' } }],
      fallbacks: { general: ['other'] },
    });
    expect(explanation.groups[0]?.candidates.map(({ deploymentId }) => deploymentId)).toEqual(['a', 'b']);
    expect(JSON.parse(JSON.stringify(explanationSchema.parse(explanation)))).toEqual(
      JSON.parse(JSON.stringify(explanation)),
    );
  });

  it('heeds what the request asks of the router, in headers and body', async () => {
    const body = { num_retries: 3, fallbacks: ['other'] };
    expect(await explained(body)).toMatchObject({ numRetries: 3, fallbacks: { general: ['other'] } });
    const headers = { 'x-litellm-num-retries': '5' };
    expect(await explained(body, {}, headers)).toMatchObject({ numRetries: 5 });
  });

  it.each<[JsonObject, number]>([
    [{ messages: ['x'.repeat(36)] }, 10],
    [{ prompt: 'x'.repeat(38) }, 10],
    [{ input: ['x'.repeat(36)] }, 10],
    [{}, 1],
  ])('estimates the prompt of %j', async (body, expected) => {
    expect((await explained(body)).promptTokens).toBe(expected);
  });

  it('counts the prompt where it may be too long for somebody', async () => {
    const parts = { settings: { enablePreCallChecks: true }, maxInputTokens: 5, counted: 6 };
    const { controller, texts } = aController(parts);
    const explanation = await controller.explain({ model: 'g', prompt: 'Hello' }, {});
    expect([texts, explanation.promptTokens]).toEqual([['Hello'], 6]);
    expect(explanation.groups[0]?.candidates[0]?.leftOut?.reason).toBe('context-window');
    expect(explanation.groups[0]?.pick).toBeUndefined();
  });

  it('counts nothing where nobody checks that', async () => {
    const { controller, texts } = aController({ maxInputTokens: 5, counted: 6 });
    await controller.explain({ model: 'g', prompt: 'Hello' }, {});
    expect(texts).toEqual([]);
  });

  it.each([[null], [[]], ['g'], [{}], [{ model: 5 }]])('is asked with a request: %j is none', async (body) => {
    await expect(aController().controller.explain(body, {})).rejects.toMatchObject({
      code: 'GW_INVALID_REQUEST',
      facts: { param: 'model' },
    });
  });

  it('is nowhere for a model that nobody knows', async () => {
    await expect(explained({ model: 'unknown' })).rejects.toMatchObject({ code: 'GW_UNKNOWN_MODEL' });
  });
});

describe('what became of a call', () => {
  it('is asked of all workers, and told as the documents say', async () => {
    const { controller, asked } = aController();
    expect(await controller.call('call-1')).toBe(CALL);
    expect(asked).toEqual(['call-1']);
    expect(callSchema.parse(CALL)).toEqual(CALL);
  });

  it('is not known of every call', async () => {
    await expect(aController().controller.call('call-2')).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
  });

  const ledgerWith = (ask: () => Promise<unknown>): OnBehalf =>
    ({ ask, services: { spend: { getSpendLog: undefined } } }) as unknown as OnBehalf;

  it('is looked for in the spend log, where there is one', async () => {
    const log = {
      callId: 'call-2',
      startedAt: new Date(1_000),
      endedAt: new Date(1_500),
      operation: 'chat',
      modelGroup: 'g',
      status: 'failure',
      statusCode: 503,
      cache: '',
      costNanoUsd: 0,
      attempts: [
        {
          deploymentId: 'a',
          reason: 'only',
          retry: 1,
          fallback: 0,
          status: 'failure',
          errorCode: 'GW_X',
          costNanoUsd: 5,
        },
      ],
      errorCode: '',
    };
    const told = await aController().controller.call(
      'call-2',
      ledgerWith(() => Promise.resolve({ log })),
    );
    expect(told).toMatchObject({ callId: 'call-2', durationMs: 500, cache: 'off', error: null, usage: null });
    expect(told.attempts).toMatchObject([
      {
        deploymentId: 'a',
        reason: 'only',
        retry: 1,
        error: { code: 'GW_X' },
        costUsd: '0.000000005',
        firstTokenMs: null,
      },
    ]);
  });

  it.each([
    [new GatewayError('GW_NOT_FOUND', 'no'), 'GW_NOT_FOUND'],
    [new GatewayError('GW_LEDGER_UNAVAILABLE', 'away'), 'GW_LEDGER_UNAVAILABLE'],
  ])('is not told where the ledger answers %s', async (error, code) => {
    const asked = aController().controller.call(
      'call-2',
      ledgerWith(() => Promise.reject(error)),
    );
    await expect(asked).rejects.toMatchObject({ code });
  });
});
