// Sends batches to a collector, or shows them in the log.
import {
  encodeOtlpHistograms,
  encodeOtlpSpans,
  genAiSpans,
  OTLP_PROTOBUF,
  postTold,
  traceParentOf,
  type CallFinished,
  type OtlpSpan,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import type { OtelSettings } from './config.js';
import { histogramsOf } from './metrics.js';

type Tell = (calls: readonly CallFinished[], signal: AbortSignal) => Promise<void>;

export const createExporter = (settings: OtelSettings, host: PluginHost): Tell => {
  const { endpoint, headers, send_metrics: sendsMetrics } = settings;
  const withContent = settings.message_logging ?? settings.send_content;
  const source = {
    resource: { 'service.name': settings.service_name, 'telemetry.sdk.language': 'nodejs' },
    scope: { name: settings.tracer_name },
  };
  /** A batch that failed comes again with the same objects. */
  const traced = new WeakSet<CallFinished>();

  /** Some take traces alone. */
  let takesMetrics = sendsMetrics;

  const spansOf = (calls: readonly CallFinished[]): OtlpSpan[] =>
    calls.flatMap((call) => genAiSpans(call, { parent: traceParentOf(call), withContent }));

  const post = async (signalPath: string, body: Uint8Array, count: number, signal: AbortSignal): Promise<boolean> => {
    const url = addressOf(endpoint, signalPath);
    const answer = await postTold(
      host,
      { url, body, headers: { ...headers, 'content-type': OTLP_PROTOBUF }, signal },
      { to: 'The collector', count },
    );
    return answer !== undefined;
  };

  if (settings.exporter === 'console') {
    return (calls) => {
      for (const span of spansOf(calls)) host.log.info('span', { span });
      return Promise.resolve();
    };
  }
  return async (calls, signal) => {
    const untraced = calls.filter((call) => !traced.has(call));
    if (untraced.length > 0) {
      await post('traces', encodeOtlpSpans(spansOf(untraced), source), untraced.length, signal);
      for (const call of untraced) traced.add(call);
    }
    if (!takesMetrics) return;
    takesMetrics = await post('metrics', encodeOtlpHistograms(histogramsOf(calls), source), calls.length, signal);
    if (!takesMetrics) host.log.warn('The collector takes no metrics: none are sent any more');
  };
};

/** An endpoint may be written with the path of traces, as LiteLLM's documents do. A query stays. */
const addressOf = (endpoint: string, signalPath: string): string => {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/(v1\/(traces|metrics)\/?)?$/, '')}/v1/${signalPath}`;
  return url.href;
};
