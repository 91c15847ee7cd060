// What each key of `litellm_params` is: the gateway's business, the connection's, or a default of requests.
import type { TypeName } from './value-types.js';

/** Keys that the gateway reads itself. */
export const GATEWAY_KEYS = {
  model: 'text',
  custom_llm_provider: 'text',
  litellm_credential_name: 'text',

  rpm: 'count',
  tpm: 'count',
  max_parallel_requests: 'count',
  weight: 'number',
  order: 'number',
  tags: 'texts',
  tag_regex: 'texts',
  region_name: 'text',
  timeout: 'seconds',
  stream_timeout: 'seconds',
  stream_idle_timeout: 'seconds',
  connect_timeout: 'seconds',
  num_retries: 'count',
  max_retries: 'count',
  cooldown_time: 'seconds',
  max_budget: 'number',
  budget_duration: 'duration',

  drop_params: 'switch',
  additional_drop_params: 'texts',
  allowed_openai_params: 'texts',
  configurable_clientside_auth_params: 'list',
  headers: 'map',
  extra_headers: 'map',
  extra_body: 'map',
} as const satisfies Record<string, TypeName>;

export type GatewayKey = keyof typeof GATEWAY_KEYS;

/** Keys of features: never sent upstream, handed on in the deployment's `info`. */
const FEATURE_KEYS = new Set(
  `mock_response mock_timeout mock_tool_calls modify_params supports_system_message use_in_pass_through
  use_litellm_proxy merge_reasoning_content_in_choices cache_control_injection_points guardrails prompt_id
  prompt_variables prompt_version prompt_label litellm_trace_id silent_model rust fallbacks context_window_fallbacks
  content_policy_fallbacks enable_tag_filtering model_info`.split(/\s+/),
);
const FEATURE_PREFIX = /^(?:auto_router_|complexity_router|adaptive_router)/;

export const isFeatureKey = (key: string): boolean => FEATURE_KEYS.has(key) || FEATURE_PREFIX.test(key);

/** `input_cost_per_token`, `cache_read_input_token_cost` …: in USD. */
export const isPriceKey = (key: string): boolean => /(?:^|_)cost(?:_per_|$)/.test(key);

/** Names that are always about the connection: never sent in a body, even where the provider has no use for them. */
const CONNECTION_KEY =
  /^(?:api_key|api_base|base_url|api_version|organization|deployment_id|tenant_id|client_id|client_secret|region_name|(?:aws|vertex|azure|watsonx|s3|gcs|oci|sagemaker|databricks|snowflake)_.+)$/;

export const isConnectionKey = (key: string): boolean => CONNECTION_KEY.test(key);

/** Parameters of requests, so that they are not taken for misspelt connection keys. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set(
  `temperature top_p top_k min_p n stream stream_options stop max_tokens max_completion_tokens presence_penalty
  frequency_penalty repetition_penalty logit_bias user seed tools tool_choice parallel_tool_calls functions
  function_call response_format logprobs top_logprobs reasoning_effort reasoning thinking web_search_options modalities
  audio prediction service_tier safety_identifier prompt_cache_key verbosity store metadata safety_settings dimensions
  encoding_format input_type truncate language voice speed size quality style system suffix echo best_of
  num_ctx num_predict keep_alive format options`.split(/\s+/),
);
