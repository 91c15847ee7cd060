import { describe, expect, it } from '@jest/globals';
import type { CallFinished } from '@turnpike/plugin-sdk';
import { anAttempt, aFront, anExchange } from '../../test/doubles.js';
import { ClientAddresses } from '../keys/client-address.js';
import type { Terms } from '../keys/terms.js';
import type { Exchange, Outcome, Principal } from '../pipeline/exchange.js';
import { Recording } from '../upstream/recording.js';
import { EndedCall, toldStart } from './told-call.js';

const SUCCESS: Outcome = { status: 'success', statusCode: 200, isUsageEstimated: false, endedAt: performance.now() };

const tell = (exchange: Exchange, outcome: Outcome = SUCCESS, withContent = true): CallFinished =>
  new EndedCall(exchange, outcome, toldStart(exchange, withContent)).told();

const call = (filled: Partial<Exchange> = {}, headers: Record<string, string> = {}): Exchange =>
  anExchange(
    { callId: 'call-1', model: 'm', ...filled },
    { headers, snapshot: { addresses: new ClientAddresses({ useForwardedFor: true, trustedProxies: [] }) } },
  );

describe('what is told of a call', () => {
  it('is everything that is known', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const exchange = call(
      {
        body: {
          model: 'm',
          user: 'end-user',
          temperature: 0.5,
          metadata: { trace_id: 't', tags: ['a'], user_api_key_hash: 'secret' },
        },
        principal: {
          keyHash: 'h',
          keyAlias: 'alias',
          teamId: 'team',
          teamAlias: 'the team',
          userId: 'u',
          userEmail: 'u@example.com',
          organizationId: 'o',
          terms: { spendLogsMetadata: { project: 'p' } } as unknown as Terms,
        } as Principal,
        isStream: true,
        customer: 'end-user',
        tags: ['a'],
        cache: 'miss',
        cacheKey: 'key',
      },
      {
        'user-agent': 'test/1',
        'x-own': 'yes',
        langfuse_user: 'u',
        'x-forwarded-for': '203.0.113.7',
        'x-api-key': 'sk-secret',
        accept: '*/*',
      },
    );
    anAttempt(exchange, {
      deployment: {
        id: 'd',
        provider: 'provider.x',
        connection: { api_base: 'https://host/v1', api_key: 'sk-secret' },
      },
      status: 'success',
      startedAt: 100,
      firstTokenAt: 150,
      usage,
      costNanoUsd: 5,
    });
    const told = tell(exchange, { ...SUCCESS, usage, costNanoUsd: 5 });
    expect(told).toMatchObject({
      version: 1,
      callId: 'call-1',
      traceId: 't',
      operation: 'chat',
      route: '/v1/chat/completions',
      model: 'm',
      stream: true,
      metadata: { trace_id: 't', tags: ['a'] },
      tags: ['a'],
      keyHash: 'h',
      keyAlias: 'alias',
      userId: 'u',
      userEmail: 'u@example.com',
      teamId: 'team',
      teamAlias: 'the team',
      organizationId: 'o',
      endUser: 'end-user',
      spendLogsMetadata: { project: 'p' },
      ip: '203.0.113.7',
      userAgent: 'test/1',
      headers: { 'x-own': 'yes', langfuse_user: 'u', 'x-forwarded-for': '203.0.113.7' },
      parameters: { temperature: 0.5 },
      request: { model: 'm', user: 'end-user' },
      status: 'success',
      statusCode: 200,
      timeToFirstTokenMs: 50,
      group: 'g',
      provider: 'provider.x',
      deploymentId: 'd',
      upstreamModel: 'upstream',
      apiBase: 'https://host/v1',
      usage,
      costNanoUsd: 5,
      cache: 'miss',
      cacheKey: 'key',
      attempts: [{ attempt: 1, status: 'success', deploymentId: 'd', timeToFirstTokenMs: 50, usage, costNanoUsd: 5 }],
    });
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it('is little for a call that was refused at the door', () => {
    const error = { code: 'GW_INVALID_JSON', message: 'm', facts: {} } as never;
    const outcome: Outcome = { ...SUCCESS, status: 'failure', statusCode: 400, error };
    expect(tell(call({ model: undefined }), outcome)).toMatchObject({
      model: '',
      metadata: {},
      tags: [],
      attempts: [],
      error: { code: 'GW_INVALID_JSON', message: 'm' },
    });
  });

  it('says when it began and ended in epoch milliseconds', () => {
    const { startedAt, endedAt } = tell(call(), { ...SUCCESS, endedAt: performance.now() });
    expect(Math.abs(Date.now() - startedAt)).toBeLessThan(60_000);
    expect(endedAt).toBeGreaterThanOrEqual(startedAt);
  });

  it('has the whole answer, as the client got it', () => {
    const answer = { kind: 'whole' as const, body: Buffer.from('{"id":"1"}'), usage: undefined, headers: {} };
    expect(tell(call({ answer, body: {} })).response).toEqual({ id: '1' });
  });

  it('has the answer that a stream told', () => {
    const front = aFront({ join: (chunks) => chunks.length, fromDomain: (count) => ({ chunks: count as number }) });
    const exchange = anExchange({ body: {}, isStream: true }, { front });
    const recording = new Recording();
    recording.hear({ type: 'text-delta', choice: 0, text: 'Hi' });
    anAttempt(exchange, { recording });
    expect(tell(exchange).response).toEqual({ chunks: 1 });
  });

  it.each([
    ['cannot be read', { kind: 'whole' as const, body: Buffer.from('<html>'), usage: undefined, headers: {} }],
    ['is not there', undefined],
  ])('lacks an answer that %s', (_title, answer) => {
    expect(tell(call({ answer, body: {} })).response).toBeUndefined();
  });

  it('has nothing of what was said where that is not told', () => {
    const answer = { kind: 'whole' as const, body: Buffer.from('{"id":"1"}'), usage: undefined, headers: {} };
    const body = { messages: [{ role: 'user', content: 'private' }], n: 2, stop: 'private', user: 'u' };
    const told = tell(call({ answer, body, customer: 'u' }), SUCCESS, false);
    expect(told).toMatchObject({ parameters: { n: 2 }, endUser: 'u', request: undefined });
    expect(JSON.stringify(told)).not.toContain('private');
  });

  it('has the provider’s limits', () => {
    const headers = { 'x-ratelimit-remaining-tokens': '7', 'x-other': 'no' };
    const answer = { kind: 'whole' as const, body: Buffer.from('{}'), usage: undefined, headers };
    expect(tell(call({ answer })).rateLimits).toEqual({ 'x-ratelimit-remaining-tokens': '7' });
  });

  it.each([
    ['the body', { litellm_trace_id: 'trace' }, {}],
    ['a header', {}, { 'x-litellm-trace-id': 'trace' }],
    ['the metadata', { metadata: { trace_id: 'trace' } }, {}],
    ['the session', { litellm_session_id: 'trace' }, {}],
  ])('belongs to the trace that %s names', (_title, body, headers) => {
    expect(tell(call({ body }, headers)).traceId).toBe('trace');
  });

  it.each([
    ['the body', { litellm_session_id: 'session', litellm_trace_id: 'trace' }, {}],
    ['a header', { litellm_trace_id: 'trace' }, { 'x-litellm-session-id': 'session' }],
    ['the metadata', { metadata: { session_id: 'session', trace_id: 'trace' } }, {}],
  ])('belongs to the session that %s names, whatever its trace', (_title, body, headers) => {
    expect(tell(call({ body }, headers))).toMatchObject({ sessionId: 'session', traceId: 'trace' });
  });
});
