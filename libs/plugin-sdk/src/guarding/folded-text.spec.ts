import { describe, expect, it } from '@jest/globals';
import { mergedFindings, replaceFindings } from './findings.js';
import { foldText } from './folded-text.js';

describe('folded text', () => {
  it.each([
    ['plain', 'a secret', 'a secret'],
    ['zero-width space', 'a se\u200bcret', 'a secret'],
    ['soft hyphen and joiner', 'a s\u00ade\u200dcret', 'a secret'],
    ['full width', 'a ｓｅｃｒｅｔ', 'a secret'],
    ['ligature', 'a ﬁsh', 'a fish'],
    ['combining accent', 'a cafe\u0301', 'a caf\u00e9'],
    ['accent behind an unseen character', 'a cafe\u200b\u0301', 'a caf\u00e9'],
    ['syllable in letters', 'a \u1112\u1161\u11ab\uad6d', 'a \ud55c\uad6d'],
  ])('reads as it looks: %s', (_what, text, folded) => {
    const { text: read, original } = foldText(text);
    expect(read).toBe(folded);
    expect(original(2, folded.length)).toEqual({ start: 2, end: text.length });
    expect(original(0, 1)).toEqual({ start: 0, end: 1 });
  });

  it('knows where each part stood', () => {
    const text = '😀 x\u200by ｚ!';
    const { text: read, original } = foldText(text);
    for (const part of ['😀', 'z', '!', 'xy']) {
      const { start, end } = original(read.indexOf(part), read.indexOf(part) + part.length);
      expect(text.slice(start, end).normalize('NFKC').replace('\u200b', '')).toBe(part);
    }
  });

  it('knows where a place of the text came to stand', () => {
    const text = 'ab\u200bc ﬁ d';
    const { folded, text: read } = foldText(text);
    expect(read).toBe('abc fi d');
    expect([0, 1, 3, 4, 5, 6, 7, 8].map(folded)).toEqual([0, 1, 2, 3, 4, 6, 7, 8]);
    expect(foldText('plain').folded(3)).toBe(3);
  });

  it.each([
    ['accents', 'e\u0301'],
    ['unseen characters', 'a\u200b'],
    ['nothing but accents', '\u0301'],
  ])('takes time in proportion to the text, also for %s', (_what, unit) => {
    const startedAt = process.cpuUsage();
    foldText(unit.repeat(1_000_000));
    expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(5_000);
  });
});

describe('findings', () => {
  it('that overlap are one, so that nothing of either is left', () => {
    const findings = [
      { start: 3, end: 6, name: 'b' },
      { start: 0, end: 4, name: 'a' },
      { start: 8, end: 9, name: 'c' },
      { start: 1, end: 2, name: 'inner' },
    ];
    expect(mergedFindings(findings).map(({ start, end, name }) => [start, end, name])).toEqual([
      [0, 6, 'a'],
      [8, 9, 'c'],
    ]);
    expect(replaceFindings('0123456789', findings, ({ name }, found) => `<${name}:${found}>`)).toBe(
      '<a:012345>67<c:8>9',
    );
  });

  it('none leaves the text as it is', () => expect(replaceFindings('text', [], () => '*')).toBe('text'));
});
