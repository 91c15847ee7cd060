// Every key of the three settings sections: where it is at home, what it holds, and which variables also give it.
import type { TypeName } from './value-types.js';

export type Section = 'general' | 'litellm' | 'router';

/** Names of the sections in the file. */
export const SECTION_NAMES = {
  general: 'general_settings',
  litellm: 'litellm_settings',
  router: 'router_settings',
} as const satisfies Record<Section, string>;

export interface SettingKey<T extends TypeName = TypeName> {
  readonly type: T;
  /** Sections where LiteLLM documents it; the first is where it is kept. */
  readonly homes: readonly Section[];
  /** Variables that give it when no file does; the first that holds something wins. */
  readonly env: readonly string[];
}

const setting =
  (...homes: Section[]) =>
  <T extends TypeName>(type: T, ...env: string[]): SettingKey<T> => ({ type, homes, env });

const general = setting('general');
const litellm = setting('litellm');
const router = setting('router');

/** Keys that this gateway acts on. */
export const SETTINGS = {
  // Server
  host: general('text', 'HOST'),
  port: general('count', 'PORT'),
  num_workers: general('count', 'NUM_WORKERS'),
  keepalive_timeout: general('seconds', 'KEEPALIVE_TIMEOUT'),
  max_requests_before_restart: general('count', 'MAX_REQUESTS_BEFORE_RESTART'),
  data_dir: general('text', 'TURNPIKE_DATA_DIR'),
  root_path: general('text', 'SERVER_ROOT_PATH'),
  drain_timeout: general('seconds'),

  // Access
  master_key: general('text', 'LITELLM_MASTER_KEY'),
  salt_key: general('text', 'LITELLM_SALT_KEY'),
  require_auth: general('switch'),
  litellm_key_header_name: general('text'),
  allowed_ips: general('texts'),
  use_x_forwarded_for: general('switch'),
  trusted_proxies: general('texts'),
  trusted_proxy_ranges: general('texts'),
  allowed_routes: general('texts'),
  admin_only_routes: general('texts'),
  public_routes: general('texts'),
  enable_jwt_auth: general('switch'),
  litellm_jwtauth: general('map'),
  jwt_public_key_url: general('texts', 'JWT_PUBLIC_KEY_URL'),
  jwt_audience: general('texts', 'JWT_AUDIENCE'),
  jwt_issuer: general('texts', 'JWT_ISSUER'),
  role_permissions: general('list'),
  allow_client_side_credentials: general('switch'),
  api_env_names: general('texts'),
  allowed_hosts: general('texts'),

  // Whom requests name
  user_header_name: general('text'),
  user_header_mappings: general('list'),
  enforce_user_param: general('switch'),
  enforced_params: general('texts'),
  service_account_settings: general('map'),
  reject_clientside_metadata_tags: general('switch'),
  extra_spend_tag_headers: litellm('texts'),
  disable_end_user_cost_tracking: litellm('switch'),

  // Prices
  price_file: general('text'),
  cost_discount_config: litellm('map'),
  cost_margin_config: litellm('map'),
  include_cost_in_streaming_usage: litellm('switch'),
  store_prompts_in_spend_logs: general('switch'),

  // Limits of the installation
  max_parallel_requests: general('count'),
  global_max_parallel_requests: general('count'),
  default_key_max_parallel_requests: general('count'),
  rpm_limit: general('count'),
  tpm_limit: general('count'),
  enable_request_queue: general('switch'),
  queue_max_size: general('count'),
  queue_timeout: general('seconds'),
  max_batch_size: general('count'),
  max_budget: setting('litellm', 'general')('number'),
  budget_duration: setting('litellm', 'general')('duration'),

  // Requests and answers
  drop_params: litellm('switch', 'LITELLM_DROP_PARAMS'),
  modify_params: litellm('switch'),
  restamp_model: litellm('switch'),
  always_include_stream_usage: general('switch'),
  max_request_size_mb: general('number'),
  max_response_size_mb: general('number'),
  completion_model: general('text'),
  embedding_model: general('text'),
  image_generation_model: general('text'),
  moderation_model: general('text'),
  forward_client_headers_to_llm_api: general('switch'),

  // Network
  ssl_verify: litellm('switch or text', 'SSL_VERIFY'),
  ssl_ca_file: litellm('text', 'SSL_CERT_FILE'),
  force_ipv4: litellm('switch'),
  request_timeout: litellm('seconds', 'LITELLM_REQUEST_TIMEOUT', 'REQUEST_TIMEOUT'),

  // Logging and callbacks
  set_verbose: setting('litellm', 'router')('switch', 'LITELLM_VERBOSE'),
  debug: litellm('switch'),
  detailed_debug: litellm('switch'),
  json_logs: litellm('switch', 'JSON_LOGS'),
  turn_off_message_logging: litellm('switch'),
  global_disable_no_log_param: litellm('switch'),
  callbacks: litellm('texts'),
  success_callback: litellm('texts'),
  failure_callback: litellm('texts'),
  require_auth_for_metrics_endpoint: litellm('switch'),
  custom_prometheus_metadata_labels: litellm('texts'),
  custom_prometheus_tags: litellm('texts'),
  prometheus_metrics_config: litellm('list'),
  prometheus_exclude_metrics: litellm('texts'),
  prometheus_exclude_labels: litellm('texts'),
  prometheus_metrics_max_series_per_metric: litellm('count'),
  prometheus_metrics_ttl_seconds: litellm('seconds'),
  prometheus_emit_stream_label: litellm('switch'),
  prometheus_initialize_budget_metrics: litellm('switch'),
  enable_end_user_cost_tracking_prometheus_only: litellm('switch'),
  disable_end_user_cost_tracking_prometheus_only: litellm('switch'),

  // Cache
  cache: litellm('switch'),
  cache_params: litellm('map'),

  // Database and health
  database_url: general('text', 'DATABASE_URL'),
  database_connection_pool_limit: general('count'),
  allow_requests_on_db_unavailable: general('switch'),
  store_model_in_db: general('switch', 'STORE_MODEL_IN_DB'),
  ledger_address: general('text', 'LEDGER_ADDRESS'),
  gateway_token: general('text', 'TURNPIKE_GATEWAY_TOKEN'),
  ledger_tls: general('switch', 'LEDGER_TLS'),
  ledger_ca: general('text', 'LEDGER_CA'),
  ledger_cert: general('text', 'LEDGER_CERT'),
  ledger_key: general('text', 'LEDGER_KEY'),
  ledger_server_name: general('text', 'LEDGER_SERVER_NAME'),
  ledger_insecure: general('switch', 'LEDGER_INSECURE'),
  key_rotation_grace_period: general('duration', 'LITELLM_KEY_ROTATION_GRACE_PERIOD'),
  key_rotation_enabled: general('switch', 'LITELLM_KEY_ROTATION_ENABLED'),
  key_cache_max: general('count'),
  key_cache_ttl: general('seconds'),
  user_api_key_cache_ttl: general('seconds'),
  key_stale_ttl: general('seconds'),
  journal_max_bytes: general('count'),
  journal_full: general('text'),
  journal_sync: general('text'),
  background_health_checks: general('switch'),
  health_check_interval: general('seconds'),
  health_check_details: general('switch'),
  health_check_concurrency: general('count'),
  validate_api_keys: litellm('switch'),

  // Router
  routing_strategy: router('texts', 'LITELLM_ROUTING_STRATEGY'),
  routing_strategy_args: router('map'),
  model_group_alias: router('map'),
  model_group: router('map'),
  fallbacks: setting('router', 'litellm')('any'),
  default_fallbacks: setting('router', 'litellm')('any'),
  fallback_model: router('any'),
  fallback_models: router('any'),
  set_fallbacks: router('any'),
  context_window_fallbacks: setting('router', 'litellm')('any'),
  content_policy_fallbacks: setting('router', 'litellm')('any'),
  max_fallbacks: router('count', 'ROUTER_MAX_FALLBACKS'),
  fallback_on_rate_limit: setting('router', 'general')('switch'),
  num_retries: setting('router', 'litellm')('count', 'LITELLM_NUM_RETRIES', 'DEFAULT_MAX_RETRIES'),
  retry_after: router('seconds'),
  retry_policy: router('map'),
  model_group_retry_policy: router('map'),
  timeout: router('seconds', 'LITELLM_TIMEOUT'),
  stream_timeout: router('seconds'),
  stream_idle_timeout: router('seconds'),
  connect_timeout: router('seconds'),
  hedge: router('any'),
  session_affinity: router('switch'),
  mid_stream_failover: router('switch'),
  allowed_fails: setting('router', 'litellm')('count', 'DEFAULT_ALLOWED_FAILS'),
  allowed_fails_policy: router('map'),
  cooldown_time: router('seconds', 'DEFAULT_COOLDOWN_TIME_SECONDS'),
  disable_cooldowns: router('switch'),
  enable_pre_call_checks: router('switch'),
  optional_pre_call_checks: router('texts'),
  enable_tag_filtering: router('switch'),
  tag_filtering_match_any: router('switch'),
  default_max_parallel_requests: router('count'),
  default_priority: router('count'),
  default_litellm_params: router('map'),
  redis_url: router('text'),
  redis_host: router('text'),
  redis_port: router('count'),
  redis_username: router('text'),
  redis_password: router('text'),
  redis_db: router('count'),
  redis_ssl: router('switch'),
} as const satisfies Record<string, SettingKey>;

