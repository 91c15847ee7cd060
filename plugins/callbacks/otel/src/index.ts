/** Calls as OpenTelemetry traces and metrics of the gen_ai conventions, over OTLP: `otel`. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { otelConfig } from './config.js';
import { createExporter } from './exporter.js';

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.otel',
  capabilities: ['events'],
  config: otelConfig,
  aliases: ['opentelemetry'],
  env: {
    OTEL_EXPORTER: 'exporter',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'endpoint',
    OTEL_ENDPOINT: 'endpoint',
    OTEL_EXPORTER_OTLP_HEADERS: 'headers',
    OTEL_HEADERS: 'headers',
    OTEL_SERVICE_NAME: 'service_name',
    OTEL_TRACER_NAME: 'tracer_name',
  },
  legacyKeys: ['otel_*'],
  init(settings, host) {
    const tell = createExporter(settings, host);
    return { events: { onSuccess: tell, onFailure: tell } };
  },
});
