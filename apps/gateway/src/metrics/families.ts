// The families of metrics that calls are counted in. Names and labels are LiteLLM's, so that existing dashboards work.
import { defineTable, type Family } from '@turnpike/telemetry';

/** Labels of who calls. A digest is cut short: it only has to tell keys apart. */
export const CALLER_LABELS = [
  'hashed_api_key',
  'api_key_alias',
  'team',
  'team_alias',
  'user',
  'user_email',
  'org_id',
  'org_alias',
  'end_user',
  'client_ip',
  'user_agent',
] as const;

const KEY = ['hashed_api_key', 'api_key_alias'];
const TEAM = ['team', 'team_alias'];
const ORGANIZATION = ['org_id', 'org_alias'];
const DEPLOYMENT = ['litellm_model_name', 'model_id', 'api_base', 'api_provider'];
const CALLED = ['requested_model', 'model', 'model_group', ...DEPLOYMENT];

const CALL = [
  'end_user',
  ...KEY,
  'model',
  ...TEAM,
  'user',
  'user_email',
  'requested_model',
  'model_id',
  'api_provider',
  ...ORGANIZATION,
];
const LATENCY = CALL.filter((label) => label !== 'user_email');
const OVERHEAD = ['model_group', 'api_provider', 'api_base', 'litellm_model_name', ...KEY, 'model_id'];
const RESPONSES = ['requested_model', ...DEPLOYMENT, ...KEY, ...TEAM];
const CACHE = ['model', ...KEY, ...TEAM, 'end_user', 'user', 'model_id', 'api_provider'];

const counter = (name: string, help: string, labels: readonly string[]): Family => ({
  name,
  help,
  type: 'counter',
  labels,
});
/** Not told of label sets where it never happened. */
const rare = (name: string, help: string, labels: readonly string[]): Family => ({
  ...counter(name, help, labels),
  isSparse: true,
});
const histogram = (name: string, help: string, labels: readonly string[]): Family => ({
  name,
  help,
  type: 'histogram',
  labels,
  isSparse: true,
});