export type SettingName = keyof typeof SETTINGS;

/** Keys that are understood, checked and handed on as written: section → type → names. */
const KEPT: Readonly<Record<Section, Partial<Record<TypeName, string>>>> = {
  general: {
    switch: `disable_prisma_schema_update disable_spend_logs disable_spend_updates
      disable_error_logs disable_adding_master_key_hash_to_db disable_reset_budget disable_master_key_return
      use_redis_transaction_buffer infer_model_from_keys disable_retry_on_max_parallel_request_limit_error
      use_shared_health_check custom_auth_run_common_checks enable_oauth2_auth
      enable_oauth2_proxy_auth enforce_rbac allow_user_auth
      default_team_disabled forward_openai_org_id forward_llm_provider_auth_headers
      use_client_credentials_pass_through_routes use_google_kms use_azure_key_vault auto_redirect_ui_login_to_sso
      enable_public_model_hub disable_responses_id_security otel cancel_on_disconnect`,
    number: `alerting_threshold proxy_batch_polling_interval`,
    seconds: `database_connection_timeout database_connection_pool_timeout proxy_batch_write_at
      proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time`,
    text: `maximum_spend_logs_cleanup_cron token_rate_limit_type custom_auth custom_key_generate custom_key_update
      custom_sso custom_ui_sso_sign_in_handler key_management_system ui_access_mode
      user_mcp_management_mode litellm_license control_plane_url`,
    duration: `maximum_spend_logs_retention_period maximum_spend_logs_retention_interval spend_report_frequency`,
    texts: `supported_db_objects alerting alert_types`,
    list: `pass_through_endpoints`,
    map: `alert_to_webhook_url alert_type_config alerting_args custom_auth_settings oauth2_config_mappings
      key_management_settings`,
  },
  litellm: {
    switch: `redact_user_api_key_info redact_messages_in_exceptions log_raw_request_response enable_redis_auth_cache
      enable_caching_on_provider_specific_optional_params
      disable_copilot_system_to_assistant use_chat_completions_url_for_anthropic_messages
      route_all_chat_openai_to_responses skip_system_message_in_guardrail disable_hf_tokenizer_download
      enable_json_schema_validation enable_key_alias_format_validation forward_traceparent_to_llm_provider
      disable_token_counter network_mock store_audit_logs telemetry suppress_debug_info
      enable_preview_features`,
    number: `max_end_user_budget max_internal_user_budget max_ui_session_budget`,
    text: `timezone max_end_user_budget_id ssl_certificate ssl_security_level ssl_ecdh_curve`,
    duration: `internal_user_budget_duration`,
    texts: `service_callback service_callbacks audit_log_callbacks
      public_mcp_servers
      public_model_groups provider_url_destination_allowed_hosts`,
    list: `default_team_settings custom_provider_map`,
    map: `default_internal_user_params default_team_params default_key_generate_params upperbound_key_generate_params
      key_generation_settings default_key_max_budget_alert_emails mcp_aliases
      ui_theme_config generic_api_settings model_group_settings model_alias_map
      aiohttp_options`,
  },
  router: {
    switch: `cache_responses ignore_invalid_deployments health_check_ignore_transient_errors`,
    number: `polling_interval`,
    seconds: `client_ttl deployment_affinity_ttl_seconds health_check_staleness_threshold`,
    text: `debug_level`,
    list: `caching_groups guardrail_list`,
    map: `cache_kwargs model_group_affinity_config provider_budget_config alerting_config assistants_config`,
  },
};

