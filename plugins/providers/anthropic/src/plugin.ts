// Anthropic's Messages API.
import { definePlugin } from '@turnpike/plugin-sdk';
import { anthropicChat } from './chat.js';
import { config } from './config.js';
import { headersOf, versionedBase } from './endpoint.js';
import { anthropicModelList } from './models.js';

export const plugin = definePlugin({
  contract: 'provider/v1',
  id: 'provider.anthropic',
  capabilities: ['chat', 'models'],
  prefixes: ['anthropic/'],
  recognises: [/^claude-/],
  env: {
    ANTHROPIC_API_KEY: 'api_key',
    ANTHROPIC_AUTH_TOKEN: 'auth_token',
    ANTHROPIC_BASE_URL: 'api_base',
    ANTHROPIC_API_BASE: 'api_base',
  },
  config,
  init: (settings, host) => {
    const base = versionedBase(settings.api_base);
    const headers = headersOf(settings);
    return {
      chat: anthropicChat({ base, headers, beta: settings.beta, clock: host.clock }),
      models: anthropicModelList({
        endpoint: { url: `${base}/models`, headers },
        provider: 'provider.anthropic',
        http: host.http,
        clock: host.clock,
      }),
    };
  },
});
