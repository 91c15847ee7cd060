/**
 * What counting a finished call in the metrics costs, without all the rest of a gateway. Forked; answers `{ ways }` to `{}`,
 * and `{ nanos }` of processor time a call to `{ way, labelSets, count }`.
 */
import { MetricsSum } from '@turnpike/telemetry';
import { summedTables } from '../apps/gateway/dist/metrics/exposed-tables.js';
import { GatewayMetrics } from '../apps/gateway/dist/metrics/gateway-metrics.js';
import { threadMicros } from './thread-time.mjs';

/** @typedef {import('@turnpike/config').MetricsSettings} MetricsSettings */
/** @typedef {Parameters<GatewayMetrics['record']>[0]} Exchange */
/** @typedef {Parameters<GatewayMetrics['record']>[1]} Outcome */
/** @typedef {{ way?: string, labelSets: number, count: number }} Order */

/** @type {MetricsSettings} */
const BY_DEFAULT = {
  requireAuth: false,
  metadataLabels: [],
  tags: [],
  groups: [],
  excludedMetrics: [],
  excludedLabels: [],
  maxSeries: 20_000,
  idleMs: undefined,
  hasStreamLabel: false,
  hasEndUserLabel: false,
  tellsAllBudgets: false,
};

/** @type {Record<string, MetricsSettings>} */
const WAYS = {
  'as by default': BY_DEFAULT,
  'every label on': {
    ...BY_DEFAULT,
    hasStreamLabel: true,
    hasEndUserLabel: true,
    metadataLabels: ['metadata.project'],
    tags: ['production', 'team-*'],
  },
};

const MODELS = 5;
/** Prime, so that all label sets have their turn. */
const STEP = 1_613;
const HEADERS = {
  'content-type': 'application/json',
  'x-request-id': 'req_1',
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-remaining-requests': '9999',
  'x-ratelimit-remaining-tokens': '1999987',
};

/** What the gateway has of callers and deployments anyway. @param {number} labelSets */
const knownFor = (labelSets) => ({
  principals: Array.from({ length: Math.ceil(labelSets / MODELS) }, (_, key) => ({
    keyHash: String(key).padStart(64, 'f'),
    keyAlias: `key ${key}`,
    teamId: `team-${key % 50}`,
    userId: `user-${key % 200}`,
  })),
  targets: Array.from({ length: Math.min(labelSets, MODELS) }, (_, model) => ({
    deployment: {
      id: `deployment-${model}`,
      provider: 'provider.a',
      model: `model-${model}`,
      connection: { api_base: 'https://api.example.com/v1' },
    },
    model: `model-${model}`,
  })),
});

/** Finished streams, one after the other: only what differs is put in, so that this costs little itself. */
class Stream {
  headers = {};
  body = { user: 'end user', metadata: { project: 'project', tags: ['production'] } };
  front = { route: '/v1/chat/completions' };
  isStream = true;
  cache = 'off';
  startedAt = 1_000;
  guardedMs = 0;
  answer = { headers: HEADERS };
  response = {};
  model = '';
  group = { name: '' };
  resolution = { groups: [this.group] };
  /** @type {unknown} */
  principal;
  attempt = {
    /** @type {unknown} */
    target: undefined,
    choice: { level: { group: this.group }, fallback: 0 },
    startedAt: 1_010,
    firstTokenAt: 1_200,
    answeredAt: 2_000,
    endedAt: 2_000,
  };
  attempts = [this.attempt];

  /** @param {ReturnType<typeof knownFor>} known */
  constructor(known) {
    this.known = known;
  }

  /** @param {number} index @returns {Exchange} */
  number(index) {
    const { principals, targets } = this.known;
    const target = targets[index % targets.length];
    this.model = target?.model ?? '';
    this.group.name = this.model;
    this.attempt.target = target;
    this.principal = principals[Math.floor(index / targets.length) % principals.length];
    return /** @type {Exchange} */ (/** @type {unknown} */ (this));
  }
}

/** @type {Outcome} */
const OUTCOME = {
  status: 'success',
  statusCode: 200,
  isUsageEstimated: false,
  usage: { inputTokens: 812, outputTokens: 133, totalTokens: 945, cachedInputTokens: 512, reasoningTokens: 20 },
  costNanoUsd: 201_500,
  endedAt: 2_010,
};

process.on('message', async (/** @type {Order} */ order) => {
  process.send?.(order.way === undefined ? { ways: Object.keys(WAYS) } : { nanos: await measure(order.way, order) });
});

/** @param {string} way @param {Order} order @returns {Promise<number>} nanoseconds a call */
async function measure(way, { labelSets, count }) {
  const settings = WAYS[way];
  if (!settings) throw new Error(`there is no way ${way}`);
  const metrics = new GatewayMetrics(settings);
  const stream = new Stream(knownFor(labelSets));
  for (let at = 0; at < labelSets; at += 1) metrics.record(stream.number(at), OUTCOME);
  const begin = threadMicros();
  // Not in the order in which they were made: callers come as they like.
  for (let at = 0; at < count; at += 1) metrics.record(stream.number((at * STEP) % labelSets), OUTCOME);
  const nanos = ((threadMicros() - begin) * 1_000) / count;
  await check(metrics, settings, labelSets, count + labelSets);
  return nanos;
}

/** A figure of what was not counted would be worth nothing. @param {GatewayMetrics} metrics @param {MetricsSettings} settings @param {number} labelSets @param {number} calls */
async function check(metrics, settings, labelSets, calls) {
  const sum = new MetricsSum(
    summedTables({ ...settings, groups: [{ metrics: ['litellm_requests_metric'], labels: undefined }] }),
  );
  sum.add('', metrics.counts());
  const lines = (await sum.text()).split('\n').filter((line) => line.startsWith('litellm_requests_metric_total{'));
  const counted = lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  if (lines.length !== labelSets || counted !== calls)
    throw new Error(`${counted} of ${calls} calls were counted, in ${lines.length} of ${labelSets} label sets`);
}
