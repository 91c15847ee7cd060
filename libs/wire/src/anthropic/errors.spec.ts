import { describe, expect, it } from '@jest/globals';
import { GatewayError, type ErrorCode } from '@turnpike/errors';
import { toAnthropicErrorBody } from './errors.js';

const bodyOf = (code: ErrorCode, message = 'why') =>
  JSON.parse(toAnthropicErrorBody(new GatewayError(code, message))) as unknown;

describe('toAnthropicErrorBody', () => {
  it.each([
    ['GW_INVALID_REQUEST', 'invalid_request_error'],
    ['GW_INVALID_KEY', 'authentication_error'],
    ['GW_UPSTREAM_BILLING', 'billing_error'],
    ['GW_MODEL_NOT_ALLOWED', 'permission_error'],
    ['GW_UPSTREAM_NOT_FOUND', 'not_found_error'],
    ['GW_TIMEOUT', 'timeout_error'],
    ['GW_UPSTREAM_CONFLICT', 'conflict_error'],
    ['GW_BODY_TOO_LARGE', 'request_too_large'],
    ['GW_UNPROCESSABLE', 'invalid_request_error'],
    ['GW_UPSTREAM_RATE_LIMITED', 'rate_limit_error'],
    ['GW_UPSTREAM_ERROR', 'api_error'],
    ['GW_STREAM_CUT', 'api_error'],
    ['GW_UPSTREAM_UNAVAILABLE', 'overloaded_error'],
  ] as const)('calls %s %s', (code, type) =>
    expect(bodyOf(code)).toEqual({ type: 'error', error: { type, message: 'why' } }),
  );

  it('says of a context overflow what makes clients compact', () => {
    expect(bodyOf('GW_CONTEXT_WINDOW_EXCEEDED', 'maximum context length is 8')).toMatchObject({
      error: { message: 'prompt is too long: maximum context length is 8' },
    });
    expect(bodyOf('GW_CONTEXT_WINDOW_EXCEEDED', 'Prompt is too long: 9 tokens > 8 maximum')).toMatchObject({
      error: { message: 'Prompt is too long: 9 tokens > 8 maximum' },
    });
  });

  it('takes another message and the request id', () =>
    expect(JSON.parse(toAnthropicErrorBody(new GatewayError('GW_INTERNAL', 'secret'), 'masked', 'req_1'))).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'masked' },
      request_id: 'req_1',
    }));
});
