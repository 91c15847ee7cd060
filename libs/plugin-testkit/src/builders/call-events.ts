// What callbacks are told.
import type { CallFinished, CallStarted } from '@turnpike/plugin-sdk';
import { START_OF_TIME } from '../host/fake-clock.js';

/** Only what is always there. */
export const aCallStarted = (changes: Partial<CallStarted> = {}): CallStarted => ({
  callId: 'call-1',
  operation: 'chat',
  model: 'chat-large',
  stream: false,
  startedAt: START_OF_TIME,
  metadata: {},
  ...changes,
});

/** Only what is always there: no usage, no cost, no bodies. */
export const aBareCallFinished = (changes: Partial<CallFinished> = {}): CallFinished => ({
  ...aCallStarted(),
  status: 'success',
  statusCode: 200,
  endedAt: START_OF_TIME + 850,
  isUsageEstimated: false,
  cacheHit: false,
  attempts: 1,
  ...changes,
});

/** A successful chat call with everything that can be known of it. */
export const aCallFinished = (changes: Partial<CallFinished> = {}): CallFinished => ({
  ...aBareCallFinished(),
  metadata: { trace_id: 'trace-1', tags: ['test'] },
  keyHash: '3f2a',
  keyAlias: 'test key',
  teamId: 'team-1',
  endUser: 'end-user-1',
  request: { model: 'chat-large', messages: [{ role: 'user', content: 'Hello' }] },
  timeToFirstTokenMs: 120,
  provider: 'provider.sample',
  deploymentId: 'deployment-0',
  upstreamModel: 'large-2026-01-01',
  usage: { inputTokens: 9, outputTokens: 3, totalTokens: 12, cachedInputTokens: 4 },
  costNanoUsd: 54_000,
  response: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: START_OF_TIME / 1_000,
    model: 'large-2026-01-01',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi there!' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
  },
  ...changes,
});

/** A call that failed before any upstream answered. */
export const aCallFailed = (changes: Partial<CallFinished> = {}): CallFinished =>
  aCallFinished({
    status: 'failure',
    statusCode: 503,
    attempts: 3,
    usage: undefined,
    costNanoUsd: undefined,
    response: undefined,
    timeToFirstTokenMs: undefined,
    error: { code: 'GW_UPSTREAM_UNAVAILABLE', message: 'The provider is overloaded.' },
    ...changes,
  });
