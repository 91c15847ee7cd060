import type { JsonObject } from '@turnpike/plugin-sdk';
import { providerConformance, type Skip } from '@turnpike/plugin-testkit';
import plugins from '../src/index.js';

const KEY = 'made-up-host-key-0001';

/** Hosts with fixtures of their own, and the settings that theirs are written for. */
const HOSTS: Readonly<Record<string, JsonObject>> = {
  azure_ai: { api_base: 'https://acme.services.ai.azure.com/models', api_version: '2024-05-01-preview' },
  codestral: {},
  databricks: { api_base: 'https://acme.cloud.databricks.com/serving-endpoints' },
  deepseek: {},
  fireworks_ai: {},
  groq: {},
  hosted_vllm: {},
  lm_studio: {},
  localai: {},
  minimax: {},
  mistral: {},
  moonshot: {},
  nvidia_nim: {},
  openrouter: { site_url: 'https://acme.example', app_name: 'Acme' },
  perplexity: {},
  together_ai: {},
  voyage: {},
  xai: {},
};

const SKIPS: Readonly<Record<string, readonly Skip[]>> = {
  localai: [{ case: 'no-ids-no-done/truncated', reason: 'the server gives no id, so each reading makes another one' }],
  perplexity: [{ case: 'coverage/chat-parallel-tools', reason: 'the host has no tools' }],
};

for (const [prefix, settings] of Object.entries(HOSTS)) {
  const plugin = plugins.find(({ id }) => id === `provider.${prefix}`);
  if (!plugin) throw new Error(`The catalogue has no '${prefix}'.`);
  providerConformance({
    plugin,
    config: { api_key: KEY, ...settings },
    badConfig: { ...settings, api_key: KEY, api_base: 'no address' },
    fixtures: new URL(`./fixtures/${prefix}/`, import.meta.url),
    ...(SKIPS[prefix] ? { skips: SKIPS[prefix] } : {}),
  });
}
