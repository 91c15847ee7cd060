// Plugins as the specs know them: the shapes of manifests that decide something in the configuration.
import type { JsonObject, PluginManifest } from '@turnpike/domain';

export const aManifest = (id: string, given: Partial<PluginManifest> = {}): PluginManifest => ({
  id,
  contract: `${id.slice(0, id.indexOf('.'))}/v1`,
  capabilities: [],
  configSchema: { type: 'object', properties: {}, additionalProperties: false },
  prefixes: [],
  recognises: [],
  aliases: [],
  env: {},
  legacyKeys: [],
  failure: 'open',
  needs: [],
  ...given,
});

const text: JsonObject = { type: 'string' };

const schema = (properties: Record<string, JsonObject>, required: string[] = []): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** A vendor's cloud: a key, and a public address of its own. */
const cloud = (address: string, more: Record<string, JsonObject> = {}): JsonObject =>
  schema({ api_key: text, api_base: { type: 'string', default: address }, ...more });

/** A server of one's own: no key needed. */
const ownServer = (address?: string): JsonObject =>
  address === undefined
    ? schema({ api_key: text, api_base: text }, ['api_base'])
    : schema({ api_key: text, api_base: { type: 'string', default: address } });

export const providers: readonly PluginManifest[] = [
  aManifest('provider.openai', {
    prefixes: ['openai/', 'text-completion-openai/'],
    recognises: ['^gpt-', '^chatgpt-', '^o\\d', '^text-embedding-'],
    env: { OPENAI_API_KEY: 'api_key', OPENAI_BASE_URL: 'api_base', OPENAI_ORG_ID: 'organization' },
    configSchema: cloud('https://api.openai.com/v1', { organization: text, project: text }),
  }),
  aManifest('provider.azure', {
    aliases: ['azure_openai'],
    prefixes: ['azure/'],
    env: { AZURE_API_KEY: 'api_key', AZURE_API_BASE: 'api_base', AZURE_API_VERSION: 'api_version' },
    configSchema: schema(
      { api_key: text, api_base: text, api_version: text, deployment_id: text, azure_ad_token: text },
      ['api_base', 'api_key'],
    ),
  }),
  aManifest('provider.anthropic', {
    prefixes: ['anthropic/'],
    recognises: ['^claude-'],
    env: { ANTHROPIC_API_KEY: 'api_key', ANTHROPIC_BASE_URL: 'api_base' },
    configSchema: cloud('https://api.anthropic.com'),
  }),
  aManifest('provider.gemini', {
    aliases: ['google'],
    prefixes: ['gemini/'],
    recognises: ['^gemini-'],
    env: { GEMINI_API_KEY: 'api_key', GOOGLE_API_KEY: 'api_key' },
    configSchema: cloud('https://generativelanguage.googleapis.com', { safety_settings: { type: 'array' } }),
  }),
  aManifest('provider.ollama', {
    prefixes: ['ollama/', 'ollama_chat/'],
    env: { OLLAMA_API_BASE: 'api_base', OLLAMA_API_BASE_URL: 'api_base', OLLAMA_API_KEY: 'api_key' },
    configSchema: ownServer('http://localhost:11434'),
  }),
  aManifest('provider.echo', {
    prefixes: ['echo/'],
    recognises: ['^echo$'],
    configSchema: schema({ delay_ms: { type: 'number' } }),
  }),
  aManifest('provider.localai', {
    prefixes: ['localai/'],
    env: { LOCALAI_API_KEY: 'api_key', LOCALAI_API_BASE: 'api_base' },
    configSchema: ownServer('http://localhost:8080/v1'),
  }),
  aManifest('provider.lm-studio', {
    aliases: ['lmstudio'],
    prefixes: ['lm_studio/'],
    env: { LM_STUDIO_API_KEY: 'api_key', LM_STUDIO_API_BASE: 'api_base' },
    configSchema: ownServer('http://localhost:1234/v1'),
  }),
  aManifest('provider.hosted-vllm', {
    aliases: ['vllm'],
    prefixes: ['hosted_vllm/'],
    env: { HOSTED_VLLM_API_KEY: 'api_key', HOSTED_VLLM_API_BASE: 'api_base' },
    configSchema: ownServer(),
  }),
  aManifest('provider.groq', {
    prefixes: ['groq/'],
    env: { GROQ_API_KEY: 'api_key' },
    configSchema: cloud('https://api.groq.com/openai/v1'),
  }),
  aManifest('provider.cloudless', {
    prefixes: ['cloudless/'],
    env: { CLOUDLESS_KEY: 'access_key' },
    configSchema: {
      type: 'object',
      properties: { access_key: text, profile: text, retries: { type: 'integer' }, is_fast: { type: 'boolean' } },
      anyOf: [{ required: ['access_key'] }, { required: ['profile'] }],
    },
  }),
];

export const strategies: readonly PluginManifest[] = [
  aManifest('strategy.simple-shuffle'),
  aManifest('strategy.least-busy'),
  aManifest('strategy.latency-based', { aliases: ['latency-based-routing'] }),
  aManifest('strategy.usage-based', { aliases: ['usage-based-routing'] }),
];

export const callbacks: readonly PluginManifest[] = [
  aManifest('callback.langfuse', {
    legacyKeys: ['langfuse_*'],
    env: {
      LANGFUSE_PUBLIC_KEY: 'public_key',
      LANGFUSE_SECRET_KEY: 'secret_key',
      LANGFUSE_SECRET: 'secret_key',
      LANGFUSE_HOST: 'host',
    },
    configSchema: schema({ public_key: text, secret_key: text, host: text }, ['public_key', 'secret_key']),
  }),
  aManifest('callback.webhook', {
    legacyKeys: ['webhook_*'],
    configSchema: schema({ webhook_url: text, secret: text }, ['webhook_url']),
  }),
  aManifest('callback.slack', {
    env: { SLACK_WEBHOOK_URL: 'webhook_url' },
    legacyKeys: ['slack_*'],
    configSchema: schema({ webhook_url: text, alerting_threshold: { type: 'number' }, alert_types: {} }, [
      'webhook_url',
    ]),
  }),
  aManifest('callback.postgres', { legacyKeys: ['database_url'], configSchema: schema({ database_url: text }) }),
];

export const caches: readonly PluginManifest[] = [
  aManifest('cache.memory', { aliases: ['local'], configSchema: schema({ max_items: { type: 'number' } }) }),
  aManifest('cache.redis', {
    configSchema: {
      ...schema({
        url: text,
        host: text,
        port: { type: 'number' },
        password: text,
        username: text,
        db: text,
        ssl: text,
      }),
      anyOf: [{ required: ['url'] }, { required: ['host'] }],
    },
  }),
];

export const guardrails: readonly PluginManifest[] = [
  aManifest('guardrail.word-list', {
    aliases: ['words'],
    env: { WORDS_KEY: 'api_key' },
    configSchema: schema({ words: { type: 'array' }, api_key: text }),
  }),
];

export const manifests: readonly PluginManifest[] = [
  ...providers,
  ...strategies,
  ...callbacks,
  ...caches,
  ...guardrails,
];
