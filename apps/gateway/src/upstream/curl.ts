// An upstream request as a command for a shell, for `--detailed_debug`. Secrets are masked, so it is to be read, not run.
import { redactHeaders, redactText } from '@turnpike/telemetry';
import type { PreparedCall } from './prepare.js';

/** Of a longer body only the beginning is shown. */
const MAX_BODY_BYTES = 10_000;

/** Nothing in it means anything to a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

export const curlOf = ({ url, headers, body }: Pick<PreparedCall, 'url' | 'headers' | 'body'>): string => {
  const shown = Object.entries(redactHeaders(headers)).map(
    ([name, value]) => `-H ${quoted(`${name}: ${String(value)}`)}`,
  );
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, MAX_BODY_BYTES)).toString('utf8');
  const rest = body.length > MAX_BODY_BYTES ? ` # and ${body.length - MAX_BODY_BYTES} bytes more` : '';
  return redactText(`curl -X POST ${quoted(url)} ${shown.join(' ')} -d ${quoted(text)}${rest}`);
};
