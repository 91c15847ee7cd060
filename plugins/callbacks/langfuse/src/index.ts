/** Tells Langfuse of calls: a trace with a generation for each, by Langfuse's own SDK over the host's HTTP. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { config } from './config.js';
import { createTeller } from './teller.js';

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.langfuse',
  capabilities: ['events'],
  config,
  env: {
    LANGFUSE_PUBLIC_KEY: 'public_key',
    LANGFUSE_SECRET_KEY: 'secret_key',
    LANGFUSE_SECRET: 'secret_key',
    LANGFUSE_HOST: 'host',
    LANGFUSE_BASE_URL: 'host',
    LANGFUSE_BASEURL: 'host',
    LANGFUSE_RELEASE: 'release',
    LANGFUSE_TRACING_ENVIRONMENT: 'environment',
    LANGFUSE_SAMPLE_RATE: 'sample_rate',
    LANGFUSE_FLUSH_INTERVAL: 'flush_interval',
  },
  legacyKeys: ['langfuse_*'],
  init(settings, host) {
    const tell = createTeller(settings, host);
    const delivery = { intervalMs: settings.flush_interval * 1_000 };
    return { events: { delivery, onSuccess: tell, onFailure: tell } };
  },
});
