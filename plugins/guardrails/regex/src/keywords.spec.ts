import { describe, expect, it } from '@jest/globals';
import { compileRules } from './rules.js';

const found = (text: string, keywords: string[], isCaseSensitive = false): string[] => {
  const [rule] = compileRules([
    { name: 'r', keywords, isCaseSensitive, action: 'block', where: 'both', replacement: '*' },
  ]);
  const findings = Array.from(rule!.search.find(text, 0), ({ start, end }) => text.slice(start, end));
  return [...new Set(findings)];
};

describe('a keyword is found', () => {
  it.each([
    ['in any case', 'A DrAgOn!', ['dragon'], ['DrAgOn']],
    ['at both ends', 'dragon', ['dragon'], ['dragon']],
    ['beside punctuation', '(dragon),', ['dragon'], ['dragon']],
    ['as a phrase over several lines', 'top \n\t secret', ['top secret'], ['top \n\t secret']],
    ['where it holds signs', 'I like C++.', ['c++'], ['C++']],
    ['with capitals of other alphabets', 'УКРАЇНА, ÉTÉ', ['україна', 'été'], ['УКРАЇНА', 'ÉTÉ']],
    ['in scripts without spaces', '这是炸弹吗', ['炸弹'], ['炸弹']],
    ['inside another that does not fit', 'she said hers', ['he', 'hers', 'she'], ['she', 'hers']],
    ['after a false start', 'aab aaab', ['aaab'], ['aaab']],
    ['beside a letter of two units', '😀dragon😀', ['dragon'], ['dragon']],
    ['with zero-width characters in it', 'dra\u200bg\u2060on', ['dragon'], ['dra\u200bg\u2060on']],
    ['in full width', 'ｄｒａｇｏｎ', ['dragon'], ['ｄｒａｇｏｎ']],
    ['with accents written apart', 'cafe\u0301', ['café'], ['cafe\u0301']],
    ['with a dotted capital', 'İstanbul', ['istanbul'], ['İstanbul']],
  ])('%s', (_how, text, keywords, expected) => expect(found(text, keywords)).toEqual(expected));
});

describe('a keyword is not found', () => {
  it.each([
    ['inside a word', 'dragonfly snapdragon dragon_s', ['dragon']],
    ['inside a word of another alphabet', 'étédragon драgon', ['dragon']],
    ['before an accent that changes its last letter', 'dragon\u0303', ['dragon']],
    // Limits: letters that only look alike, digits for letters, spelling with spaces.
    ['in look-alike letters', 'dr\u0430gon', ['dragon']],
    ['in digits for letters', 'dr4g0n', ['dragon']],
    ['letter by letter', 'd r a g o n', ['dragon']],
  ])('%s', (_how, text, keywords) => expect(found(text, keywords)).toEqual([]));
});

it('minds case when it is told to', () => {
  expect(found('Mercury mercury', ['Mercury'], true)).toEqual(['Mercury']);
});

it('seeks many thousand words in a long text in one pass', () => {
  const keywords = Array.from({ length: 20_000 }, (_, index) => `word${index}x`);
  const text = 'word1 word22 word333 '.repeat(50_000);
  const startedAt = process.cpuUsage();
  expect(found(`${text} word19999x`, keywords)).toEqual(['word19999x']);
  expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(3_000);
});
