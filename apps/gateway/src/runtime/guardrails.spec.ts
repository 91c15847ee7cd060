import type { GuardrailSettings } from '@turnpike/config';
import type { ChatRequest, ChatResponse } from '@turnpike/domain';
import type { GuardrailContext, GuardrailV1 } from '@turnpike/plugin-sdk';
import { aChatRequestSaying, aChatResponseSaying } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { aFront, aGraph, anExchange, anInstance } from '../../test/doubles.js';
import type { Exchange } from '../pipeline/exchange.js';
import type { OperationName } from '../routes/front.js';
import { Guardrails } from './guardrails.js';

interface Given {
  name: string;
  guardrail: GuardrailV1;
  modes?: string[];
  defaultOn?: boolean;
  failure?: 'open' | 'closed';
}

/** In the modes that the plugin has something for, unless the test says otherwise. */
const some = (...given: Given[]): Guardrails => {
  const ableTo = ({ preCall, postCall }: GuardrailV1): string[] => [
    ...(preCall ? ['pre_call'] : []),
    ...(postCall ? ['post_call'] : []),
  ];
  const settings = given.map(({ name, guardrail, modes = ableTo(guardrail), defaultOn = true }) => ({
    name,
    modes,
    defaultOn,
    plugin: 'guardrail.x',
    settings: {},
  }));
  const instances = given.map(({ guardrail, failure = 'closed' }, index) => [
    `guardrail ${index}`,
    anInstance<'guardrail/v1'>('guardrail.x', guardrail, failure),
  ]);
  return new Guardrails(settings, aGraph(Object.fromEntries(instances) as object as Record<string, unknown>));
};

const asked = (text = 'Hello'): Exchange =>
  anExchange(
    { body: {}, callId: 'call-1', principal: { isAdmin: false, keyHash: 'h', keyAlias: '', teamId: 't', userId: '' } },
    { front: aFront({ toDomain: () => aChatRequestSaying(text) }) },
  );

const textOf = (request: unknown): string =>
  (request as ChatRequest).messages
    .flatMap(({ content }) => content.map((part) => ('text' in part ? part.text : '')))
    .join('');
const answerOf = (response: unknown): string =>
  (response as ChatResponse).choices
    .flatMap(({ content }) => content.map((part) => ('text' in part ? part.text : '')))
    .join('');

/** Puts a mark behind what it is given. */
const marks = (mark: string): GuardrailV1 => ({
  preCall: {
    check: async (request) => ({ action: 'replace', value: aChatRequestSaying(textOf(request) + mark) }),
  },
  postCall: {
    check: async (response) => ({ action: 'replace', value: aChatResponseSaying(answerOf(response) + mark) }),
  },
});
const passes: GuardrailV1 = {
  preCall: { check: async () => ({ action: 'pass' }) },
  postCall: { check: async () => ({ action: 'pass' }) },
};
const blocks: GuardrailV1 = {
  preCall: { check: async () => ({ action: 'block', message: 'no dragons' }) },
  postCall: { check: async () => ({ action: 'block', message: 'no dragons' }) },
};
const fails: GuardrailV1 = {
  preCall: { check: () => Promise.reject(new Error('broken')) },
  postCall: { check: () => Promise.reject(new Error('broken')) },
};

const fault = (code: string, message: string): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('the guardrails that run', () => {
  const counts = (given: Omit<Given, 'name'>): number[] => {
    const { preCall, postCall } = some({ name: 'g', ...given });
    return [preCall.length, postCall.length];
  };

  it.each<[string, Omit<Given, 'name'>, number[]]>([
    ['are those of the right mode', { guardrail: passes, modes: ['pre_call'] }, [1, 0]],
    ['may have several modes', { guardrail: passes }, [1, 1]],
    ['are on by default, or not at all', { guardrail: passes, defaultOn: false }, [0, 0]],
  ])('%s', (_title, given, expected) => expect(counts(given)).toEqual(expected));

  it.each<[string, Omit<Given, 'name'>, string]>([
    [
      'a mode that the plugin has nothing for',
      { guardrail: { preCall: passes.preCall! }, modes: ['pre_call', 'post_call'] },
      'guardrail.x does not check there. Take pre_call.',
    ],
    ['a mode that is not run', { guardrail: passes, modes: ['during_call'] }, 'Take pre_call or post_call.'],
  ])('do not start with %s: it would protect nobody', (_title, given, message) => {
    expect(() => counts(given)).toThrow(expect.objectContaining({ code: 'GW_CONFIG_INVALID' }));
    expect(() => counts(given)).toThrow(message);
  });

  it('are installed', () => {
    const settings = [{ name: 'g', modes: ['pre_call'], defaultOn: true }] as unknown as GuardrailSettings[];
    expect(new Guardrails(settings, aGraph({})).preCall).toEqual([]);
  });
});

