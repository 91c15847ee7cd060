// A provider that keeps the contract, for the suite's own tests: change one thing and one check must fail.
import {
  definePlugin,
  openAiChat,
  openAiCompletions,
  openAiEmbeddings,
  openAiModelList,
  passUnsupported,
  z,
  type AnyPlugin,
  type ChatChunk,
  type ChatRequest,
  type ChatResponse,
  type HttpOperation,
  type JsonObject,
  type Lifecycle,
  type OpenAiHost,
  type PluginHost,
  type ProviderV1,
} from '@turnpike/plugin-sdk';
import type { ProviderConformance } from '../provider/conformance.js';

export const SAMPLE_SECRET = 'sample-secret-0001';

export interface ProviderSettings {
  api_key: string;
  base_url: string;
}

export type ChatOperation = HttpOperation<ChatRequest, ChatResponse, ChatChunk>;

const openAiHost = (settings: ProviderSettings): OpenAiHost => ({
  endpoint: (path) => ({
    url: `${settings.base_url}/${path}`,
    headers: { authorization: `Bearer ${settings.api_key}` },
  }),
  adapt: (_path, body, call) =>
    body['logit_bias'] !== undefined && !passUnsupported(call.policy, 'logit_bias')
      ? { remove: ['logit_bias'] }
      : undefined,
});

const open = (settings: ProviderSettings, host: PluginHost) => {
  const upstream = openAiHost(settings);
  const list = { url: `${settings.base_url}/models`, headers: { authorization: `Bearer ${settings.api_key}` } };
  return {
    chat: openAiChat(upstream),
    completions: openAiCompletions(upstream),
    embeddings: openAiEmbeddings(upstream),
    models: openAiModelList(list, 'provider.sample', host.http),
  };
};

export interface ProviderChanges {
  manifest?: Partial<AnyPlugin>;
  chat?: (good: ChatOperation, settings: ProviderSettings) => Partial<ChatOperation>;
  instance?: (settings: ProviderSettings, host: PluginHost) => Partial<ProviderV1 & Lifecycle>;
}

export const sampleProvider = ({ manifest, chat, instance }: ProviderChanges = {}): AnyPlugin => ({
  ...definePlugin({
    contract: 'provider/v1',
    id: 'provider.sample',
    capabilities: ['chat', 'completions', 'embeddings', 'models'],
    config: z.strictObject({
      api_key: z.string().min(1),
      base_url: z.url().default('https://sample.invalid/v1'),
    }),
    prefixes: ['sample/'],
    env: { SAMPLE_API_KEY: 'api_key' },
    init: (settings, host) => {
      const good = open(settings, host);
      return { ...good, chat: { ...good.chat, ...chat?.(good.chat, settings) }, ...instance?.(settings, host) };
    },
  }),
  ...manifest,
});

const config: JsonObject = { api_key: SAMPLE_SECRET };

export const providerSubject = (changes: ProviderChanges = {}): ProviderConformance => ({
  plugin: sampleProvider(changes),
  config,
  fixtures: new URL('../../fixtures/sample-provider/', import.meta.url),
  entry: new URL('../../fixtures/importable/sample-provider.js', import.meta.url),
});
