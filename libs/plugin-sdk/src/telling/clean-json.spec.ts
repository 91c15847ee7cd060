import { describe, expect, it } from '@jest/globals';
import { toCleanJson, toCleanText } from './clean-json.js';

describe('clean JSON', () => {
  it.each([
    ['a NUL', 'a\0b', 'a\ufffdb'],
    ['halves of surrogate pairs', 'a\ud800b\udc00', 'a\ufffdb\ufffd'],
    ['a whole pair', '🚀', '🚀'],
    ['what only looks like an escape', '\\u0000 \\\\ud800 \\', '\\u0000 \\\\ud800 \\'],
    ['other control characters', '\u0001\u001f\n\t"', '\u0001\u001f\n\t"'],
  ])('holds %s', (_title, text, kept) => {
    expect(JSON.parse(toCleanJson({ [text]: [text] }))).toEqual({ [kept]: [kept] });
    expect(toCleanText(text)).toBe(kept);
  });
});
