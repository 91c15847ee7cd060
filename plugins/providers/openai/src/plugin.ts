// OpenAI's own API, and any host that is its twin.
import {
  definePlugin,
  openAiBase,
  openAiChat,
  openAiCompletions,
  openAiEmbeddings,
  openAiModelList,
  type OpenAiHost,
} from '@turnpike/plugin-sdk';
import { config, type OpenAiConfig } from './config.js';
import { isOpenAiHost } from './hosts.js';
import { adaptChat } from './quirks.js';

const headersOf = (settings: OpenAiConfig): Record<string, string> => ({
  ...(settings.api_key ? { authorization: `Bearer ${settings.api_key}` } : {}),
  ...(settings.organization ? { 'openai-organization': settings.organization } : {}),
  ...(settings.project ? { 'openai-project': settings.project } : {}),
});

export const plugin = definePlugin({
  contract: 'provider/v1',
  id: 'provider.openai',
  capabilities: ['chat', 'completions', 'embeddings', 'models'],
  prefixes: ['openai/', 'text-completion-openai/'],
  recognises: [/^gpt-/, /^chatgpt-/, /^o\d/, /^text-embedding-/, /^davinci-/, /^babbage-/, /^ft:/],
  env: {
    OPENAI_API_KEY: 'api_key',
    OPENAI_BASE_URL: 'api_base',
    OPENAI_API_BASE: 'api_base',
    OPENAI_ORG_ID: 'organization',
    OPENAI_ORGANIZATION: 'organization',
    OPENAI_PROJECT_ID: 'project',
  },
  config,
  init: (settings, host) => {
    const headers = headersOf(settings);
    const adapt = adaptChat(isOpenAiHost(settings.api_base));
    const base = openAiBase(settings.api_base);
    const endpoint = (path: string) => ({ url: `${base}/${path}`, headers });
    const upstream: OpenAiHost = {
      endpoint,
      adapt: (path, body, call) => (path === 'chat/completions' ? adapt(body, call) : undefined),
    };
    return {
      chat: openAiChat(upstream),
      completions: openAiCompletions(upstream),
      embeddings: openAiEmbeddings(upstream),
      models: openAiModelList(endpoint('models'), 'provider.openai', host.http),
    };
  },
});
