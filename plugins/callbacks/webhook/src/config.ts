// Settings of both, and what is the same in both.
import { z } from '@turnpike/plugin-sdk';

const FORMATS = ['json_array', 'ndjson', 'single'] as const;
export type Format = (typeof FORMATS)[number];

const EVENT_TYPES = ['llm_api_success', 'llm_api_failure'] as const;

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** What a header may hold; line ends are none of it. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const fromText = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair): [string, string] => {
        const [name = '', ...value] = pair.split('=');
        return [name.trim(), value.join('=').trim()];
      }),
  );

const address = z.url({ protocol: /^https?$/ });

const common = {
  headers: z
    .union([z.record(z.string(), z.string()), z.string().transform(fromText)])
    .default({})
    .refine(
      (headers) => Object.entries(headers).every(([name, value]) => HEADER_NAME.test(name) && HEADER_VALUE.test(value)),
      {
        error: 'holds what is no header: {name: value}, or name=value,name=value',
      },
    )
    .describe('Sent with every request: {name: value}, or "name=value,name=value"'),
  secret: z.string().min(8).optional().describe('Signs every body: x-turnpike-signature'),
  max_batch: z.coerce.number().int().min(1).max(1_000).default(100).describe('Calls in one request, at most'),
  flush_interval: z.coerce.number().positive().max(60).default(1).describe('Seconds that a call waits for others'),
};

export const webhookConfig = z.strictObject({
  url: address.describe('Where calls are posted'),
  format: z.enum(FORMATS).default('json_array').describe('A JSON array, lines of JSON, or a request for each call'),
  ...common,
  alert_url: address.optional().describe('Where alerts are posted, if not where calls are'),
  send_alerts: z.stringbool().or(z.boolean()).default(true).describe('False: no alerts'),
});

export const genericApiConfig = z.strictObject({
  endpoint: address.describe('Where calls are posted'),
  log_format: z.enum(FORMATS).default('json_array').describe('A JSON array, lines of JSON, or a request for each call'),
  event_types: z
    .array(z.enum(EVENT_TYPES))
    .min(1)
    .default([...EVENT_TYPES])
    .describe('Which calls are posted'),
  ...common,
});

/** What a poster needs of either. */
export interface PosterSettings {
  readonly url: string;
  readonly format: Format;
  readonly headers: Readonly<Record<string, string>>;
  readonly secret?: string;
  readonly alert_url?: string;
}
