import { describe, expect, it } from '@jest/globals';
import { Metadata, status } from '@grpc/grpc-js';
import { errorMetadata, LedgerError, toLedgerError, type ErrorDetails, type StatusName } from './error.js';

const asReceived = (code: StatusName, details: string, metadata?: Metadata): unknown =>
  Object.assign(new Error(`${status[code]} ${code}: ${details}`), { code: status[code], details, metadata });

describe('an error on the wire', () => {
  it.each<[string, ErrorDetails]>([
    ['with all facts', { errorCode: 'GW_NOT_FOUND', httpStatus: 404, param: 'models[0].größe', retryAfterMs: 1500 }],
    ['with none', { errorCode: 'GW_INTERNAL' }],
    ['that may be tried again at once', { errorCode: 'GW_INTERNAL', httpStatus: 500, retryAfterMs: 0 }],
  ])('%s is the same at the other end', (_title, details) => {
    const error = toLedgerError(asReceived('NOT_FOUND', 'no such key', errorMetadata('NOT_FOUND', 'no', details)));
    expect(error).toBeInstanceOf(LedgerError);
    expect([error.code, error.message]).toEqual(['NOT_FOUND', 'no such key']);
    expect(error.details).toEqual({ httpStatus: undefined, param: undefined, retryAfterMs: undefined, ...details });
  });

  it('is read as far as it goes when its details are not ours', () => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from([0xff, 0xff, 0xff]));
    expect(toLedgerError(asReceived('NOT_FOUND', 'x', metadata))).toMatchObject({ code: 'NOT_FOUND', details: {} });
  });
});

describe('a ledger that is away', () => {
  const ours = errorMetadata('INTERNAL', 'x', { errorCode: 'GW_INTERNAL', httpStatus: 500 });

  it.each<[StatusName, Metadata | undefined, boolean]>([
    ['UNAVAILABLE', undefined, true],
    ['UNAVAILABLE', ours, true],
    ['DEADLINE_EXCEEDED', undefined, true],
    ['INTERNAL', undefined, true],
    ['CANCELLED', undefined, true],
    ['INTERNAL', ours, false],
    ['NOT_FOUND', undefined, false],
    ['UNAUTHENTICATED', undefined, false],
    ['PERMISSION_DENIED', ours, false],
    ['RESOURCE_EXHAUSTED', undefined, false],
  ])('%s, with details or without: %#', (code, metadata, isAway) =>
    expect(toLedgerError(asReceived(code, 'x', metadata)).isAway).toBe(isAway),
  );

  it('is not one whose call the caller gave up', () => {
    const reason = new Error('the client left');
    const error = toLedgerError(asReceived('CANCELLED', 'x'), AbortSignal.abort(reason));
    expect([error.code, error.isAway, error.cause]).toEqual(['CANCELLED', false, reason]);
  });
});
