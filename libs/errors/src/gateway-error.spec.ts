import { describe, expect, it } from '@jest/globals';
import { GatewayError, invalidRequest, isGatewayError, toGatewayError, unsupportedParameter } from './gateway-error.js';
import { ERRORS } from './table.js';

describe('GatewayError', () => {
  it('is its row of the table, with the facts', () => {
    const error = new GatewayError('GW_TIMEOUT', 'Too late.', { provider: 'provider.x', retryAfterMs: 5 });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'GatewayError',
      code: 'GW_TIMEOUT',
      message: 'Too late.',
      status: 408,
      kind: 'timeout',
      isRetryable: true,
      facts: { provider: 'provider.x', retryAfterMs: 5 },
    });
    expect(error.row).toBe(ERRORS.GW_TIMEOUT);
  });

  it('keeps its cause where loggers look for it', () => {
    const cause = new Error('socket');
    expect(new GatewayError('GW_INTERNAL', 'x', { cause }).cause).toBe(cause);
    expect('cause' in new GatewayError('GW_INTERNAL', 'x')).toBe(false);
  });
});

describe('isGatewayError', () => {
  it('knows errors of another copy of this package', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('turnpike.error')]: true, code: 'GW_TIMEOUT' });
    expect(foreign).not.toBeInstanceOf(GatewayError);
    expect(isGatewayError(foreign)).toBe(true);
    expect(toGatewayError(foreign)).toBe(foreign);
  });

  it.each<[unknown]>([
    [new Error('x')],
    [{ code: 'GW_TIMEOUT' }],
    [{ [Symbol.for('turnpike.error')]: 'yes' }],
    ['GW_TIMEOUT'],
    [null],
    [undefined],
  ])('knows that %p is none', (value) => expect(isGatewayError(value)).toBe(false));
});

describe('what somebody else threw', () => {
  it.each<[unknown]>([[new TypeError('secret of a customer')], ['text'], [undefined]])(
    'becomes an internal error that tells a client nothing: %p',
    (thrown) => {
      const error = toGatewayError(thrown);
      expect([error.code, error.facts.cause]).toEqual(['GW_INTERNAL', thrown]);
      expect(error.message).not.toContain('secret');
    },
  );
});

describe('shorthands', () => {
  it('name the field at fault', () => {
    expect(invalidRequest('m', 'a.b')).toMatchObject({ code: 'GW_INVALID_REQUEST', facts: { param: 'a.b' } });
  });

  it('say which provider lacks a parameter, why, and the way out', () => {
    const error = unsupportedParameter('top_k', 'provider.x', 'it samples otherwise');
    expect(error).toMatchObject({
      code: 'GW_UNSUPPORTED_PARAMETER',
      facts: { param: 'top_k', provider: 'provider.x' },
    });
    expect(error.message).toMatch(/^provider\.x .*'top_k' \(it samples otherwise\)\..*drop_params/);
    expect(unsupportedParameter('top_k', 'provider.x').message).not.toContain('(');
  });
});
