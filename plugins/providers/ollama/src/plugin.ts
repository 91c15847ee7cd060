// Ollama's own API, which reaches what its OpenAI-like one does not: context length, keep-alive, every sampling option.
import { definePlugin, openAiModelList, type Call } from '@turnpike/plugin-sdk';
import { fromOllamaAnswer } from './chat.response.js';
import { toOllamaChat } from './chat.request.js';
import { OllamaStreamDecoder } from './chat.stream.js';
import { baseOf, config, type OllamaConfig } from './config.js';
import { fromOllamaEmbeddings, toOllamaEmbed } from './embeddings.js';
import { toOllamaError } from './errors.js';

const headersOf = (settings: OllamaConfig): Record<string, string> =>
  settings.api_key ? { authorization: `Bearer ${settings.api_key}` } : {};

export const plugin = definePlugin({
  contract: 'provider/v1',
  id: 'provider.ollama',
  capabilities: ['chat', 'embeddings', 'models'],
  prefixes: ['ollama/', 'ollama_chat/'],
  env: {
    OLLAMA_API_BASE: 'api_base',
    OLLAMA_API_BASE_URL: 'api_base',
    OLLAMA_HOST: 'api_base',
    OLLAMA_API_KEY: 'api_key',
  },
  config,
  init: (settings, host) => {
    const base = baseOf(settings.api_base);
    const headers = headersOf(settings);
    return {
      chat: {
        kind: 'http',
        endpoint: () => ({ url: `${base}/api/chat`, headers }),
        toBody: (request, call) => toOllamaChat(request, call, settings),
        fromBody: fromOllamaAnswer,
        decoder: (_call: Call, emit) => new OllamaStreamDecoder(emit),
        toError: toOllamaError,
      },
      embeddings: {
        kind: 'http',
        endpoint: () => ({ url: `${base}/api/embed`, headers }),
        toBody: (request, call) => toOllamaEmbed(request, call, settings),
        fromBody: fromOllamaEmbeddings,
        toError: toOllamaError,
      },
      models: openAiModelList({ url: `${base}/api/tags`, headers }, 'provider.ollama', host.http),
    };
  },
});
