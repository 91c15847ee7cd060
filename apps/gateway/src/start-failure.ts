// What stops a start or a reload, in words for the operator.
import { isGatewayError, type GatewayError } from '@turnpike/errors';
import { redactText } from '@turnpike/telemetry';

/** The code, what is wrong and, where the message cannot know it, what to do. */
export const startFailure = ({ code, kind, message, row }: GatewayError): string =>
  kind === 'plugin' ? `${code}: ${message.replace(/[^.]$/, '$&.')} ${row.remedy}` : `${code}: ${message}`;

/** Whatever was thrown, as every other text without secrets: the runtime's own words quote addresses and input. */
export const describeFailure = (error: unknown): string => redactText(describe(error));

const describe = (error: unknown): string => {
  const { code, port } = error as { code?: unknown; port?: unknown };
  if (code === 'EADDRINUSE')
    return `Port ${String(port)} is already in use. Choose another with --port, or end what listens there.`;
  if (code === 'EACCES')
    return `Port ${String(port)} may not be opened by this user. Choose one above 1023 with --port.`;
  if (isGatewayError(error)) return startFailure(error);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
