import { describe, expect, it } from '@jest/globals';
import type { ErrorCode } from '@turnpike/errors';
import { LedgerError, type ErrorDetails, type StatusName } from '@turnpike/rpc';
import { fromLedgerError } from './ledger-error.js';

describe('what the ledger refused', () => {
  it('keeps code, words, field and wait', () => {
    const details = { errorCode: 'GW_ALREADY_EXISTS', httpStatus: 409, param: 'key_alias', retryAfterMs: 5 };
    const error = fromLedgerError(new LedgerError('ALREADY_EXISTS', 'Taken.', details));
    expect([error.code, error.status, error.message]).toEqual(['GW_ALREADY_EXISTS', 409, 'Taken.']);
    expect(error.facts).toMatchObject({ param: 'key_alias', retryAfterMs: 5 });
  });

  it.each<[StatusName, ErrorDetails, ErrorCode, number]>([
    ['PERMISSION_DENIED', { errorCode: 'GW_PERMISSION_DENIED' }, 'GW_PERMISSION_DENIED', 403],
    ['UNAUTHENTICATED', { errorCode: 'GW_INVALID_KEY' }, 'GW_INVALID_KEY', 401],
    ['NOT_FOUND', { errorCode: 'GW_NEWER_THAN_US' }, 'GW_NOT_FOUND', 404],
    ['INVALID_ARGUMENT', {}, 'GW_INVALID_REQUEST', 400],
    ['UNIMPLEMENTED', {}, 'GW_INVALID_REQUEST', 400],
    ['INTERNAL', { errorCode: 'GW_INTERNAL' }, 'GW_INTERNAL', 500],
    ['RESOURCE_EXHAUSTED', {}, 'GW_INTERNAL', 500],
  ])('%s with %j is %s', (name, details, code, status) => {
    const error = fromLedgerError(new LedgerError(name, 'Words.', details));
    expect([error.code, error.status]).toEqual([code, status]);
  });

  it.each<[StatusName, boolean | undefined]>([
    ['UNAVAILABLE', undefined],
    ['DEADLINE_EXCEEDED', undefined],
    ['CANCELLED', true],
  ])('%s is a ledger that is away: 503, and when to come again', (name, isAway) => {
    const error = fromLedgerError(new LedgerError(name, 'connect ECONNREFUSED /secret/path', {}, isAway));
    expect([error.code, error.status, error.facts.retryAfterMs]).toEqual(['GW_LEDGER_UNAVAILABLE', 503, 1_000]);
    expect(error.message).not.toContain('/secret/path');
  });
});
