import { aChatRequestSaying, aChatResponseSaying, guardrailConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

guardrailConformance({
  plugin,
  config: {
    rules: [
      { name: 'project', keywords: ['Blue Whale'], action: 'block' },
      { name: 'ticket', pattern: String.raw`\bT-\d{4}\b`, action: 'mask', replacement: '[ticket]' },
    ],
  },
  badConfig: [
    {},
    { rules: [] },
    { rules: [{ name: 'both', pattern: 'a', keywords: ['a'] }] },
    { rules: [{ name: 'neither' }] },
    { rules: [{ name: 'look-ahead', pattern: '(?=a)b' }] },
    { rules: [{ name: 'back-reference', pattern: String.raw`(a)\1` }] },
    { rules: [{ name: 'mistaken', pattern: '[' }] },
    { rules: [{ name: 'anywhere', pattern: 'a*' }] },
    { rules: [{ name: 'nothing', keywords: [' '] }] },
    { rules: [{ name: 'action', keywords: ['a'], action: 'delete' }] },
    { patterns: [{ pattern_type: 'prebuilt', pattern_name: 'shoe_size' }] },
    { patterns: [{ pattern_type: 'regex', pattern: '(?!x)y', name: 'n', action: 'BLOCK' }] },
    { blocked_words: [{ keyword: 'a', action: 'WARN' }] },
    { rules: [{ name: 'a', keywords: ['a'] }], categories: [] },
  ],
  cases: [
    { name: 'lets a greeting pass', moment: 'preCall', expected: { action: 'pass' } },
    {
      name: 'blocks a phrase',
      moment: 'preCall',
      request: aChatRequestSaying('about blue\n whale.'),
      expected: { action: 'block' },
    },
    {
      name: 'masks a pattern',
      moment: 'preCall',
      request: aChatRequestSaying('see T-1234 and T-12345'),
      expected: { action: 'replace', value: aChatRequestSaying('see [ticket] and T-12345') },
    },
    {
      name: 'blocks rather than masks',
      moment: 'preCall',
      request: aChatRequestSaying('T-1234 of BLUE WHALE'),
      expected: { action: 'block' },
    },
    {
      name: 'masks an answer',
      moment: 'postCall',
      response: aChatResponseSaying('it is T-1234'),
      expected: { action: 'replace', value: aChatResponseSaying('it is [ticket]') },
    },
  ],
});
