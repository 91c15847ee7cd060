// The named groups of routes that `allowed_routes` and roles speak of.
//
// A path is written as is; "{x}" stands for one part of it, "{x:path}" for one or more, and "*" at the end for whatever
// follows. A part may end in fixed text: "/v1beta/models/{model:path}:generateContent".

/** With and without the version, as clients write them. */
const versioned = (...paths: string[]): string[] => paths.flatMap((path) => [path, `/v1${path}`]);

const perModel = (path: string): string[] => [
  ...versioned(path),
  `/engines/{model:path}${path}`,
  `/openai/deployments/{model:path}${path}`,
];

/** A resource with everything under it. */
const whole = (path: string): string[] => versioned(path, `${path}/*`);

const openai = [
  ...perModel('/chat/completions'),
  '/cursor/chat/completions',
  '/queue/chat/completions',
  ...perModel('/completions'),
  ...perModel('/embeddings'),
  ...perModel('/images/generations'),
  ...versioned('/images/edits', '/images/variations'),
  ...perModel('/audio/transcriptions'),
  ...versioned('/audio/translations', '/audio/speech', '/moderations', '/models', '/models/{model:path}'),
  ...whole('/responses'),
  '/openai/v1/responses',
  '/openai/v1/responses/*',
  ...versioned('/rerank'),
  '/v2/rerank',
  ...whole('/realtime'),
  ...whole('/videos'),
  ...versioned('/ocr'),
  ...whole('/search'),
  ...whole('/files'),
  ...whole('/batches'),
  '/{provider}/v1/files',
  '/{provider}/v1/files/*',
  '/{provider}/v1/batches',
  '/{provider}/v1/batches/*',
  ...whole('/fine_tuning/jobs'),
  ...whole('/vector_stores'),
  ...versioned('/vector_store/list'),
  ...whole('/assistants'),
  ...whole('/threads'),
  ...whole('/containers'),
  ...whole('/evals'),
  '/utils/token_counter',
  '/utils/transform_request',
  '/utils/supported_openai_params',
];

const anthropic = [
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/anthropic/v1/messages/count_tokens',
  '/v1/skills',
  '/v1/skills/*',
];

const google = [
  ...['generateContent', 'streamGenerateContent', 'countTokens', 'embedContent', 'batchEmbedContents'].flatMap(
    (verb) => [`/v1beta/models/{model:path}:${verb}`, `/models/{model:path}:${verb}`],
  ),
  '/v1beta/models',
  '/v1beta/models/{model:path}',
  ...['/interactions', '/interactions/*'].flatMap((path) => [path, `/v1beta${path}`]),
];

const mcp = [
  '/mcp',
  '/mcp/*',
  '/{server}/mcp',
  '/sse',
  '/mcp-rest/tools/list',
  '/mcp-rest/tools/call',
  '/v1/mcp/server',
  '/v1/mcp/server/*',
];

const agents = ['/agents', '/v1/agents', '/v1/agents/{agent}', '/a2a/{agent}', '/a2a/{agent}/*'];

const passThrough = [
  '/anthropic',
  '/assemblyai',
  '/azure',
  '/azure_ai',
  '/bedrock',
  '/cohere',
  '/cursor',
  '/eu.assemblyai',
  '/gemini',
  '/langfuse',
  '/milvus',
  '/mistral',
  '/openai',
  '/openai_passthrough',
  '/vertex-ai',
  '/vertex_ai',
  '/vllm',
];
const passThroughWildcard = passThrough.map((path) => `${path}/*`);

const llmApi = [
  ...openai,
  ...anthropic,
  ...google,
  ...mcp,
  ...agents,
  ...passThrough,
  ...passThroughWildcard,
  '/guardrails/apply_guardrail',
  '/apply_guardrail',
  ...versioned('/rag/ingest', '/rag/query'),
];

const info = [
  '/key/info',
  '/v2/key/info',
  '/key/health',
  '/key/list',
  '/team/info',
  '/team/list',
  '/v2/team/list',
  '/team/available',
  '/organization/info',
  '/organization/list',
  '/user/info',
  '/v2/user/info',
  '/user/filter/ui',
  '/project/info',
  '/project/list',
  '/model/info',
  '/v1/model/info',
  '/v2/model/info',
  '/model_group/info',
  '/models',
  '/v1/models',
  '/health',
  '/health/services',
  '/sso/get/ui_settings',
];

const keyManagement = [
  '/key/generate',
  '/key/service-account/generate',
  '/key/update',
  '/key/bulk_update',
  '/key/delete',
  '/key/info',
  '/key/list',
  '/key/aliases',
  '/key/block',
  '/key/unblock',
  '/key/regenerate',
  '/key/{key}/regenerate',
  '/key/{key}/reset_spend',
  '/team/daily/activity',
  '/spend/logs',
];

