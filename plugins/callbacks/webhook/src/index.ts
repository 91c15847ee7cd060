/** Posts calls as JSON, in LiteLLM's standard logging payload: `webhook`, which also hears of alerts, and `generic_api`. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { genericApiConfig, webhookConfig } from './config.js';
import { createPoster } from './poster.js';

const webhook = definePlugin({
  contract: 'callback/v1',
  id: 'callback.webhook',
  capabilities: ['events'],
  config: webhookConfig,
  env: { WEBHOOK_URL: 'url', WEBHOOK_SECRET: 'secret', WEBHOOK_ALERT_URL: 'alert_url' },
  legacyKeys: ['webhook_*'],
  init({ send_alerts: sendsAlerts, ...settings }, host) {
    const poster = createPoster('The webhook', settings, host);
    const delivery = { maxBatch: settings.max_batch, intervalMs: settings.flush_interval * 1_000 };
    const onAlert = sendsAlerts ? { onAlert: poster.alerts } : {};
    return { events: { delivery, onSuccess: poster.calls, onFailure: poster.calls, ...onAlert } };
  },
});

const genericApi = definePlugin({
  contract: 'callback/v1',
  id: 'callback.generic_api',
  capabilities: ['events'],
  config: genericApiConfig,
  env: { GENERIC_LOGGER_ENDPOINT: 'endpoint', GENERIC_LOGGER_HEADERS: 'headers' },
  legacyKeys: ['generic_logger_*'],
  init({ endpoint: url, log_format: format, event_types: types, ...settings }, host) {
    const poster = createPoster('The generic API', { url, format, ...settings }, host);
    const delivery = { maxBatch: settings.max_batch, intervalMs: settings.flush_interval * 1_000 };
    const onSuccess = types.includes('llm_api_success') ? { onSuccess: poster.calls } : {};
    const onFailure = types.includes('llm_api_failure') ? { onFailure: poster.calls } : {};
    return { events: { delivery, ...onSuccess, ...onFailure } };
  },
});

export default [webhook, genericApi];
