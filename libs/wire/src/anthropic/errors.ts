import type { GatewayError } from '@turnpike/errors';

const TYPE_OF_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

/** Claude Code compacts the conversation when it reads these words. */
const TOO_LONG = 'prompt is too long';

/** Anthropic's error body: `{"type": "error", "error": {"type", "message"}, "request_id"}`. */
export const toAnthropicErrorBody = (error: GatewayError, message = error.message, requestId?: string): string => {
  const isTooLong = error.code === 'GW_CONTEXT_WINDOW_EXCEEDED' && !message.toLowerCase().includes(TOO_LONG);
  return JSON.stringify({
    type: 'error',
    error: {
      type: TYPE_OF_STATUS[error.status] ?? (error.status >= 500 ? 'api_error' : 'invalid_request_error'),
      message: isTooLong ? `${TOO_LONG}: ${message}` : message,
    },
    ...(requestId ? { request_id: requestId } : {}),
  });
};
