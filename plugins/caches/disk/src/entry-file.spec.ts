import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromFile, toFile } from './entry-file.js';

const ENTRY = { key: 'k', value: Buffer.from('{"id":1}'), storedAt: 1_768_478_400_000, endsAt: 1_768_479_000_000 };
const file = toFile(ENTRY);

describe('an entry as a file', () => {
  it('comes back as it was, whatever its key and bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array(), (key, value) => {
        const back = fromFile(toFile({ ...ENTRY, key, value }))!;
        expect([back.key, [...back.value], back.storedAt, back.endsAt]).toEqual([
          key,
          [...value],
          ENTRY.storedAt,
          ENTRY.endsAt,
        ]);
      }),
    );
  });

  it('is none when a byte of it is another, or it is cut short at any place, or goes on', () => {
    for (let at = 0; at < file.length; at += 1) {
      const changed = Buffer.from(file);
      changed[at]! ^= 0x10;
      expect(fromFile(changed)).toBeUndefined();
      expect(fromFile(file.subarray(0, at))).toBeUndefined();
    }
    expect(fromFile(Buffer.concat([file, Buffer.from('x')]))).toBeUndefined();
    expect(fromFile(Buffer.alloc(file.length))).toBeUndefined();
  });
});
