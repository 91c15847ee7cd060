/** Every error this gateway makes: one row a code. Codes are stable; documentation is generated from this table. */

/** What a caller can act on; the router decides by it. */
export type ErrorKind =
  | 'authentication'
  | 'permission-denied'
  | 'not-found'
  | 'invalid-request'
  | 'rate-limit'
  | 'budget-exceeded'
  | 'timeout'
  | 'upstream-unavailable'
  | 'upstream-invalid-response'
  | 'no-deployment-ready'
  | 'no-deployment-usable'
  | 'client-closed'
  | 'unavailable'
  | 'internal'
  | 'plugin'
  | 'config';

export interface ErrorRow {
  kind: ErrorKind;
  /** HTTP status of the answer. 499 and 0 never reach a client: the first left, the second is at start-up. */
  status: number;
  /** `error.type` in OpenAI's error body. */
  type: string;
  /** `error.code` in OpenAI's error body; null gives the status as text, as LiteLLM answers. */
  openAiCode: string | null;
  /** Whether the same request may succeed when sent again. False sends `x-should-retry: false`. */
  retryable: boolean;
  /** One line: what it means. */
  meaning: string;
  /** One line: what to do about it. */
  remedy: string;
}

const row = (
  kind: ErrorKind,
  status: number,
  type: string,
  openAiCode: string | null,
  retryable: boolean,
  meaning: string,
  remedy: string,
): ErrorRow => ({ kind, status, type, openAiCode, retryable, meaning, remedy });

const INVALID = 'invalid_request_error';