const KEPT_ELSEWHERE: Readonly<Record<string, SettingKey>> = {
  enable_health_check_routing: setting('router', 'general')('switch'),
  search_tools: setting('router', 'general')('list'),
};

const keptKeys = function* (): Generator<[string, SettingKey]> {
  for (const [section, types] of Object.entries(KEPT)) {
    for (const [type, names] of Object.entries(types)) {
      for (const name of names.split(/\s+/)) {
        yield [name, { type: type as TypeName, homes: [section as Section], env: [] }];
      }
    }
  }
};

/** All keys of the sections. */
export const SETTING_KEYS: ReadonlyMap<string, SettingKey> = new Map<string, SettingKey>([
  ...Object.entries(SETTINGS),
  ...keptKeys(),
  ...Object.entries(KEPT_ELSEWHERE),
]);

/** Keys beside the sections, with what they hold. */
export const TOP_KEYS = {
  model_list: 'list',
  general_settings: 'map',
  litellm_settings: 'map',
  router_settings: 'map',
  environment_variables: 'map',
  credential_list: 'list',
  include: 'any',
  plugins: 'list',
  guardrails: 'list',
  mcp_servers: 'map',
  mcp_tools: 'list',
  callback_settings: 'map',
  files_settings: 'list',
  finetune_settings: 'list',
  assistant_settings: 'map',
  vector_store_registry: 'list',
  search_tools: 'list',
  prompts: 'list',
  agent_list: 'list',
  agents: 'list',
  policies: 'any',
  worker_registry: 'any',
} as const satisfies Record<string, TypeName>;