/** @param custom labels that the configuration adds to all that is told of a caller */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- each table has keys of its own
export const gatewayTables = (custom: readonly string[] = []) => {
  const others = [...CALLER_LABELS, ...custom];
  const withCustom = (labels: readonly string[]): string[] => [...labels, ...custom];
  const call = withCustom(CALL);
  const latency = withCustom(LATENCY);
  const overhead = withCustom(OVERHEAD);
  const responses = withCustom(RESPONSES);
  const cache = withCustom(CACHE);
  return {
    calls: defineTable(
      'calls',
      { kept: CALLED, others },
      {
        requests: counter('litellm_requests_metric_total', 'Calls to models', call),
        spend: counter('litellm_spend_metric_total', 'Spend in USD', call),
        totalTokens: counter('litellm_total_tokens_metric_total', 'Prompt and generated tokens', call),
        inputTokens: counter('litellm_input_tokens_metric_total', 'Prompt tokens', call),
        outputTokens: counter('litellm_output_tokens_metric_total', 'Generated tokens', call),
        cachedInputTokens: rare(
          'litellm_input_cached_tokens_metric_total',
          "Prompt tokens read from a provider's prompt cache",
          call,
        ),
        cacheWriteTokens: rare(
          'litellm_input_cache_creation_tokens_metric_total',
          "Prompt tokens written to a provider's prompt cache",
          call,
        ),
        inputAudioTokens: rare('litellm_input_audio_tokens_metric_total', 'Prompt tokens of audio', call),
        outputAudioTokens: rare('litellm_output_audio_tokens_metric_total', 'Generated tokens of audio', call),
        reasoningTokens: rare('litellm_output_reasoning_tokens_metric_total', 'Generated tokens of reasoning', call),
        cacheHits: rare('litellm_cache_hits_metric_total', 'Answers from the response cache', cache),
        cacheMisses: rare(
          'litellm_cache_misses_metric_total',
          'Look-ups in the response cache that found nothing',
          cache,
        ),
        cachedTokens: rare('litellm_cached_tokens_metric_total', 'Tokens of answers from the response cache', cache),
        successes: counter('litellm_deployment_success_responses_total', 'Answers by deployment', responses),
        attempts: counter('litellm_deployment_total_requests_total', 'Answers and failures by deployment', responses),
        failedAttempts: rare(
          'litellm_llm_api_failed_requests_metric_total',
          'Failures of providers; litellm_deployment_failure_responses_total tells more',
          withCustom(['end_user', ...KEY, 'model', ...TEAM, 'user', 'model_id']),
        ),
        unpriced: rare('turnpike_unpriced_calls_total', 'Calls to a model whose price is unknown', DEPLOYMENT),
      },
    ),
    latencies: defineTable(
      'latencies',
      { kept: CALLED, others },
      {
        total: histogram(
          'litellm_request_total_latency_metric',
          'Seconds from request to the end of the answer',
          latency,
        ),
        upstream: histogram('litellm_llm_api_latency_metric', 'Seconds that the provider took', latency),
        firstToken: histogram(
          'litellm_llm_api_time_to_first_token_metric',
          'Seconds from asking the provider to the first event of a stream',
          latency,
        ),
        queue: histogram(
          'litellm_request_queue_time_seconds',
          'Seconds before the first provider was asked, guardrails not counted',
          latency,
        ),
        overhead: histogram('litellm_overhead_latency_metric', 'Seconds that this gateway added', overhead),
        overheadWithGuardrails: histogram(
          'litellm_overhead_with_guardrails_latency_metric',
          'Seconds that this gateway and its guardrails added',
          overhead,
        ),
        perOutputToken: histogram(
          'litellm_deployment_latency_per_output_token',
          'Seconds of the provider for each generated token',
          withCustom([...DEPLOYMENT, ...KEY, ...TEAM, ...ORGANIZATION]),
        ),
      },
    ),
    proxy: defineTable(
      'proxy',
      { kept: ['requested_model', 'status_code', 'route', 'stream', 'model_id', 'api_provider'], others },
      {
        requests: counter(
          'litellm_proxy_total_requests_metric_total',
          'Requests by route and status',
          withCustom([
            'end_user',
            ...KEY,
            'requested_model',
            ...TEAM,
            'user',
            'status_code',
            'user_email',
            'route',
            'model_id',
            'api_provider',
            ...ORGANIZATION,
          ]),
        ),
      },
    ),
    failures: defineTable(
      'failures',
      {
        kept: ['requested_model', 'exception_status', 'exception_class', 'route', 'model_id', 'api_provider'],
        others,
      },
      {
        requests: counter(
          'litellm_proxy_failed_requests_metric_total',
          'Requests that did not get their answer',
          withCustom([
            'end_user',
            ...KEY,
            'requested_model',
            ...TEAM,
            'user',
            'user_email',
            'exception_status',
            'exception_class',
            'route',
            'model_id',
            'api_provider',
            ...ORGANIZATION,
          ]),
        ),
      },
    ),
    attempts: defineTable(
      'attempts',
      { kept: ['requested_model', ...DEPLOYMENT, 'exception_status', 'exception_class'], others },
      {
        failures: rare(
          'litellm_deployment_failure_responses_total',
          'Failures by deployment',
          withCustom(['requested_model', ...DEPLOYMENT, 'exception_status', 'exception_class', ...KEY, ...TEAM]),
        ),
        cooldowns: rare('litellm_deployment_cooled_down_total', 'Times that a deployment began to rest', [
          ...DEPLOYMENT,
          'exception_status',
        ]),
      },
    ),
    fallbacks: defineTable(
      'fallbacks',
      { kept: ['requested_model', 'fallback_model', 'exception_status', 'exception_class', 'model_id'], others },
      {
        successes: rare(
          'litellm_deployment_successful_fallbacks_total',
          'Fallbacks that answered',
          withCustom(FALLBACK),
        ),
        failures: rare('litellm_deployment_failed_fallbacks_total', 'Fallbacks that failed', withCustom(FALLBACK)),
      },
    ),
    guardrails: defineTable(
      'guardrails',
      { kept: ['guardrail_name', 'status', 'error_type', 'hook_type'] },
      {
        requests: rare('litellm_guardrail_requests_total', 'Runs of guardrails', [
          'guardrail_name',
          'status',
          'hook_type',
        ]),
        errors: rare('litellm_guardrail_errors_total', 'Guardrails that failed', [
          'guardrail_name',
          'error_type',
          'hook_type',
        ]),
        seconds: histogram('litellm_guardrail_latency_seconds', 'Seconds that guardrails took', [
          'guardrail_name',
          'status',
          'error_type',
          'hook_type',
        ]),
      },
    ),
    callbacks: defineTable(
      'callbacks',
      { kept: ['callback_name'] },
      {
        failures: counter('litellm_callback_logging_failures_metric_total', 'Events that a callback was not told of', [
          'callback_name',
        ]),
      },
    ),
    budgetEvents: defineTable(
      'budgetEvents',
      { kept: ['event', 'event_group'] },
      {
        events: counter(
          'turnpike_budget_events_total',
          'Budgets that reached a mark: soft budget, 85 or 95 percent, spent',
          ['event', 'event_group'],
        ),
      },
    ),
    hooks: defineTable(
      'hooks',
      { kept: ['plugin', 'hook', 'outcome'] },
      {
        calls: counter('turnpike_plugin_hook_calls_total', 'Plugin hooks by outcome', ['plugin', 'hook', 'outcome']),
        seconds: histogram('turnpike_plugin_hook_seconds', 'Seconds that plugin hooks took', ['plugin', 'hook']),
      },
    ),
    pluginEvents: defineTable(
      'plugin-events',
      { kept: ['plugin', 'name'] },
      { events: counter('turnpike_plugin_events_total', 'What plugins count by themselves', ['plugin', 'name']) },
    ),
    ...serviceTables(),
  };
};

const FALLBACK = [
  'requested_model',
  'fallback_model',
  ...KEY,
  ...TEAM,
  'exception_status',
  'exception_class',
  'model_id',
];

/** What is measured of the services that this gateway lives on. Also the primary process has some of these. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- each table has keys of its own
export const serviceTables = () => ({
  self: defineTable(
    'self',
    { kept: ['self'] },
    { seconds: histogram('litellm_self_latency', 'Seconds that requests took, of all together', ['self']) },
  ),
  redis: defineTable(
    'redis',
    { kept: ['redis'], others: ['error_class', 'function_name'] },
    {
      seconds: histogram('litellm_redis_latency', 'Seconds that commands to Redis took', ['redis']),
      commands: rare('litellm_redis_total_requests_total', 'Commands to Redis', ['redis']),
      failures: rare('litellm_redis_failed_requests_total', 'Commands to Redis that failed', [
        'redis',
        'error_class',
        'function_name',
      ]),
      fails: rare('litellm_redis_fails_total', 'Commands to Redis that failed', ['redis']),
    },
  ),
});

export type GatewayTables = ReturnType<typeof gatewayTables>;