const management = [
  ...keyManagement,
  '/user/new',
  '/user/update',
  '/user/bulk_update',
  '/user/delete',
  '/user/info',
  '/v2/user/info',
  '/user/list',
  '/user/daily/activity',
  '/user/daily/activity/aggregated',
  '/team/new',
  '/team/update',
  '/team/delete',
  '/team/list',
  '/v2/team/list',
  '/team/info',
  '/team/block',
  '/team/unblock',
  '/team/available',
  '/team/member_add',
  '/team/member_update',
  '/team/member_delete',
  '/team/bulk_member_add',
  '/team/model/add',
  '/team/model/delete',
  '/team/permissions_list',
  '/team/permissions_update',
  '/team/{team}/callback',
  '/team/{team}/disable_logging',
  '/model/new',
  '/model/update',
  '/model/{model}/update',
  '/model/delete',
  '/model/info',
  '/jwt/key/mapping/{action}',
];

const spendTracking = [
  '/spend/keys',
  '/spend/users',
  '/spend/tags',
  '/spend/calculate',
  '/spend/logs',
  '/spend/logs/*',
  '/cost/estimate',
];

const globalSpendTracking = [
  '/global/spend',
  '/global/spend/logs',
  '/global/spend/keys',
  '/global/spend/teams',
  '/global/spend/end_users',
  '/global/spend/models',
  '/global/spend/provider',
  '/global/spend/tags',
  '/global/spend/all_tag_names',
  '/global/spend/report',
  '/global/predict/spend/logs',
  '/provider/budgets',
];

const activity = ['/global/activity', '/global/activity/model', '/global/activity/cache_hits'];

const selfManaged = [
  '/team/member_add',
  '/team/bulk_member_add',
  '/team/member_update',
  '/team/member_delete',
  '/team/update',
  '/team/model/add',
  '/team/model/delete',
  '/team/permissions_list',
  '/team/permissions_update',
  '/team/daily/activity',
  '/team/{team}/callback',
  '/team/{team}/disable_logging',
  '/model/new',
  '/model/update',
  '/model/{model}/update',
  '/model/delete',
  '/user/daily/activity',
  '/user/available_roles',
  '/user/list',
  '/user/update',
  '/prompt/list',
  '/prompts/list',
  '/prompt/info',
  '/invitation/new',
  '/invitation/delete',
  '/guardrails/register',
  '/guardrails/submissions',
  '/guardrails/submissions/{guardrail}',
];

const orgAdminOnly = [
  '/organization/info',
  '/organization/update',
  '/organization/delete',
  '/organization/member_add',
  '/organization/member_update',
  '/organization/member_delete',
  '/organization/daily/activity',
];

const adminViewer = [
  ...info,
  ...activity,
  '/user/list',
  '/user/available_users',
  '/user/available_roles',
  '/user/daily/activity',
  '/team/daily/activity',
  '/organization/daily/activity',
  '/tag/list',
  '/tag/info',
  '/tag/daily/activity',
  '/customer/list',
  '/customer/info',
  '/end_user/list',
  '/end_user/info',
  '/budget/list',
  '/budget/info',
  '/budget/settings',
  '/key/aliases',
  '/audit',
  '/audit/{id}',
  '/guardrails/list',
  '/v2/guardrails/list',
];

export const ROUTE_GROUPS = {
  openai_routes: openai,
  anthropic_routes: anthropic,
  google_routes: google,
  mcp_routes: mcp,
  agent_routes: agents,
  mapped_pass_through_routes: passThrough,
  passthrough_routes_wildcard: passThroughWildcard,
  llm_api_routes: llmApi,
  info_routes: info,
  management_routes: management,
  key_management_routes: keyManagement,
  spend_tracking_routes: spendTracking,
  global_spend_tracking_routes: globalSpendTracking,
  master_key_only_routes: ['/global/spend/reset', '/memory-usage-in-mem-cache', '/memory-usage-in-mem-cache-items'],
  public_routes: [
    '/',
    '/routes',
    '/docs',
    '/redoc',
    '/openapi.json',
    '/health/liveliness',
    '/health/liveness',
    '/health/readiness',
    '/test',
    '/metrics',
    '/config/yaml',
    '/.well-known/litellm-ui-config',
    '/litellm/.well-known/litellm-ui-config',
    '/public/model_hub',
    '/public/agent_hub',
    '/public/mcp_hub',
    '/public/litellm_model_cost_map',
    '/get/litellm_model_cost_map',
  ],
  internal_user_routes: [
    ...keyManagement,
    ...spendTracking,
    ...globalSpendTracking,
    ...activity,
    '/models/{model:path}',
    '/v1/models/{model:path}',
    '/guardrails/list',
    '/v2/guardrails/list',
  ],
  internal_user_view_only_routes: [...spendTracking, ...globalSpendTracking, '/key/info', '/key/list', '/key/aliases'],
  self_managed_routes: selfManaged,
  org_admin_only_routes: orgAdminOnly,
  admin_viewer_routes: adminViewer,
} as const satisfies Record<string, readonly string[]>;

export type RouteGroup = keyof typeof ROUTE_GROUPS;

export const isRouteGroup = (text: string): text is RouteGroup => Object.hasOwn(ROUTE_GROUPS, text);

/** What a key of a kind may call: LiteLLM's `key_type`. */
export const KEY_TYPES: Readonly<Record<string, readonly RouteGroup[]>> = {
  default: [],
  llm_api: ['llm_api_routes'],
  management: ['management_routes'],
  read_only: ['info_routes'],
};
