// Azure OpenAI: OpenAI's format at one's own resource, let in by key or by Entra.
import {
  definePlugin,
  openAiChat,
  openAiCompletions,
  openAiEmbeddings,
  openAiModelList,
  type OpenAiHost,
  type PluginHost,
  type UpstreamRequest,
} from '@turnpike/plugin-sdk';
import { config, type AzureConfig } from './config.js';
import { modelListUrl, operationUrl } from './endpoint.js';
import { EntraTokens } from './entra-token.js';
import { adaptBody } from './quirks.js';

const ID = 'provider.azure';

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

const tokensOf = (settings: AzureConfig, host: PluginHost): EntraTokens | undefined => {
  const { api_key: key, azure_ad_token: token, tenant_id: tenantId, client_id: clientId } = settings;
  const { client_secret: clientSecret, azure_scope: scope, azure_authority_host: authority } = settings;
  if (key || token || !tenantId || !clientId || !clientSecret) return undefined;
  const principal = { tenantId, clientId, clientSecret, scope, authority: authority.replace(/\/+$/, '') };
  return new EntraTokens(principal, host, ID);
};

const headersOf = ({ api_key: key, azure_ad_token: token }: AzureConfig): Record<string, string> =>
  key ? { 'api-key': key } : token ? bearer(token) : {};

export const plugin = definePlugin({
  contract: 'provider/v1',
  id: ID,
  capabilities: ['chat', 'completions', 'embeddings', 'models'],
  prefixes: ['azure/', 'azure_text/'],
  aliases: ['azure_openai'],
  env: {
    AZURE_API_KEY: 'api_key',
    AZURE_OPENAI_API_KEY: 'api_key',
    AZURE_AD_TOKEN: 'azure_ad_token',
    AZURE_API_BASE: 'api_base',
    AZURE_OPENAI_ENDPOINT: 'api_base',
    AZURE_API_VERSION: 'api_version',
    AZURE_TENANT_ID: 'tenant_id',
    AZURE_CLIENT_ID: 'client_id',
    AZURE_CLIENT_SECRET: 'client_secret',
    AZURE_SCOPE: 'azure_scope',
    AZURE_AUTHORITY_HOST: 'azure_authority_host',
  },
  config,
  init: (settings, host) => {
    const headers = headersOf(settings);
    const tokens = tokensOf(settings, host);
    const upstream: OpenAiHost = {
      endpoint: (path, call) => ({ url: operationUrl(settings, path, call.model), headers }),
      adapt: (path, body, call) => adaptBody(settings, path, body, call),
      // Streams open with a chunk that has no choices and may close with one that has no delta: see the README.
      translatesAnswers: true,
    };
    const authorized = tokens && {
      authorize: async (request: UpstreamRequest, _call: unknown, signal: AbortSignal) => ({
        ...request,
        headers: { ...request.headers, ...bearer(await tokens.get(signal)) },
      }),
    };
    return {
      chat: { ...openAiChat(upstream), ...authorized },
      completions: { ...openAiCompletions(upstream), ...authorized },
      embeddings: { ...openAiEmbeddings(upstream), ...authorized },
      models: {
        async list(signal) {
          const own = tokens ? bearer(await tokens.get(signal)) : headers;
          return openAiModelList({ url: modelListUrl(settings), headers: own }, ID, host.http).list(signal);
        },
      },
    };
  },
});
