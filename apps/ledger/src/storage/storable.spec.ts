import { describe, expect, it } from '@jest/globals';
import { assertStorable, isStorable } from './storable.js';

const NUL = 'a\0b';
const HALF = 'a\ud800b';

describe('text that PostgreSQL cannot keep', () => {
  it.each([
    ['in a field', { key_alias: NUL }, 'key_alias contains a NUL character'],
    ['in a list', { models: ['gpt-4o', HALF] }, 'models[1] contains half of a surrogate pair'],
    ['deep inside', { metadata: { owner: { name: NUL } } }, 'metadata.owner.name contains a NUL character'],
    ['as a key', { metadata: { [HALF]: 1 } }, 'A key in metadata contains half of a surrogate pair'],
    ['by itself', NUL, 'A text contains a NUL character'],
  ])('is refused %s', (_, value, message) => {
    expect(() => assertStorable(value)).toThrow(message);
    expect(isStorable(value)).toBe(false);
  });

  it('is nothing else: other controls, whole pairs, dates, bytes and numbers pass', () => {
    expect(
      isStorable({ text: '\u0001 😀 \ufffd', at: new Date(), bytes: new Uint8Array(2), count: 1, none: null }),
    ).toBe(true);
  });
});
