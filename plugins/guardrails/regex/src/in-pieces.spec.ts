import { FindingStream, replaceFindings, type Finding } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileRules, type CompiledRule, type Rule } from './rules.js';

const ruleOf = (given: Pick<Rule, 'pattern'> | Pick<Rule, 'keywords'>, isCaseSensitive = true): CompiledRule =>
  compileRules([{ name: 'r', isCaseSensitive, action: 'mask', where: 'both', replacement: '*', ...given }])[0]!;

const whole = (text: string, { search }: CompiledRule): string =>
  replaceFindings(text, [...search.find(text, 0)], (_finding, found) => `[${found}]`);

const aStream = ({ search }: CompiledRule): FindingStream<Finding> =>
  new FindingStream<Finding>({
    find: (text, from) => [...search.find(text, from)],
    openFrom: (text, from) => search.openFrom(text, from),
    isMasked: () => true,
    replacementOf: (_finding, found) => `[${found}]`,
  });

const inPieces = (pieces: readonly string[], rule: CompiledRule): string => {
  const stream = aStream(rule);
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
};

const everyCut = (text: string, rule: CompiledRule): void => {
  const expected = whole(text, rule);
  expect([text, 'everywhere', inPieces(text.split(''), rule)]).toEqual([text, 'everywhere', expected]);
  for (let at = 1; at < text.length; at += 1)
    expect([text, at, inPieces([text.slice(0, at), text.slice(at)], rule)]).toEqual([text, at, expected]);
};

const PATTERNS = [
  'ab|bc|cd',
  'abcd|bc',
  'a(?:bc)*',
  'a+b',
  'a.*b|c',
  'a.*?b',
  '(?s)a.*c',
  String.raw`\ba+\b`,
  String.raw`\Bb`,
  '^ab',
  '(?m)^b+$',
  'c$',
  '(?:a|ab)(?:c|bcd)',
  '[^a]b',
  'aa|aab|b',
  'é+',
  '(?i)É|ß',
  'a{2,3}b{0,2}c',
  '(?:a|b)*c',
];

const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', ' ', '\n', 'é', 'e\u0301', '\u200b', '😀', 'ａ', 'ß'), { maxLength: 14 })
  .map((parts) => parts.join(''));

describe('a pattern finds the same in a text that comes in pieces', () => {
  it.each(PATTERNS)('%s', (pattern) => {
    const rule = ruleOf({ pattern });
    fc.assert(
      fc.property(texts, (text) => everyCut(text, rule)),
      { numRuns: 150, seed: 1 },
    );
  });

  it.each([
    [String.raw`\bEMP-\d+\b`, 'I am EMP-17, not EMP-x or xEMP-1 but EMP-123456789'],
    [String.raw`\b[\w.%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b`, 'jane@example.org, a@b and x@y.zz.'],
    ['(?i)secret:.*', 'a secret: this line\nnot this, Secret: that'],
    [String.raw`"[^"]*"`, 'he said "hello" and "good'],
  ])('%s', (pattern, text) => everyCut(text, ruleOf({ pattern })));
});

describe('keywords find the same in a text that comes in pieces', () => {
  it.each([[['ab', 'abc', 'bcd', 'b c']], [['a b c', 'c', 'é']], [['ß', 'aß', '😀 a']]])('%j', (keywords) => {
    const rule = ruleOf({ keywords }, false);
    fc.assert(
      fc.property(texts, (text) => everyCut(text, rule)),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('a text passes', () => {
  const passing = (rule: CompiledRule, pieces: readonly string[]): string[] => {
    const stream = aStream(rule);
    return pieces.map((piece) => stream.push(piece));
  };

  it('but for what may be the beginning of a match, and for its last character', () => {
    const rule = ruleOf({ pattern: String.raw`\bEMP-\d+\b` });
    expect(passing(rule, ['Hello', ' there', ' EM', 'P-1', '23', '4 is', ' EMPty'])).toEqual([
      'Hell',
      'o ther',
      'e ',
      '',
      '',
      '[EMP-1234] i',
      's EMPt',
    ]);
  });

  it('after a match that is the shortest there can be', () => {
    const rule = ruleOf({ pattern: '<.*?>' });
    expect(passing(rule, ['a <b> c', ' d'])).toEqual(['a [<b>] ', 'c ']);
  });

  it('but for the beginning of a keyword', () => {
    const rule = ruleOf({ keywords: ['blue whale', 'red'] });
    expect(passing(rule, ['a blue', '  ', 'sky, a red', 'der one'])).toEqual(['a ', '', 'blue  sky, a ', 'redder on']);
  });
});

it('a pattern of many parts is walked through', () => {
  const words = Array.from({ length: 1_500 }, (_, index) => `w${index}x`).join('|');
  everyCut('w1x w1499x w2', ruleOf({ pattern: words.slice(0, 9_990).replace(/\|[^|]*$/, '') }));
});

it('a match that never ends is looked for in proportion to the text', () => {
  const stream = aStream(ruleOf({ pattern: '(?s)a.*z' }));
  const startedAt = process.cpuUsage();
  for (let at = 0; at < 10_000; at += 1) expect(stream.push('aaaa')).toBe('');
  expect(stream.end()).toBe('a'.repeat(40_000));
  expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(10_000);
});
