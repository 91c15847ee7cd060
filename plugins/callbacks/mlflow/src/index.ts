/** Writes calls as traces of an MLflow experiment, over MLflow's OTLP endpoint. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { config } from './config.js';
import { createTracer } from './tracer.js';

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.mlflow',
  capabilities: ['events'],
  config,
  env: {
    MLFLOW_TRACKING_URI: 'tracking_uri',
    MLFLOW_EXPERIMENT_NAME: 'experiment_name',
    MLFLOW_EXPERIMENT_ID: 'experiment_id',
    MLFLOW_TRACKING_TOKEN: 'tracking_token',
    MLFLOW_TRACKING_USERNAME: 'tracking_username',
    MLFLOW_TRACKING_PASSWORD: 'tracking_password',
  },
  legacyKeys: ['mlflow_*'],
  init(settings, host) {
    const trace = createTracer(settings, host);
    const delivery = { intervalMs: settings.flush_interval * 1_000 };
    return { events: { delivery, onSuccess: trace, onFailure: trace } };
  },
});
