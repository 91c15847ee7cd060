// The mock providers, one of each, and the deployments that reach them.
import { afterAll, afterEach } from '@jest/globals';
import {
  startAnthropicUpstream,
  startGeminiUpstream,
  startOllamaUpstream,
  startOpenAiUpstream,
} from '../upstreams/index.mjs';

export const [openAi, anthropic, gemini, ollama] = await Promise.all([
  startOpenAiUpstream({ keepAnswers: true }),
  startAnthropicUpstream(),
  startGeminiUpstream(),
  startOllamaUpstream(),
]);
export const upstreams = { openAi, anthropic, gemini, ollama };
export type UpstreamName = keyof typeof upstreams;

afterEach(() => Object.values(upstreams).forEach((upstream) => upstream.reset()));
afterAll(() => Promise.all(Object.values(upstreams).map((upstream) => upstream.close())));

/** A provider key as the mocks take it. Nothing may ever show it. */
export const PROVIDER_KEY = 'sk-provider-secret-0123456789';

/** `litellm_params` that lead to the mock of a provider, by the provider's prefix. */
export const connections = {
  openai: { api_base: `${openAi.url}/v1`, api_key: PROVIDER_KEY },
  azure: { api_base: openAi.url, api_key: PROVIDER_KEY, api_version: '2024-10-21' },
  groq: { api_base: `${openAi.url}/openai/v1`, api_key: PROVIDER_KEY },
  anthropic: { api_base: anthropic.url, api_key: PROVIDER_KEY },
  gemini: { api_base: gemini.url, api_key: PROVIDER_KEY },
  ollama: { api_base: ollama.url },
} as const;
export type ProviderName = keyof typeof connections;

/** For tests of what one attempt gives: no second one, and none that is spared. */
export const ONE_ATTEMPT = { num_retries: 0, disable_cooldowns: true } as const;

/** An entry of `model_list`; `params` are more `litellm_params`. */
export const deployment = (name: string, model: string, params: object = {}): object => {
  const [provider = ''] = model.split('/');
  const connection = connections[provider as ProviderName] as object | undefined;
  return { model_name: name, litellm_params: { model, ...connection, ...params } };
};

/** Every model of the named providers: `openai/mock-slow-20` is a model called `mock-slow-20` at the OpenAI mock. */
export const everyModelOf = (...providers: (ProviderName | 'echo')[]): object[] =>
  providers.map((provider) => deployment(`${provider}/*`, `${provider}/*`));