describe('before the call', () => {
  it('each sees what the former made of the request', async () => {
    const exchange = asked('a');
    const guardrails = some({ name: 'one', guardrail: marks('b') }, { name: 'two', guardrail: marks('c') });
    expect(await guardrails.before(exchange)).toEqual(['one', 'two']);
    expect([textOf(exchange.request), exchange.isRewritten]).toEqual(['abc', true]);
  });

  it('a request that passes stays the same bytes', async () => {
    const exchange = asked();
    expect(await some({ name: 'one', guardrail: passes }).before(exchange)).toEqual(['one']);
    expect(exchange.isRewritten).toBe(false);
  });

  it('one that blocks ends the call, by its name, and the next is not asked', async () => {
    let wasAsked = false;
    const next: GuardrailV1 = { preCall: { check: async () => ((wasAsked = true), { action: 'pass' }) } };
    const guardrails = some({ name: 'words', guardrail: blocks }, { name: 'next', guardrail: next });
    await expect(guardrails.before(asked())).rejects.toEqual(
      fault('GW_GUARDRAIL_BLOCKED', "Stopped by the guardrail 'words': no dragons"),
    );
    expect(wasAsked).toBe(false);
  });

  it('sees what the client puts over its own body', async () => {
    let shown: unknown;
    const looks: GuardrailV1 = { preCall: { check: async (request) => ((shown = request), { action: 'pass' }) } };
    const body = { messages: 'harmless', extra_body: { messages: 'harmful' } };
    await some({ name: 'g', guardrail: looks }).before(anExchange({ body }, { front: aFront({ toDomain: (b) => b }) }));
    expect(shown).toMatchObject({ messages: 'harmful' });
  });

  it('is told who calls', async () => {
    let context: GuardrailContext | undefined;
    const listens: GuardrailV1 = {
      preCall: { check: async (_request, given) => ((context = given), { action: 'pass' }) },
    };
    await some({ name: 'g', guardrail: listens }).before(asked());
    expect(context).toMatchObject({ callId: 'call-1', keyHash: 'h', teamId: 't', signal: expect.any(AbortSignal) });
  });
});

describe('after the call', () => {
  it('each sees what the former made of the answer', async () => {
    const guardrails = some({ name: 'one', guardrail: marks('b') }, { name: 'two', guardrail: marks('c') });
    expect(answerOf(await guardrails.after(asked(), aChatResponseSaying('a')))).toBe('abc');
  });

  it('an answer that passes stays the same', async () => {
    const answer = aChatResponseSaying('a');
    expect(await some({ name: 'g', guardrail: passes }).after(asked(), answer)).toBe(answer);
  });

  it('one that blocks keeps the answer', async () => {
    await expect(some({ name: 'words', guardrail: blocks }).after(asked(), aChatResponseSaying('a'))).rejects.toEqual(
      fault('GW_GUARDRAIL_BLOCKED', "'words'"),
    );
  });
});

describe('a call that is no chat', () => {
  const completion = { model: 'm', stream: false, includeUsage: false, extras: {}, echo: false };
  const of = (operation: OperationName, request: object): Exchange =>
    anExchange({ body: {} }, { front: aFront({ operation, toDomain: () => request }) });
  const guardrails = some({ name: 'g', guardrail: marks('!') });

  it.each<[string, OperationName, object, object]>([
    ['a prompt', 'completions', { ...completion, prompt: 'Once' }, { ...completion, prompt: 'Once!' }],
    ['a list of one prompt', 'completions', { ...completion, prompt: ['Once'] }, { ...completion, prompt: ['Once!'] }],
    [
      'a text to embed',
      'embeddings',
      { model: 'm', input: ['a'], extras: {} },
      { model: 'm', input: ['a!'], extras: {} },
    ],
  ])('is shown as a chat, and taken back as what it was: %s', async (_title, operation, request, expected) => {
    const exchange = of(operation, request);
    await guardrails.before(exchange);
    expect(exchange.request).toEqual(expected);
  });

  it.each<[OperationName, object]>([
    ['completions', { ...completion, prompt: ['a', 'b'] }],
    ['embeddings', { model: 'm', input: ['a', 'b'], extras: {} }],
  ])('with several texts in %s cannot lose one of them', async (operation, request) => {
    await expect(guardrails.before(of(operation, request))).rejects.toEqual(fault('GW_PLUGIN_HOOK', '1 texts of 2'));
  });

  it.each<[OperationName, object, string]>([
    ['completions', { ...completion, prompt: [1, 2] }, "'prompt'"],
    ['embeddings', { model: 'm', input: [[1, 2]], extras: {} }, "'input'"],
  ])('in token ids cannot be read, so it is refused: %s', async (operation, request, field) => {
    await expect(guardrails.before(of(operation, request))).rejects.toEqual(fault('GW_INVALID_REQUEST', field));
  });

  it('has its text checked in the answer', async () => {
    const answer = { id: 'i', model: 'm', created: 1, choices: [{ index: 0, text: 'upon', finishReason: 'stop' }] };
    const checked = await guardrails.after(of('completions', { ...completion, prompt: 'Once' }), answer);
    expect(checked).toEqual({ ...answer, choices: [{ index: 0, text: 'upon!', finishReason: 'stop' }] });
  });

  it('that is answered in numbers has no words to check', async () => {
    const answer = { model: 'm', vectors: [[1]] };
    const never = some({ name: 'g', guardrail: blocks });
    expect(await never.after(of('embeddings', { model: 'm', input: [[1]], extras: {} }), answer)).toBe(answer);
  });
});

describe('a guardrail that fails', () => {
  it('stops the call when it is closed', async () => {
    const guardrails = some({ name: 'g', guardrail: fails });
    const expected = fault('GW_PLUGIN_HOOK', 'guardrail.x');
    await expect(guardrails.before(asked())).rejects.toEqual(expected);
    await expect(guardrails.after(asked(), aChatResponseSaying('a'))).rejects.toEqual(expected);
  });

  it('is passed over when it is open, and the next is asked', async () => {
    const exchange = asked('a');
    const guardrails = some({ name: 'g', guardrail: fails, failure: 'open' }, { name: 'h', guardrail: marks('b') });
    await guardrails.before(exchange);
    expect(textOf(exchange.request)).toBe('ab');
    expect(answerOf(await guardrails.after(asked(), aChatResponseSaying('a')))).toBe('ab');
  });
});
