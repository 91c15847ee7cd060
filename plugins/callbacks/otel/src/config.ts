// Settings, under the names of OpenTelemetry's variables.
import { z } from '@turnpike/plugin-sdk';

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** What a header may hold; line ends are none of it. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** `a=b,c=d`; values may be percent-encoded. */
const fromText = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair): [string, string] => {
        const [name = '', ...value] = pair.split('=');
        return [name.trim(), decoded(value.join('=').trim())];
      }),
  );

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
};

const flag = z.stringbool().or(z.boolean());

export const otelConfig = z.strictObject({
  exporter: z
    .string()
    .default('otlp_http')
    .refine((exporter) => exporter === 'otlp_http' || exporter === 'console', {
      error: 'must be otlp_http or console. OTLP over gRPC is not spoken: collectors take OTLP over HTTP at port 4318',
    })
    .describe('otlp_http, or console: spans in the log'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .default('http://localhost:4318')
    .describe('Of the collector; /v1/traces and /v1/metrics are added'),
  headers: z
    .union([z.record(z.string(), z.string()), z.string().transform(fromText)])
    .default({})
    .refine(
      (headers) => Object.entries(headers).every(([name, value]) => HEADER_NAME.test(name) && HEADER_VALUE.test(value)),
      { error: 'holds what is no header: {name: value}, or name=value,name=value' },
    )
    .describe('Sent with every request: {name: value}, or "name=value,name=value"'),
  service_name: z.string().min(1).default('turnpike').describe('service.name of the resource'),
  tracer_name: z.string().min(1).default('turnpike').describe('Name of the instrumentation scope'),
  send_content: flag.default(false).describe('True: prompts and answers as attributes, where they may be told'),
  message_logging: flag.optional().describe('LiteLLM’s name of send_content, which it wins over'),
  send_metrics: flag.default(true).describe('False: traces alone'),
});

export type OtelSettings = z.output<typeof otelConfig>;
