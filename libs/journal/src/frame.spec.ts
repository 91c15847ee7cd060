import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FRAME_HEADER_BYTES, MAX_ENTRY_BYTES, readFrames, splitFrames, writeFrame } from './frame.js';

const SECONDS = 1_767_225_600;

/** The frames of these texts, and where each one ends. */
const framed = (texts: readonly string[]): { bytes: Buffer; ends: number[] } => {
  const bytes = Buffer.alloc(texts.reduce((sum, text) => sum + FRAME_HEADER_BYTES + Buffer.byteLength(text), 0));
  let at = 0;
  const ends = texts.map((text) => (at = writeFrame(bytes, at, text, SECONDS)));
  return { bytes, ends };
};

const textsOf = (entries: Iterable<Buffer>): string[] => Array.from(entries, (entry) => entry.toString());

const someTexts = fc.array(
  fc.record({ id: fc.nat(), text: fc.string({ unit: 'binary', maxLength: 30 }) }).map((entry) => JSON.stringify(entry)),
  { minLength: 1, maxLength: 8 },
);

describe('frames', () => {
  it('give back what was written', () => {
    fc.assert(
      fc.property(someTexts, (texts) => {
        const { bytes } = framed(texts);
        const read = readFrames(bytes, { isEnd: true });
        expect(textsOf(read.entries)).toEqual(texts);
        expect(read).toMatchObject({ firstAt: SECONDS * 1_000, consumed: bytes.length, skipped: 0, wanted: 0 });
      }),
    );
  });

  it('cut at any byte give back exactly those that are complete', () => {
    fc.assert(
      fc.property(someTexts, (texts) => {
        const { bytes, ends } = framed(texts);
        for (let cut = 0; cut <= bytes.length; cut += 1) {
          const complete = ends.filter((end) => end <= cut);
          const read = readFrames(bytes.subarray(0, cut), { isEnd: true });
          expect(textsOf(read.entries)).toEqual(texts.slice(0, complete.length));
          expect([read.consumed, read.skipped]).toEqual([cut, cut - (complete.at(-1) ?? 0)]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('cut where more may follow ask for as much as makes the next one complete', () => {
    fc.assert(
      fc.property(someTexts, (texts) => {
        const { bytes, ends } = framed(texts);
        for (let cut = 0; cut < bytes.length; cut += 1) {
          const { consumed, skipped, wanted } = readFrames(bytes.subarray(0, cut), { isEnd: false });
          const begin = [0, ...ends].filter((end) => end <= cut).at(-1)!;
          expect([consumed, skipped]).toEqual([begin, 0]);
          const end = ends.find((one) => one > cut)!;
          const seen = cut - begin;
          expect(wanted).toBe(seen === 0 ? 0 : seen < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : end - begin);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('damaged anywhere give back exactly those that are intact', () => {
    const damage = fc.array(
      fc.record({ where: fc.double({ min: 0, max: 0.999_999, noNaN: true }), flip: fc.integer({ min: 1, max: 255 }) }),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(someTexts, damage, (texts, places) => {
        const { bytes, ends } = framed(texts);
        const damaged = Buffer.from(bytes);
        for (const { where, flip } of places) {
          const at = Math.floor(where * damaged.length);
          damaged[at] = damaged[at]! ^ flip;
        }
        const isIntact = (index: number): boolean => {
          const from = ends[index - 1] ?? 0;
          return bytes.subarray(from, ends[index]).equals(damaged.subarray(from, ends[index]));
        };
        const intact = texts.filter((_, index) => isIntact(index));
        const read = readFrames(damaged, { isEnd: true });
        expect(textsOf(read.entries)).toEqual(intact);
        const kept = intact.reduce((sum, text) => sum + FRAME_HEADER_BYTES + Buffer.byteLength(text), 0);
        expect(read.skipped).toBe(bytes.length - kept);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, Buffer]>([
    ['zeroes', Buffer.alloc(1_000)],
    ['the mark again and again', Buffer.concat(Array.from({ length: 100 }, () => framed(['{}']).bytes.subarray(0, 4)))],
    ['text', Buffer.from('{"id":1}\n'.repeat(50))],
  ])('behind %s are found', (_title, noise) => {
    const { bytes } = framed(['{"id":1}', '{"id":2}']);
    const read = readFrames(Buffer.concat([noise, bytes]), { isEnd: true });
    expect(textsOf(read.entries)).toEqual(['{"id":1}', '{"id":2}']);
    expect(read.skipped).toBe(noise.length);
  });

  it('of nothing are none', () => {
    const { entries, consumed, skipped } = readFrames(Buffer.alloc(0), { isEnd: true });
    expect([textsOf(entries), consumed, skipped]).toEqual([[], 0, 0]);
  });

  it('do not wait for an entry that is larger than entries may be', () => {
    const { bytes } = framed(['{}']);
    bytes.writeUInt32LE(MAX_ENTRY_BYTES + 1, 4);
    const { entries, wanted, skipped } = readFrames(bytes, { isEnd: false });
    expect([textsOf(entries), wanted <= FRAME_HEADER_BYTES, skipped > 0]).toEqual([[], true, true]);
  });

  it.each([
    [1, 1_000, ['{"id":0}']],
    [2, 1_000, ['{"id":0}', '{"id":1}']],
    [9, 48, ['{"id":0}', '{"id":1}']],
    [9, 47, ['{"id":0}']],
    [9, 1, ['{"id":0}']],
  ])('are given at most %d at once, or %d bytes, and one at least', (maxEntries, maxBytes, expected) => {
    const { bytes, ends } = framed(['{"id":0}', '{"id":1}', '{"id":2}']);
    const { entries, consumed } = readFrames(bytes, { isEnd: true, maxEntries, maxBytes });
    expect(textsOf(entries)).toEqual(expected);
    expect(consumed).toBe(ends[expected.length - 1]);
  });

  it('are split where they end; what is cut is left out', () => {
    const { bytes, ends } = framed(['{"id":0}', '{"id":10}', '{}']);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const whole = ends.filter((end) => end <= cut);
      expect(splitFrames(bytes, cut).map(({ length }) => length)).toEqual(
        whole.map((end, index) => end - (whole[index - 1] ?? 0)),
      );
    }
  });
});
