/** Tells LangSmith of calls: a run for each, in batches. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { config } from './config.js';
import { createTeller } from './teller.js';

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.langsmith',
  capabilities: ['events'],
  config,
  env: {
    LANGSMITH_API_KEY: 'api_key',
    LANGSMITH_PROJECT: 'project',
    LANGSMITH_DEFAULT_RUN_NAME: 'default_run_name',
    LANGSMITH_BASE_URL: 'base_url',
    LANGSMITH_ENDPOINT: 'base_url',
    LANGSMITH_TENANT_ID: 'tenant_id',
    LANGSMITH_WORKSPACE_ID: 'tenant_id',
    LANGSMITH_SAMPLING_RATE: 'sampling_rate',
    LANGSMITH_BATCH_SIZE: 'batch_size',
  },
  legacyKeys: ['langsmith_*'],
  init(settings, host) {
    const tell = createTeller(settings, host);
    const delivery = { maxBatch: settings.batch_size, intervalMs: settings.flush_interval * 1_000 };
    return { events: { delivery, onSuccess: tell, onFailure: tell } };
  },
});
