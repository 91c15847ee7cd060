import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SettleRequest } from './generated/turnpike/ledger/v1/gateway.js';
import { settleRequestBytes, type ByteRanges } from './settle-request.js';

const rangesOf = (entries: readonly Uint8Array[]): ByteRanges => ({
  visit: (take) => {
    const all = Buffer.concat([Buffer.from('before'), ...entries]);
    let at = 'before'.length;
    for (const { length } of entries) take(all, at, (at += length));
  },
});

describe('a request to settle', () => {
  it('has the bytes that the generated code gives it', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'binary' }),
        fc.array(fc.uint8Array({ maxLength: 300 })),
        (name, all) => {
          const expected = SettleRequest.encode({
            journal: name,
            entries: all.map((one) => Buffer.from(one)),
          }).finish();
          expect(settleRequestBytes(name, rangesOf(all)).equals(expected)).toBe(true);
        },
      ),
    );
  });

  it('is written into memory that is given, where it is large enough', () => {
    const [small, large] = [[Buffer.alloc(100, 1)], [Buffer.alloc(1_048_576, 2)]];
    const { buffer: memory } = settleRequestBytes('a', rangesOf(small));
    const bytes = settleRequestBytes('b', rangesOf(small), memory);
    expect([bytes.buffer === memory, SettleRequest.decode(bytes).entries]).toEqual([true, small]);
    const more = settleRequestBytes('c', rangesOf(large), memory);
    expect([more.buffer === memory, SettleRequest.decode(more).entries]).toEqual([false, large]);
  });

  it.each([0, 1, 127, 128, 16_383, 16_384, 1_048_576])('has entries of %d bytes', (length) => {
    const entry = Buffer.alloc(length, 7);
    const { journal, entries } = SettleRequest.decode(settleRequestBytes('host/worker-1', rangesOf([entry])));
    expect([journal, entries.length, entries[0]!.equals(entry)]).toEqual(['host/worker-1', 1, true]);
  });
});
