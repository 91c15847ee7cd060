import { describe, expect, it } from '@jest/globals';
import { GatewayError, type ErrorCode } from '@turnpike/errors';
import { fromGeminiError, fromGeminiInnerError, toGeminiErrorBody } from './errors.js';

const google = (code: number, status: string, message: string, details: object[] = []): object => ({
  error: { code, message, status, details },
});

const reason = (word: string) => ({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: word });

describe('fromGeminiError', () => {
  it.each<[string, number, unknown, ErrorCode]>([
    [
      'a key it does not know',
      400,
      google(400, 'INVALID_ARGUMENT', 'Bad key.', [reason('API_KEY_INVALID')]),
      'GW_UPSTREAM_AUTHENTICATION',
    ],
    [
      'the same inside a list',
      400,
      [google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.')],
      'GW_UPSTREAM_AUTHENTICATION',
    ],
    [
      'an expired key',
      400,
      google(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.'),
      'GW_UPSTREAM_AUTHENTICATION',
    ],
    [
      'a country it does not serve',
      400,
      google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
      'GW_UPSTREAM_PERMISSION_DENIED',
    ],
    [
      'a prompt that is too long',
      400,
      google(400, 'INVALID_ARGUMENT', 'The input token count (9) exceeds the maximum number of tokens allowed (8).'),
      'GW_CONTEXT_WINDOW_EXCEEDED',
    ],
    ['a bad request', 400, google(400, 'INVALID_ARGUMENT', 'Unknown name "x"'), 'GW_INVALID_REQUEST'],
    ['no credentials', 401, google(401, 'UNAUTHENTICATED', 'no'), 'GW_UPSTREAM_AUTHENTICATION'],
    ['a forbidden model', 403, google(403, 'PERMISSION_DENIED', 'no'), 'GW_UPSTREAM_PERMISSION_DENIED'],
    ['an unknown model', 404, google(404, 'NOT_FOUND', 'models/x is not found'), 'GW_UPSTREAM_NOT_FOUND'],
    [
      'a used-up quota',
      429,
      google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan and billing details.'),
      'GW_UPSTREAM_RATE_LIMITED',
    ],
    ['a call that was cancelled', 499, google(499, 'CANCELLED', 'cancelled'), 'GW_UPSTREAM_UNAVAILABLE'],
    ['its own failure', 500, google(500, 'INTERNAL', 'An internal error has occurred.'), 'GW_UPSTREAM_ERROR'],
    ['too much load', 503, google(503, 'UNAVAILABLE', 'The model is overloaded.'), 'GW_UPSTREAM_UNAVAILABLE'],
    ['slowness', 504, google(504, 'DEADLINE_EXCEEDED', 'late'), 'GW_TIMEOUT'],
  ])('understands %s', (_, status, body, code) => {
    const error = fromGeminiError({ status, headers: {}, body: JSON.stringify(body) }, 'provider.gemini');
    expect(error.code).toBe(code);
    expect(error.facts).toMatchObject({ provider: 'provider.gemini', upstreamStatus: status });
  });

  it('is not led astray by a message that quotes a reason', () => {
    const body = JSON.stringify(
      google(400, 'INVALID_ARGUMENT', 'Cannot read "reason": "API_KEY_INVALID" in your text.'),
    );
    expect(fromGeminiError({ status: 400, headers: {}, body }, 'provider.gemini').code).toBe('GW_INVALID_REQUEST');
  });
});

describe('fromGeminiInnerError', () => {
  it.each<[number, string, ErrorCode]>([
    [503, 'UNAVAILABLE', 'GW_UPSTREAM_UNAVAILABLE'],
    [429, 'RESOURCE_EXHAUSTED', 'GW_UPSTREAM_RATE_LIMITED'],
    [500, 'INTERNAL', 'GW_UPSTREAM_ERROR'],
  ])('takes the code %s for the status', (code, status, expected) => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34s' }];
    const error = fromGeminiInnerError({ code, status, message: 'busy', details }, 'It broke');
    expect(error).toMatchObject({
      code: expected,
      facts: { upstreamCode: String(code), upstreamType: status, retryAfterMs: 34_000 },
    });
    expect(error.message).toBe('It broke: busy');
  });

  it('reads an error that is but a text', () => {
    expect(fromGeminiInnerError('boom', 'It broke')).toMatchObject({
      code: 'GW_UPSTREAM_ERROR',
      message: expect.stringContaining('boom'),
    });
  });
});

describe('toGeminiErrorBody', () => {
  it.each<[ErrorCode, number, string]>([
    ['GW_INVALID_REQUEST', 400, 'INVALID_ARGUMENT'],
    ['GW_INVALID_KEY', 401, 'UNAUTHENTICATED'],
    ['GW_MODEL_NOT_ALLOWED', 403, 'PERMISSION_DENIED'],
    ['GW_NOT_FOUND', 404, 'NOT_FOUND'],
    ['GW_RATE_LIMITED', 429, 'RESOURCE_EXHAUSTED'],
    ['GW_BUDGET_EXCEEDED', 429, 'RESOURCE_EXHAUSTED'],
    ['GW_UPSTREAM_UNAVAILABLE', 503, 'UNAVAILABLE'],
    ['GW_NO_DEPLOYMENT_READY', 429, 'RESOURCE_EXHAUSTED'],
    ['GW_NO_DEPLOYMENT_USABLE', 503, 'UNAVAILABLE'],
    ['GW_LEDGER_UNAVAILABLE', 503, 'UNAVAILABLE'],
    ['GW_CLIENT_CLOSED', 499, 'CANCELLED'],
    ['GW_TIMEOUT', 408, 'DEADLINE_EXCEEDED'],
    ['GW_INTERNAL', 500, 'INTERNAL'],
  ])('writes %s as %i %s', (code, status, word) => {
    expect(JSON.parse(toGeminiErrorBody(new GatewayError(code, 'why')))).toEqual({
      error: { code: status, message: 'why', status: word },
    });
  });

  it('says when to come back as Google does', () => {
    const error = new GatewayError('GW_RATE_LIMITED', 'slow down', { retryAfterMs: 1_500 });
    expect(JSON.parse(toGeminiErrorBody(error, 'other words'))).toMatchObject({
      error: {
        message: 'other words',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' }],
      },
    });
  });
});
