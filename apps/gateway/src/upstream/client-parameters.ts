// Request fields that are the gateway's own business: what clients may say to it, and what they may not.
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type { RuntimeSnapshot } from '../runtime/snapshot.js';

/** Said to the gateway, never to a provider. */
export const GATEWAY_PARAMETERS: ReadonlySet<string> = new Set([
  'additional_drop_params',
  'allowed_model_region',
  'allowed_openai_params',
  'cache',
  'caching',
  'content_policy_fallbacks',
  'connect_timeout',
  'context_window_fallbacks',
  'disable_fallbacks',
  'drop_params',
  'enable_tag_filtering',
  'extra_body',
  'extra_headers',
  'fallbacks',
  'fastest_response',
  'guardrails',
  'litellm_call_id',
  'litellm_metadata',
  'litellm_session_id',
  'litellm_trace_id',
  'max_fallbacks',
  'no-log',
  'num_retries',
  'policies',
  'priority',
  'prompt_id',
  'prompt_label',
  'prompt_variables',
  'prompt_version',
  'request_timeout',
  'router_settings_override',
  'specific_deployment',
  'stream_idle_timeout',
  'stream_timeout',
  'tags',
  'timeout',
]);

/** The gateway's internal state: dropped in silence, as clients of other gateways send it by accident. */
export const INTERNAL_PARAMETERS: ReadonlySet<string> = new Set([
  'applied_guardrails',
  'applied_policies',
  'disable_global_guardrail',
  'disable_global_guardrails',
  'mock_response',
  'mock_testing_content_policy_fallbacks',
  'mock_testing_context_fallbacks',
  'mock_testing_context_window_fallbacks',
  'mock_testing_fallbacks',
  'mock_testing_rate_limit_error',
  'mock_timeout',
  'mock_tool_calls',
  'opted_out_global_guardrails',
  'policy_sources',
  'proxy_server_request',
  'secret_fields',
  'standard_logging_object',
]);

/** Where a call goes and with whose key: the operator's to say. */
export const CONNECTION_PARAMETERS: ReadonlySet<string> = new Set([
  'api_base',
  'api_key',
  'api_version',
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'azure_ad_token',
  'base_url',
  'custom_llm_provider',
  'model_list',
  'organization',
  'user_config',
  'vertex_credentials',
]);

/** All that no provider gets. */
export const OWN_PARAMETERS: ReadonlySet<string> = new Set([
  ...GATEWAY_PARAMETERS,
  ...INTERNAL_PARAMETERS,
  ...CONNECTION_PARAMETERS,
]);

/** Fields that the gateway reads itself, whatever the provider makes of them. */
const TYPES: readonly (readonly [name: string, type: 'object' | 'array' | 'boolean'])[] = [
  ['additional_drop_params', 'array'],
  ['allowed_openai_params', 'array'],
  ['drop_params', 'boolean'],
  ['extra_body', 'object'],
  ['extra_headers', 'object'],
  ['metadata', 'object'],
  ['stream_options', 'object'],
];

/** @throws GW_INVALID_REQUEST, GW_FORBIDDEN_PARAMETER */
export const checkClientParameters = (body: Readonly<JsonObject>, snapshot: RuntimeSnapshot): void => {
  for (const [name, type] of TYPES) {
    const value = body[name];
    if (value === undefined || value === null || (Array.isArray(value) ? 'array' : typeof value) === type) continue;
    throw invalidRequest(`'${name}' must be ${type === 'boolean' ? 'true or false' : `an ${type}`}.`, name);
  }
  if (snapshot.config.auth.allowClientCredentials) return;
  refuseConnection(body, '', snapshot);
  if (isJsonObject(body['extra_body'])) refuseConnection(body['extra_body'], 'extra_body.', snapshot);
};

/** @throws GW_FORBIDDEN_PARAMETER for what says where a call goes, or with whose key */
export const refuseConnection = (fields: Readonly<JsonObject>, path: string, snapshot: RuntimeSnapshot): void => {
  for (const name of CONNECTION_PARAMETERS) {
    if (fields[name] === undefined || snapshot.clientParameters.has(name)) continue;
    throw new GatewayError(
      'GW_FORBIDDEN_PARAMETER',
      `Clients may not set '${path}${name}'. Remove it; an operator can allow it with configurable_clientside_auth_params or general_settings.allow_client_side_credentials.`,
      { param: `${path}${name}` },
    );
  }
};
