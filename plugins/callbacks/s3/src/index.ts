/** Puts calls into an S3 bucket, each in LiteLLM's standard logging payload. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { config } from './config.js';
import { createStore } from './store.js';

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.s3',
  capabilities: ['events'],
  aliases: ['s3_v2'],
  config,
  env: {
    AWS_ACCESS_KEY_ID: 'aws_access_key_id',
    AWS_SECRET_ACCESS_KEY: 'aws_secret_access_key',
    AWS_SESSION_TOKEN: 'aws_session_token',
    AWS_REGION: 'region_name',
    AWS_DEFAULT_REGION: 'region_name',
    AWS_ENDPOINT_URL_S3: 'endpoint_url',
  },
  legacyKeys: ['s3_*'],
  legacyMaps: ['s3_callback_params'],
  init(settings, host) {
    const store = createStore(settings, host);
    const delivery = { maxBatch: settings.batch_size, intervalMs: settings.flush_interval * 1_000 };
    return { events: { delivery, onSuccess: store, onFailure: store } };
  },
});
