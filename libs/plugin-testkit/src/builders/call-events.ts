// What callbacks are told.
import type {
  Alert,
  CallFinished,
  CallStarted,
  EndedAttempt,
  UpstreamAnswered,
  UpstreamAsked,
} from '@turnpike/plugin-sdk';
import { START_OF_TIME } from '../host/fake-clock.js';

/** Only what is always there. */
export const aCallStarted = (changes: Partial<CallStarted> = {}): CallStarted => ({
  version: 1,
  callId: 'call-1',
  traceId: 'call-1',
  operation: 'chat',
  route: '/v1/chat/completions',
  model: 'chat-large',
  stream: false,
  startedAt: START_OF_TIME,
  metadata: {},
  tags: [],
  headers: {},
  parameters: {},
  ...changes,
});

const toldAttempt = {
  attempt: 1,
  group: 'chat-large',
  provider: 'provider.sample',
  deploymentId: 'deployment-0',
  upstreamModel: 'large-2026-01-01',
  startedAt: START_OF_TIME + 2,
};

/** The first provider that is asked for a call. */
export const anUpstreamAsked = (changes: Partial<UpstreamAsked> = {}): UpstreamAsked => ({
  call: aCallStarted(),
  ...toldAttempt,
  ...changes,
});

export const anUpstreamAnswered = (changes: Partial<UpstreamAnswered> = {}): UpstreamAnswered => ({
  ...anUpstreamAsked(),
  ...anEndedAttempt(),
  ...changes,
});

export const anEndedAttempt = (changes: Partial<EndedAttempt> = {}): EndedAttempt => ({
  ...toldAttempt,
  endedAt: START_OF_TIME + 840,
  status: 'success',
  timeToFirstTokenMs: 120,
  usage: { inputTokens: 9, outputTokens: 3, totalTokens: 12, cachedInputTokens: 4 },
  isUsageEstimated: false,
  costNanoUsd: 54_000,
  ...changes,
});

/** One of each kind. */
export const someAlerts = (): Alert[] => [
  {
    kind: 'budget',
    event: 'threshold_crossed',
    scope: 'key',
    id: '3f2a',
    alias: 'test key',
    spentNanoUsd: 8_500_000_000,
    maxNanoUsd: 10_000_000_000,
    at: START_OF_TIME,
  },
  {
    kind: 'deployment',
    event: 'cooled_down',
    deploymentId: 'deployment-0',
    group: 'chat-large',
    provider: 'provider.sample',
    upstreamModel: 'large-2026-01-01',
    reason: 'GW_UPSTREAM_UNAVAILABLE',
    at: START_OF_TIME,
  },
  { kind: 'state', event: 'began', state: 'ledger_away', message: 'The ledger is away.', at: START_OF_TIME },
];

/** Only what is always there: no usage, no cost, no bodies. */
export const aBareCallFinished = (changes: Partial<CallFinished> = {}): CallFinished => ({
  ...aCallStarted(),
  status: 'success',
  statusCode: 200,
  endedAt: START_OF_TIME + 850,
  isUsageEstimated: false,
  cache: 'off',
  attempts: [],
  rateLimits: {},
  guardrails: [],
  ...changes,
});

/** A successful chat call with everything that can be known of it. */
export const aCallFinished = (changes: Partial<CallFinished> = {}): CallFinished => ({
  ...aBareCallFinished(),
  metadata: { trace_id: 'trace-1', tags: ['test'] },
  traceId: 'trace-1',
  tags: ['test'],
  keyHash: '3f2a',
  keyAlias: 'test key',
  userId: 'user-1',
  userEmail: 'user-1@example.com',
  teamId: 'team-1',
  teamAlias: 'test team',
  organizationId: 'organization-1',
  endUser: 'end-user-1',
  spendLogsMetadata: { project: 'test' },
  ip: '192.0.2.1',
  userAgent: 'test/1.0',
  headers: { 'x-request-source': 'test' },
  parameters: { temperature: 0.2 },
  request: { model: 'chat-large', messages: [{ role: 'user', content: 'Hello' }] },
  timeToFirstTokenMs: 120,
  group: 'chat-large',
  provider: 'provider.sample',
  deploymentId: 'deployment-0',
  upstreamModel: 'large-2026-01-01',
  apiBase: 'https://provider.invalid/v1',
  usage: { inputTokens: 9, outputTokens: 3, totalTokens: 12, cachedInputTokens: 4 },
  costNanoUsd: 54_000,
  cache: 'miss',
  cacheKey: 'a1b2',
  attempts: [anEndedAttempt()],
  overheadMs: 1.5,
  rateLimits: { 'x-ratelimit-remaining-requests': '99' },
  guardrails: [
    {
      name: 'mask',
      plugin: 'guardrail-pii',
      mode: 'pre_call',
      status: 'success',
      startedAt: START_OF_TIME,
      ms: 0.4,
      masked: { EMAIL: 1 },
    },
  ],
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
    attempts: [1, 2, 3].map((attempt) =>
      anEndedAttempt({ attempt, status: 'failure', usage: undefined, costNanoUsd: undefined }),
    ),
    usage: undefined,
    costNanoUsd: undefined,
    response: undefined,
    timeToFirstTokenMs: undefined,
    error: { code: 'GW_UPSTREAM_UNAVAILABLE', message: 'The provider is overloaded.' },
    ...changes,
  });
