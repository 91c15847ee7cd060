import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromStored, toStored } from './stored-value.js';

const ENTRY = { value: Buffer.from('{"id":1}'), storedAt: 1_768_478_400_000 };
const stored = toStored(ENTRY);

const changed = (at: number, byte: number): Buffer => {
  const copy = Buffer.from(stored);
  copy[at] = byte;
  return copy;
};

describe('a stored value', () => {
  it('has the layout that other versions and machines know', () => {
    expect(stored.toString('hex')).toBe('545043014279bc186de00000' + '7b226964223a317d');
  });

  it('comes back as it was, whatever its bytes and time', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.double({ noNaN: true, noDefaultInfinity: true }), (value, storedAt) => {
        const back = fromStored(toStored({ value, storedAt }))!;
        expect([...back.value]).toEqual([...value]);
        expect(back.storedAt).toBe(storedAt);
      }),
    );
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('a value of somebody else')],
    ['JSON, as LiteLLM stores it', Buffer.from('{"timestamp": 1768478400.0, "response": "{}"}')],
    ['another version', changed(3, 2)],
    ['another mark', changed(0, 0)],
    ['a beginning of one', stored.subarray(0, 11)],
    ['a time that is none', Buffer.concat([stored.subarray(0, 4), Buffer.alloc(8, 0xff), Buffer.from('x')])],
  ])('is not %s', (_what, bytes) => expect(fromStored(bytes)).toBeUndefined());
});
