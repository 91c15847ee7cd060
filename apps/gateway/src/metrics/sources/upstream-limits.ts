// What upstreams said is left of their rate limits, by who called.
import type { MetricSource, Tell } from '@turnpike/telemetry';
import type { Runtime } from '../../runtime/runtime.js';

const LABELS = [
  'model_group',
  'api_provider',
  'api_base',
  'litellm_model_name',
  'hashed_api_key',
  'api_key_alias',
  'model_id',
] as const;

/** Most such limits are of a minute: what was said longer ago says nothing of now. */
const STALE_MS = 120_000;

const source = (name: string, limit: 'requests' | 'tokens', { metrics }: Runtime): MetricSource => ({
  name,
  help: `What a provider's answer last said is left of its limit of ${limit}`,
  combine: 'min',
  labelNames: LABELS,
  read: (tell) => tellAll(metrics.callers.all(), limit, tell),
});

const tellAll = (
  callers: ReturnType<Runtime['metrics']['callers']['all']>,
  name: 'requests' | 'tokens',
  tell: Tell,
): void => {
  const now = performance.now();
  for (const caller of callers) {
    for (const { labels, rateLimits } of caller.all()) {
      const left = rateLimits && now - rateLimits.toldAt < STALE_MS ? rateLimits[name] : undefined;
      if (left === undefined) continue;
      tell(
        left,
        LABELS.map((label) => labels[label] ?? caller.labels[label] ?? ''),
      );
    }
  }
};

export const upstreamLimitSources = (runtime: Runtime): readonly MetricSource[] => [
  source('litellm_remaining_requests_metric', 'requests', runtime),
  source('litellm_remaining_tokens_metric', 'tokens', runtime),
];
