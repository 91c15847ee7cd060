/** Tells Datadog of calls: an entry of its logs for each, in LiteLLM's standard logging payload. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { config } from './config.js';
import { createSender } from './sender.js';

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.datadog',
  capabilities: ['events'],
  config,
  env: {
    DD_API_KEY: 'api_key',
    DD_SITE: 'site',
    LITELLM_DD_AGENT_HOST: 'agent_host',
    LITELLM_DD_AGENT_PORT: 'agent_port',
    DD_AGENT_HOST: 'injected_agent_host',
    DD_BASE_URL: 'base_url',
    DD_SOURCE: 'source',
    DD_SERVICE: 'service',
    DD_ENV: 'env',
    DD_VERSION: 'version',
    HOSTNAME: 'hostname',
    POD_NAME: 'pod_name',
    DD_BATCH_SIZE: 'batch_size',
  },
  legacyKeys: ['dd_*', 'datadog_*'],
  legacyMaps: ['datadog_params'],
  init(settings, host) {
    const send = createSender(settings, host);
    const delivery = { maxBatch: settings.batch_size, intervalMs: settings.flush_interval * 1_000 };
    return { events: { delivery, onSuccess: send, onFailure: send } };
  },
});
