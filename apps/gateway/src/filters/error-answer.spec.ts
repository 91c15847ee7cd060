import { GatewayError, type ErrorCode, type ErrorFacts } from '@turnpike/errors';
import { forgetSecrets, registerSecret } from '@turnpike/telemetry';
import { toOpenAiErrorBody } from '@turnpike/wire';
import { afterEach, describe, expect, it } from '@jest/globals';
import { aFront, FakeResponse } from '../../test/doubles.js';
import { errorBody, retryHeaders, sendError } from './error-answer.js';

const error = (code: ErrorCode, facts: ErrorFacts = {}, message = 'm'): GatewayError =>
  new GatewayError(code, message, facts);

afterEach(() => forgetSecrets());

describe('the body of an error', () => {
  it("is in the client's dialect, else in OpenAI's", () => {
    const front = aFront({ errorBody: (given, message) => `${given.code}: ${message}` });
    expect(errorBody(front, error('GW_TIMEOUT'))).toBe('GW_TIMEOUT: m');
    expect(errorBody(undefined, error('GW_TIMEOUT'))).toBe(toOpenAiErrorBody(error('GW_TIMEOUT')));
  });

  it('shows no secret, neither in its message nor in the name of the field at fault', () => {
    registerSecret('top-secret-value');
    const body = errorBody(
      undefined,
      error('GW_UPSTREAM_ERROR', { param: 'top-secret-value' }, 'key top-secret-value'),
    );
    expect(body).not.toContain('top-secret-value');
    expect(JSON.parse(body)).toMatchObject({ error: { message: expect.stringContaining('key ') } });
  });

  it('is not as long as what was wrong', () => {
    const long = 'x'.repeat(1_000_000);
    expect(errorBody(undefined, error('GW_INVALID_REQUEST', { param: long }, long)).length).toBeLessThan(5_000);
  });
});

describe('whether and when to come back', () => {
  it.each<[ErrorCode, ErrorFacts, string[]]>([
    ['GW_UPSTREAM_RATE_LIMITED', { retryAfterMs: 1_200 }, ['retry-after', '2']],
    ['GW_UPSTREAM_RATE_LIMITED', { retryAfterMs: 0 }, ['retry-after', '1']],
    ['GW_UPSTREAM_RATE_LIMITED', {}, []],
    ['GW_NO_DEPLOYMENT_READY', {}, ['retry-after', '1']],
    ['GW_UPSTREAM_UNAVAILABLE', {}, ['retry-after', '1']],
    ['GW_DRAINING', { retryAfterMs: 30_000 }, ['retry-after', '30']],
    ['GW_UPSTREAM_ERROR', {}, []],
    ['GW_INVALID_REQUEST', {}, ['x-should-retry', 'false']],
    ['GW_BUDGET_EXCEEDED', { retryAfterMs: 5_000 }, ['retry-after', '5', 'x-should-retry', 'false']],
  ])('after %s with %j is told by %j', (code, facts, expected) => {
    expect(retryHeaders(error(code, facts))).toEqual(expected);
  });
});

describe('an error that is sent', () => {
  it('is a whole answer', () => {
    const response = new FakeResponse();
    sendError(response.asResponse(), error('GW_INVALID_REQUEST', {}, 'Grüße'), undefined, ['x-litellm-call-id', 'c']);
    expect([response.status, response.ended]).toEqual([400, true]);
    expect(response.headers).toEqual({
      'x-litellm-call-id': 'c',
      'x-should-retry': 'false',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(response.text)),
    });
    expect(JSON.parse(response.text)).toMatchObject({ error: { message: 'Grüße' } });
  });

  it('ends the connection when something of another answer is out', () => {
    const response = new FakeResponse();
    response.headersSent = true;
    sendError(response.asResponse(), error('GW_INTERNAL'));
    expect([response.destroyed, response.text]).toEqual([true, '']);
  });

  it('of the start, which has no status, is our own fault', () => {
    const response = new FakeResponse();
    sendError(response.asResponse(), error('GW_PLUGIN_START'));
    expect(response.status).toBe(500);
  });
});
