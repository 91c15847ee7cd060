import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { anAttempt, anExchange, someSnapshot } from '../../test/doubles.js';
import { aFailure, someUsage } from '../../test/road.js';
import { entryOf } from './entry-of.js';
import type { Exchange, Outcome, Principal } from './exchange.js';

const FACTS = { id: 'the-id', holder: 'worker', clockOffsetMs: 0 };
const EPOCH = performance.timeOrigin;
const principal: Principal = {
  isAdmin: false,
  keyHash: 'hash',
  keyAlias: 'alias',
  teamId: 'team',
  userId: 'user',
  organizationId: 'organisation',
};
const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  status: 'success',
  statusCode: 200,
  isUsageEstimated: false,
  endedAt: 1_500,
  ...changes,
});
const aCall = (filled: Partial<Exchange> = {}, headers = {}): Exchange =>
  anExchange(
    { callId: 'call', startedAt: 1_000, model: 'asked', body: { messages: [] }, principal, ...filled },
    { headers },
  );
/** As it is written down. */
const entry = (exchange: Exchange, ended = outcome()): Record<string, unknown> =>
  JSON.parse(JSON.stringify(entryOf(exchange, ended, FACTS)));

describe('the entry of a call', () => {
  it.each<[string, { headers?: object; body?: JsonObject }, string | undefined]>([
    ['by header', { headers: { 'x-litellm-session-id': 's' } }, 's'],
    ['in the body', { body: { litellm_session_id: 's'.repeat(300) } }, 's'.repeat(256)],
    ['in its metadata', { body: { metadata: { session_id: 's' } } }, 's'],
    ['as no text', { body: { litellm_session_id: 5 } }, undefined],
  ])('names the session that the client names %s', (_title, { headers = {}, body = {} }, session) => {
    expect(entry(aCall({ body }, headers))['sessionId']).toBe(session);
  });

  it('began and ended at the ledger’s time', () =>
    expect(entryOf(aCall(), outcome(), { ...FACTS, clockOffsetMs: 300_000 })).toMatchObject({
      startedAt: Math.round(EPOCH + 301_000),
      endedAt: Math.round(EPOCH + 301_500),
    }));

  it('tells who called, what was asked, and how it ended', () => {
    const exchange = aCall({ isStream: true, cache: 'miss' });
    expect(entry(exchange, outcome({ usage: someUsage(1, 2), costNanoUsd: 30 }))).toEqual({
      v: 1,
      id: 'the-id',
      callId: 'call',
      startedAt: Math.round(EPOCH + 1_000),
      endedAt: Math.round(EPOCH + 1_500),
      holder: 'worker',
      key: 'hash',
      alias: 'alias',
      user: 'user',
      team: 'team',
      organization: 'organisation',
      model: 'asked',
      operation: 'chat',
      stream: true,
      status: 'success',
      statusCode: 200,
      cache: 'miss',
      cost: 30,
      usage: someUsage(1, 2),
      usageSource: 'upstream',
      attempts: [],
    });
  });

  it('tells of each attempt, those that failed too', () => {
    const exchange = aCall();
    anAttempt(exchange, {
      deployment: { id: 'd1', provider: 'provider.x' },
      startedAt: 1_000.5,
      endedAt: 1_100.12345,
      status: 'failure',
      error: aFailure('GW_UPSTREAM_RATE_LIMITED'),
    });
    anAttempt(exchange, {
      deployment: { id: 'd2', provider: 'provider.y' },
      startedAt: 1_200,
      firstTokenAt: 1_300,
      endedAt: 1_400,
      status: 'success',
      usage: someUsage(1, 2),
      isUsageEstimated: true,
      costNanoUsd: 30,
    });
    const { attempts, group } = entry(exchange);
    expect(group).toBe('g');
    expect(attempts).toEqual([
      {
        deployment: 'd1',
        provider: 'provider.x',
        model: 'upstream',
        group: 'g',
        reason: 'strategy',
        status: 'failure',
        startedMs: 0.5,
        durationMs: 99.623,
        error: { code: 'GW_UPSTREAM_RATE_LIMITED', message: expect.any(String) },
      },
      {
        deployment: 'd2',
        provider: 'provider.y',
        model: 'upstream',
        group: 'g',
        reason: 'strategy',
        status: 'success',
        startedMs: 200,
        durationMs: 200,
        firstTokenMs: 100,
        cost: 30,
        usage: someUsage(1, 2),
        usageSource: 'estimated',
      },
    ]);
  });

  it('says when no price is known of what was used, and that what is known is zero', () => {
    expect(entry(aCall(), outcome({ usage: someUsage(1, 2) }))).toMatchObject({ cost: 0, costUnknown: true });
    expect(entry(aCall())).not.toHaveProperty('costUnknown');
    expect(entry(aCall(), outcome({ usage: someUsage(1, 2), costNanoUsd: 0 }))).not.toHaveProperty('costUnknown');
  });

  it('has nothing of the conversation, nor of the headers', () => {
    const body = { messages: [{ role: 'user', content: 'a secret prompt' }], metadata: { note: 'a secret note' } };
    const text = JSON.stringify(entry(aCall({ body }, { authorization: 'Bearer sk-secret', 'x-note': 'a secret' })));
    expect(text).not.toMatch(/secret/);
  });

  it('tells of a call that failed before anybody was asked', () => {
    const ended = outcome({ status: 'failure', statusCode: 400, error: aFailure('GW_UNKNOWN_MODEL') });
    expect(entry(aCall(), ended)).toMatchObject({
      status: 'failure',
      statusCode: 400,
      attempts: [],
      error: { code: 'GW_UNKNOWN_MODEL' },
    });
  });

  it('has neither key nor user where the data plane is open', () => {
    const anyone: Principal = { isAdmin: false, keyHash: '', keyAlias: '', teamId: '', userId: '' };
    for (const name of ['key', 'alias', 'user', 'team', 'organization'])
      expect(entry(aCall({ principal: anyone }))).not.toHaveProperty(name);
  });
});

describe('whom the entry of a call names beside its key', () => {
  it.each<[string, Partial<Exchange>, object]>([
    ['its end user and its tags', { customer: 'ada', tags: ['a', 'b'] }, { customer: 'ada', tags: ['a', 'b'] }],
    ['one of our users, where a header said so', { internalUser: 'olga' }, { user: 'olga' }],
    [
      'where it came from',
      { snapshot: { ...someSnapshot(), addresses: { of: () => '10.0.0.1' } } as unknown as Exchange['snapshot'] },
      { ip: '10.0.0.1' },
    ],
    [
      'the accounts of its model and of windows',
      { bounds: { limits: [], accounts: ['key:h'], furtherAccounts: ['key:h|model:m'] } },
      { accounts: ['key:h|model:m'] },
    ],
  ])('is %s', (_what, filled, expected) => expect(entry(aCall(filled))).toMatchObject(expected));

  it('is no end user where the operator does not count them', () => {
    const exchange = anExchange(
      { principal, customer: 'ada' },
      { snapshot: someSnapshot({ isCustomerCostIgnored: true }) },
    );
    expect(entry(exchange)).not.toHaveProperty('customer');
  });
});
