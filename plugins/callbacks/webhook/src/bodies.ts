// Calls as bodies of requests, in each format.
import { standardLoggingPayload, type CallFinished } from '@turnpike/plugin-sdk';
import type { Format } from './config.js';

export interface Body {
  readonly calls: readonly CallFinished[];
  readonly text: string;
  readonly contentType: string;
}

/** Above that a new request is begun: servers of others take a few megabytes. */
const MAX_BODY_BYTES = 1_000_000;

/** One call may be larger than a body ought to be; it has one of its own then. */
export const bodiesOf = (calls: readonly CallFinished[], format: Format): Body[] => {
  const written = calls.map((call) => ({ call, text: JSON.stringify(standardLoggingPayload(call)) }));
  const lots: (typeof written)[] = [];
  let bytes = 0;
  for (const one of written) {
    const own = Buffer.byteLength(one.text);
    const lot = lots.at(-1);
    if (lot && format !== 'single' && bytes + own <= MAX_BODY_BYTES) lot.push(one);
    else {
      lots.push([one]);
      bytes = 0;
    }
    bytes += own;
  }
  return lots.map((lot) => ({
    calls: lot.map(({ call }) => call),
    text: joined(
      lot.map(({ text }) => text),
      format,
    ),
    contentType: format === 'ndjson' ? 'application/x-ndjson' : 'application/json',
  }));
};

const joined = (texts: readonly string[], format: Format): string => {
  if (format === 'json_array') return `[${texts.join(',')}]`;
  return format === 'ndjson' ? texts.map((text) => `${text}\n`).join('') : texts.join('');
};
