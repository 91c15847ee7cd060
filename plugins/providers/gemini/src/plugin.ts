// The Gemini API of Google AI Studio.
import { definePlugin } from '@turnpike/plugin-sdk';
import { config } from './config.js';
import { versionedBase } from './endpoint.js';
import { geminiModelList } from './models.js';
import { geminiChat, geminiEmbeddings, type GeminiHost } from './operations.js';

export const plugin = definePlugin({
  contract: 'provider/v1',
  id: 'provider.gemini',
  capabilities: ['chat', 'embeddings', 'models'],
  prefixes: ['gemini/'],
  aliases: ['google', 'google_ai'],
  recognises: [/^gemini-/, /^gemma-/],
  env: { GEMINI_API_KEY: 'api_key', GOOGLE_API_KEY: 'api_key', GEMINI_API_BASE: 'api_base' },
  legacyKeys: ['safety_settings'],
  config,
  init: (settings, host) => {
    const upstream: GeminiHost = {
      base: versionedBase(settings.api_base),
      headers: settings.api_key ? { 'x-goog-api-key': settings.api_key } : {},
      safetySettings: settings.safety_settings,
      clock: host.clock,
    };
    return {
      chat: geminiChat(upstream),
      embeddings: geminiEmbeddings(upstream),
      models: geminiModelList(
        { url: `${upstream.base}/models`, headers: upstream.headers },
        'provider.gemini',
        host.http,
      ),
    };
  },
});
