import type { ChatChunk, GuardrailV1, GuardrailVerdict } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { aChatRequestSaying, aChatResponse, aChatResponseSaying } from '../builders/chat.js';
import { failuresOf } from '../check.js';
import { guardrailSubject } from '../samples/sample-others.js';
import { guardrailChecks, guardrailConformance, type GuardrailCase } from './conformance.js';

const unpackaged = [{ case: 'import', reason: 'the plugin of this spec is no package' }];

const cases: GuardrailCase[] = [
  { name: 'lets a greeting pass', moment: 'preCall', expected: { action: 'pass' } },
  {
    name: 'blocks a word',
    moment: 'preCall',
    request: aChatRequestSaying('a forbidden word'),
    expected: { action: 'block' },
  },
  {
    name: 'masks a word',
    moment: 'preCall',
    request: aChatRequestSaying('my secret'),
    expected: { action: 'replace', value: aChatRequestSaying('my ******') },
  },
  {
    name: 'blocks an empty answer',
    moment: 'postCall',
    response: aChatResponse({ choices: [] }),
    expected: { action: 'block' },
  },
];

guardrailConformance({ ...guardrailSubject(), cases, skips: unpackaged });

const failing = async (change: Partial<GuardrailV1>, examples = cases): Promise<string[]> => {
  const checks = guardrailChecks({ ...guardrailSubject(change), cases: examples });
  return Object.keys(await failuresOf(checks.filter(({ id }) => /^(coverage|cases|preCall|postCall)\//.test(id))));
};

const always = (verdict: unknown): Partial<GuardrailV1> => ({
  preCall: { check: async () => verdict as GuardrailVerdict<never> },
});

const BACKENDS = ['answers', 'refuses', 'down', 'hangs'].map((name) => `preCall/backend-${name}`);

describe('the guardrail suite fails a guardrail that', () => {
  it.each<[string, Partial<GuardrailV1>, string[]]>([
    ['lets all pass', always({ action: 'pass' }), ['cases/blocks a word', 'cases/masks a word']],
    [
      'blocks without a message',
      always({ action: 'block', message: ' ' }),
      ['cases/lets a greeting pass', 'cases/blocks a word', 'cases/masks a word', ...BACKENDS],
    ],
    [
      'answers with a word of its own',
      always({ action: 'deny' }),
      ['cases/lets a greeting pass', 'cases/blocks a word', 'cases/masks a word', ...BACKENDS],
    ],
    [
      'replaces by nothing',
      always({ action: 'replace' }),
      ['cases/lets a greeting pass', 'cases/blocks a word', 'cases/masks a word', ...BACKENDS],
    ],
    [
      'changes the answer in place',
      {
        postCall: {
          check: async (response) => {
            response.choices.push();
            response.model = 'other';
            return { action: 'block', message: 'no' };
          },
        },
      },
      ['cases/blocks an empty answer'],
    ],
  ])('%s', async (_title, change, fails) => {
    expect(await failing(change)).toEqual(fails);
  });

  const streamed: GuardrailCase = {
    name: 'masks an answer',
    moment: 'postCall',
    response: aChatResponseSaying('a secret'),
    expected: { action: 'replace', value: aChatResponseSaying('a ******') },
  };
  const masking = (stream: NonNullable<GuardrailV1['postCall']>['stream']): Partial<GuardrailV1> => ({
    postCall: {
      check: async (response) =>
        response.choices.length > 0
          ? { action: 'replace', value: aChatResponseSaying('a ******') }
          : { action: 'block', message: 'There is no answer.' },
      stream,
    },
  });
  const masked = (chunk: ChatChunk): ChatChunk =>
    chunk.type === 'text-delta' ? { ...chunk, text: chunk.text.replaceAll('secret', '******') } : chunk;

  it.each<[string, NonNullable<GuardrailV1['postCall']>['stream'], string[]]>([
    ['needs the whole answer', () => undefined, []],
    ['masks each piece by itself', () => ({ push: (chunk) => [masked(chunk)], end: () => [] }), [streamed.name]],
    ['lets a stream pass', () => ({ push: (chunk) => [chunk], end: () => [] }), [streamed.name]],
    [
      'blocks a stream only',
      () => ({ push: () => ({ action: 'block', message: 'no' }), end: () => [] }),
      [streamed.name],
    ],
  ])('makes something else of a stream: %s', async (_title, stream, fails) => {
    const checks = guardrailChecks({ ...guardrailSubject(masking(stream)), cases: [streamed] });
    const failed = Object.keys(await failuresOf(checks.filter(({ id }) => id.startsWith('streams/'))));
    expect(failed).toEqual(fails.map((name) => `streams/${name}`));
  });

  it('shows no case that passes, or none that stops', async () => {
    expect(await failing({}, cases.slice(1))).toEqual(['coverage/cases']);
    expect(await failing({}, cases.slice(0, 3))).toEqual(['coverage/cases']);
  });
});
