import { describe, expect, it } from '@jest/globals';
import { BoundedBody } from './bounded-body.js';

const KIB = 1_024;

describe('the body of a failed answer', () => {
  it.each<[string, number[], number]>([
    ['whole when it is small', [10, 20], 30],
    ['what fits, when a later piece is too much', [60 * KIB, 10 * KIB, 10], 60 * KIB],
    ['the beginning of a first piece that is too much', [100 * KIB, 10], 64 * KIB],
    ['up to the bound', [64 * KIB], 64 * KIB],
  ])('is kept: %s', (_title, sizes, kept) => {
    const body = BoundedBody.forFailure();
    for (const size of sizes) body.add(Buffer.alloc(size, 'x'));
    expect(body.bytes()).toHaveLength(kept);
  });

  it('becomes a failure with its status and headers', () => {
    const body = BoundedBody.forFailure();
    body.add(Buffer.from('{"error":'));
    body.add(Buffer.from('"Grüße"}'));
    expect(body.toFailure(429, { 'retry-after': '1' })).toEqual({
      status: 429,
      headers: { 'retry-after': '1' },
      body: '{"error":"Grüße"}',
    });
  });

  it('that is compressed, though nobody asked for that, says nothing', () => {
    const body = BoundedBody.forFailure();
    body.add(Buffer.from([0x1f, 0x8b, 0x08]));
    expect(body.toFailure(500, { 'content-encoding': 'gzip' }).body).toBe('');
  });
});

it('a document beyond its bound is refused', () => {
  const body = BoundedBody.forDocument();
  const piece = Buffer.alloc(32 * KIB * KIB);
  body.add(piece);
  body.add(piece);
  expect(() => body.add(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE' }));
});