export const ERRORS = {
  // The request itself
  GW_INVALID_JSON: row(
    'invalid-request',
    400,
    INVALID,
    null,
    false,
    'The body is not valid JSON.',
    'Send one JSON object encoded as UTF-8.',
  ),
  GW_INVALID_REQUEST: row(
    'invalid-request',
    400,
    INVALID,
    null,
    false,
    'A field is missing or has the wrong type.',
    'Correct the field named in `param`.',
  ),
  GW_UNSUPPORTED_PARAMETER: row(
    'invalid-request',
    400,
    INVALID,
    'unsupported_parameter',
    false,
    'The provider has no counterpart for a parameter.',
    'Remove it, or set `drop_params: true`.',
  ),
  GW_FORBIDDEN_PARAMETER: row(
    'invalid-request',
    400,
    INVALID,
    'forbidden_parameter',
    false,
    'Clients may not set this parameter.',
    'Remove it, or let the operator list it in `configurable_clientside_auth_params`.',
  ),
  GW_UNKNOWN_MODEL: row(
    'invalid-request',
    400,
    INVALID,
    'model_not_found',
    false,
    'No configured model has this name.',
    'Pick a name from GET /v1/models.',
  ),
  GW_CONTEXT_WINDOW_EXCEEDED: row(
    'invalid-request',
    400,
    INVALID,
    'context_length_exceeded',
    false,
    'The prompt does not fit the model.',
    'Shorten it, or configure `context_window_fallbacks`.',
  ),
  GW_CONTENT_POLICY: row(
    'invalid-request',
    400,
    INVALID,
    'content_policy_violation',
    false,
    'The provider refused the content.',
    'Change the content, or configure `content_policy_fallbacks`.',
  ),
  GW_GUARDRAIL_BLOCKED: row(
    'invalid-request',
    400,
    INVALID,
    'guardrail_blocked',
    false,
    'A guardrail stopped the call.',
    'Change the content as the message says.',
  ),
  GW_BODY_TOO_LARGE: row(
    'invalid-request',
    413,
    INVALID,
    'request_too_large',
    false,
    'The body is larger than this gateway accepts.',
    'Send less, or raise `general_settings.max_request_size_mb`.',
  ),
  GW_UNSUPPORTED_MEDIA_TYPE: row(
    'invalid-request',
    415,
    INVALID,
    null,
    false,
    'The content type is not one this route reads.',
    'Send `content-type: application/json`.',
  ),
  GW_UNPROCESSABLE: row(
    'invalid-request',
    422,
    INVALID,
    null,
    false,
    'The provider understood the request and will not process it.',
    'Read the message; the request must change.',
  ),
  GW_HEADERS_TOO_LARGE: row(
    'invalid-request',
    431,
    INVALID,
    null,
    false,
    'The request headers are too large.',
    'Send fewer or shorter headers.',
  ),
  GW_ROUTE_NOT_FOUND: row('not-found', 404, INVALID, null, false, 'There is no such route.', 'See GET /routes.'),
  GW_METHOD_NOT_ALLOWED: row(
    'invalid-request',
    405,
    INVALID,
    null,
    false,
    'The route exists, but not with this method.',
    'See GET /routes.',
  ),
  GW_NOT_FOUND: row(
    'not-found',
    404,
    INVALID,
    null,
    false,
    'The thing asked for does not exist.',
    'Check its name or id.',
  ),
  GW_ALREADY_EXISTS: row(
    'invalid-request',
    409,
    INVALID,
    'already_exists',
    false,
    'Something with this name or id exists already.',
    'Choose another one, or change what there is.',
  ),

  // Who may
  GW_NO_KEY: row(
    'authentication',
    401,
    'auth_error',
    null,
    false,
    'The request carries no API key.',
    'Send `Authorization: Bearer <key>`.',
  ),
  GW_INVALID_KEY: row(
    'authentication',
    401,
    'auth_error',
    null,
    false,
    'The API key is not known here.',
    'Use a key made by this gateway.',
  ),
  GW_KEY_EXPIRED: row(
    'authentication',
    401,
    'expired_key',
    null,
    false,
    'The time of the API key is over.',
    'Use another key, or have this one extended.',
  ),
  GW_KEY_BLOCKED: row(
    'authentication',
    401,
    'auth_error',
    null,
    false,
    'The API key, or what it belongs to, is blocked.',
    'Ask whoever administers it.',
  ),
  GW_PERMISSION_DENIED: row(
    'permission-denied',
    403,
    'permission_error',
    null,
    false,
    'The key may not do this.',
    'Use a key that may, such as the master key.',
  ),
  GW_MODEL_NOT_ALLOWED: row(
    'permission-denied',
    403,
    'key_model_access_denied',
    null,
    false,
    'The key may not use this model.',
    'Ask for access, or pick a model from GET /v1/models.',
  ),

  // How much
  GW_RATE_LIMITED: row(
    'rate-limit',
    429,
    'rate_limit_error',
    'rate_limit_exceeded',
    true,
    'A limit of this gateway is reached.',
    'Wait as long as Retry-After says.',
  ),
  GW_QUEUE_FULL: row(
    'rate-limit',
    429,
    'rate_limit_error',
    'queue_full',
    true,
    'Too many requests are waiting already.',
    'Wait as long as Retry-After says.',
  ),
  GW_BUDGET_EXCEEDED: row(
    'budget-exceeded',
    429,
    'budget_exceeded',
    null,
    false,
    'The budget is spent.',
    'Raise the budget, or wait for its reset.',
  ),
  GW_NO_DEPLOYMENT_READY: row(
    'no-deployment-ready',
    429,
    'rate_limit_error',
    'no_deployment_ready',
    true,
    'Every deployment of the model is at its limit or cooling down.',
    'Wait as long as Retry-After says.',
  ),
  GW_NO_DEPLOYMENT_USABLE: row(
    'no-deployment-usable',
    503,
    'server_error',
    'no_deployment_usable',
    true,
    'The model has no deployment that can be used.',
    'See `turnpike config check` for what is off and why.',
  ),

  // The provider
  GW_UPSTREAM_AUTHENTICATION: row(
    'authentication',
    401,
    'authentication_error',
    'invalid_api_key',
    false,
    'The provider refused our key.',
    "Correct the deployment's api_key.",
  ),
  GW_UPSTREAM_BILLING: row(
    'rate-limit',
    402,
    'insufficient_quota',
    'insufficient_quota',
    false,
    'The account at the provider has no credit.',
    'Top it up, or configure a fallback.',
  ),
  GW_UPSTREAM_PERMISSION_DENIED: row(
    'permission-denied',
    403,
    'permission_error',
    null,
    false,
    'The provider does not let our account do this.',
    "Check the account's access to the model.",
  ),
  GW_UPSTREAM_NOT_FOUND: row(
    'not-found',
    404,
    INVALID,
    'model_not_found',
    false,
    'The provider does not know the model or path.',
    "Correct the deployment's model or api_base.",
  ),
  GW_UPSTREAM_CONFLICT: row(
    'upstream-unavailable',
    409,
    'server_error',
    null,
    true,
    'The provider reports a conflict.',
    'Send it again.',
  ),
  GW_UPSTREAM_RATE_LIMITED: row(
    'rate-limit',
    429,
    'rate_limit_error',
    'rate_limit_exceeded',
    true,
    'The provider limits our account.',
    'Wait as long as Retry-After says, or add deployments.',
  ),
  GW_UPSTREAM_ERROR: row(
    'upstream-unavailable',
    500,
    'server_error',
    null,
    true,
    'The provider failed.',
    'Send it again, or configure a fallback.',
  ),
  GW_UPSTREAM_INVALID_RESPONSE: row(
    'upstream-invalid-response',
    502,
    'server_error',
    null,
    true,
    'The provider answered something this gateway cannot read.',
    'Check `api_base`; it may point at something else.',
  ),
  GW_STREAM_CUT: row(
    'upstream-invalid-response',
    502,
    'server_error',
    'stream_cut',
    true,
    'The provider ended the stream before the answer was complete.',
    'Send it again.',
  ),
  GW_UPSTREAM_UNAVAILABLE: row(
    'upstream-unavailable',
    503,
    'server_error',
    'overloaded',
    true,
    'The provider is unavailable or overloaded.',
    'Send it again later, or configure a fallback.',
  ),
  GW_UPSTREAM_CONNECTION: row(
    'upstream-unavailable',
    503,
    'api_connection_error',
    null,
    true,
    'The provider could not be reached.',
    'Check `api_base`, DNS, proxy and certificates.',
  ),
  GW_TIMEOUT: row(
    'timeout',
    408,
    'timeout_error',
    'timeout',
    true,
    'The provider did not answer in time.',
    'Raise the timeout, or configure a fallback.',
  ),
  GW_EGRESS_REFUSED: row(
    'invalid-request',
    400,
    INVALID,
    'egress_refused',
    false,
    'The address is not one this gateway connects to.',
    'Use a public address, or list it in `general_settings.allowed_hosts`.',
  ),

  // This gateway
  GW_CLIENT_CLOSED: row(
    'client-closed',
    499,
    'client_closed',
    null,
    false,
    'The client left before the answer was complete.',
    'Nothing: it is recorded only.',
  ),
  GW_LEDGER_UNAVAILABLE: row(
    'unavailable',
    503,
    'server_error',
    'ledger_unavailable',
    true,
    'The key cannot be checked right now.',
    'Wait as long as Retry-After says.',
  ),
  GW_CACHE_UNAVAILABLE: row(
    'unavailable',
    503,
    'server_error',
    'cache_unavailable',
    true,
    'The store of the response cache does not answer, or there is none. Calls go on without it.',
    'Configure `cache`, or bring its store back; the message says which.',
  ),
  GW_JOURNAL_FULL: row(
    'unavailable',
    503,
    'server_error',
    'journal_full',
    true,
    'Spend cannot be recorded, so paid calls are refused.',
    'Bring the ledger back, or raise `journal_max_bytes`.',
  ),
  GW_DRAINING: row(
    'unavailable',
    503,
    'server_error',
    'draining',
    true,
    'This gateway is shutting down.',
    'Send it again; another instance answers.',
  ),
  GW_NOT_READY: row(
    'unavailable',
    503,
    'server_error',
    'not_ready',
    true,
    'This gateway is not ready.',
    'Wait for /health/readiness.',
  ),
  GW_INTERNAL: row(
    'internal',
    500,
    'server_error',
    null,
    true,
    'Something unforeseen went wrong in this gateway.',
    'Report it with the call id.',
  ),

  // Start-up and plugins
  GW_CONFIG_INVALID: row(
    'config',
    0,
    'config',
    null,
    false,
    'The configuration cannot be used.',
    'Correct the place named in the message.',
  ),
  GW_PLUGIN_NOT_FOUND: row(
    'plugin',
    0,
    'plugin',
    null,
    false,
    'A plugin cannot be found.',
    'Install the package, or correct the path.',
  ),
  GW_PLUGIN_INVALID: row(
    'plugin',
    0,
    'plugin',
    null,
    false,
    'A plugin does not keep the contract.',
    'Mend the plugin as the message says.',
  ),
  GW_PLUGIN_CONTRACT: row(
    'plugin',
    0,
    'plugin',
    null,
    false,
    'A plugin needs a contract this host does not serve.',
    'Use a version of the plugin made for this host.',
  ),
  GW_PLUGIN_CONFIG: row(
    'plugin',
    0,
    'plugin',
    null,
    false,
    'A plugin refuses its settings.',
    'Correct the setting named in the message.',
  ),
  GW_PLUGIN_INTEGRITY: row(
    'plugin',
    0,
    'plugin',
    null,
    false,
    'A plugin file is not the one that was pinned.',
    'Check where the file comes from, then renew `integrity`.',
  ),
  GW_PLUGIN_INIT: row(
    'plugin',
    0,
    'plugin',
    null,
    false,
    'A plugin failed while it was set up.',
    'Read the cause in the message.',
  ),
  GW_PLUGIN_START: row(
    'plugin',
    0,
    'plugin',
    null,
    false,
    'A plugin failed to start, or took too long.',
    'Read the cause in the message.',
  ),
  GW_PLUGIN_HOOK: row(
    'plugin',
    500,
    'server_error',
    'plugin_failed',
    true,
    'A plugin failed during a call.',
    'Read the log for the plugin and its cause.',
  ),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