/** Keys of `cache_params` that every cache shares. */
export const CACHE_KEYS = {
  type: 'text',
  mode: 'text',
  ttl: 'seconds',
  namespace: 'text',
  supported_call_types: 'texts',
  shared: 'switch',
  model_group_ttl: 'map',
  single_flight: 'switch',
} as const satisfies Record<string, TypeName>;

/** Keys of `cache_params` that belong to one back end or another. */
export const CACHE_PLUGIN_KEYS: Readonly<Record<string, TypeName>> = {
  host: 'text',
  port: 'count',
  username: 'text',
  password: 'text',
  ssl: 'switch',
  url: 'text',
  db: 'count',
  max_connections: 'count',
  socket_timeout: 'seconds',
  default_in_memory_ttl: 'seconds',
  default_in_redis_ttl: 'seconds',
  redis_startup_nodes: 'list',
  sentinel_nodes: 'list',
  service_name: 'text',
  sentinel_password: 'text',
  similarity_threshold: 'number',
  redis_semantic_cache_embedding_model: 'text',
  qdrant_semantic_cache_embedding_model: 'text',
  qdrant_api_base: 'text',
  qdrant_api_key: 'text',
  qdrant_collection_name: 'text',
  qdrant_quantization_config: 'any',
  s3_bucket_name: 'text',
  s3_region_name: 'text',
  s3_aws_access_key_id: 'text',
  s3_aws_secret_access_key: 'text',
  s3_endpoint_url: 'text',
  s3_path: 'text',
  gcs_bucket_name: 'text',
  gcs_path_service_account: 'text',
  gcs_path: 'text',
  disk_cache_dir: 'text',
  semantic_cache_scope: 'text',
  enable_caching_on_provider_specific_optional_params: 'switch',
};
