// Faults of a connection → our errors.
import { GatewayError, isGatewayError, type ErrorCode } from '@turnpike/errors';

const CODES: Readonly<Record<string, [ErrorCode, string]>> = {
  UND_ERR_CONNECT_TIMEOUT: ['GW_TIMEOUT', 'could not be connected to in time'],
  UND_ERR_HEADERS_TIMEOUT: ['GW_TIMEOUT', 'did not answer in time'],
  UND_ERR_BODY_TIMEOUT: ['GW_TIMEOUT', 'stopped sending in the middle of its answer'],
  UND_ERR_HEADERS_OVERFLOW: ['GW_UPSTREAM_INVALID_RESPONSE', 'sent headers that are too large'],
  UND_ERR_RES_EXCEEDED_MAX_SIZE: ['GW_UPSTREAM_INVALID_RESPONSE', 'sent more than this gateway reads'],
  ECONNREFUSED: ['GW_UPSTREAM_CONNECTION', 'refused the connection'],
  ENOTFOUND: ['GW_UPSTREAM_CONNECTION', 'is a name that does not resolve'],
  EAI_AGAIN: ['GW_UPSTREAM_CONNECTION', 'is a name that could not be resolved right now'],
  ECONNRESET: ['GW_UPSTREAM_CONNECTION', 'closed the connection'],
  EPIPE: ['GW_UPSTREAM_CONNECTION', 'closed the connection'],
  UND_ERR_SOCKET: ['GW_UPSTREAM_CONNECTION', 'closed the connection'],
  ETIMEDOUT: ['GW_TIMEOUT', 'could not be connected to in time'],
  EHOSTUNREACH: ['GW_UPSTREAM_CONNECTION', 'cannot be reached from here'],
  ENETUNREACH: ['GW_UPSTREAM_CONNECTION', 'cannot be reached from here'],
};

const codeOf = (error: unknown): string => {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string' && CODES[code]) return code;
  return cause !== undefined && cause !== error ? codeOf(cause) : typeof code === 'string' ? code : '';
};

/** @param origin scheme and host of the upstream, for the message; never its path or query */
export const connectionError = (error: unknown, origin: string, isMidAnswer: boolean): GatewayError => {
  if (isGatewayError(error)) return error;
  const aggregate: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (isGatewayError(aggregate)) return aggregate;
  const code = codeOf(aggregate);
  const [known, words] = CODES[code] ?? ['GW_UPSTREAM_CONNECTION', `could not be reached${code ? ` (${code})` : ''}`];
  // A connection that breaks in the middle of an answer cut the answer, whatever broke it.
  const ours = isMidAnswer && known === 'GW_UPSTREAM_CONNECTION' ? 'GW_STREAM_CUT' : known;
  return new GatewayError(ours, `The provider at ${origin} ${words}.`, { cause: error });
};
