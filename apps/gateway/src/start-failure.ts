// What stops a start or a reload, in words for the operator.
import type { GatewayError } from '@turnpike/errors';

/** The code, what is wrong and, where the message cannot know it, what to do. */
export const startFailure = ({ code, kind, message, row }: GatewayError): string =>
  kind === 'plugin' ? `${code}: ${message.replace(/[^.]$/, '$&.')} ${row.remedy}` : `${code}: ${message}`;
