import type { UpstreamFailure } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import type { BodyEdits, Call } from './contracts/index.js';
import { openAiBase, openAiChat, openAiCompletions, openAiEmbeddings, type OpenAiHost } from './openai-operations.js';

const CALL: Call = {
  model: 'upstream',
  stream: false,
  deploymentId: 'd',
  policy: { provider: 'provider.test', drop: false, allowed: new Set(), dropped: [] },
  headers: {},
  info: {},
};

const aHost = (changes: Partial<OpenAiHost> = {}): OpenAiHost => ({
  endpoint: (path, call) => ({
    url: `https://a.b/v1/${path}?of=${call.model}`,
    headers: { authorization: 'Bearer k' },
  }),
  ...changes,
});

const OPERATIONS = [
  ['chat', openAiChat, 'chat/completions'],
  ['completions', openAiCompletions, 'completions'],
  ['embeddings', openAiEmbeddings, 'embeddings'],
] as const;

describe.each(OPERATIONS)('%s on a host of this format', (_name, make, path) => {
  it('goes where the host says', () => {
    const operation = make(aHost());
    expect(operation.endpoint(CALL)).toEqual({
      url: `https://a.b/v1/${path}?of=upstream`,
      headers: { authorization: 'Bearer k' },
    });
    expect([operation.kind, operation.dialect]).toEqual(['http', 'openai']);
  });

  it('has no quirks where the host has none', () => expect(make(aHost())).not.toHaveProperty('adapt'));

  it("is adapted by the host's quirks, which know the path", () => {
    const seen: unknown[] = [];
    const edits: BodyEdits = { remove: ['n'] };
    const operation = make(aHost({ adapt: (...given) => (seen.push(given), edits) }));
    const body = { model: 'm', n: 1 };
    expect(operation.adapt?.(body, CALL)).toBe(edits);
    expect(seen).toEqual([[path, body, CALL]]);
  });

  it('tells its failures as the host reads them, else by the usual rules', () => {
    const failure: UpstreamFailure = { status: 429, headers: { 'retry-after': '2' }, body: '{"error":"slow"}' };
    expect(make(aHost()).toError(failure, CALL)).toMatchObject({
      code: 'GW_UPSTREAM_RATE_LIMITED',
      message: 'provider.test: slow',
      facts: { provider: 'provider.test', retryAfterMs: 2_000 },
    });
    const own = new Error('own') as never;
    expect(make(aHost({ toError: () => own })).toError(failure, CALL)).toBe(own);
  });
});

describe('the bodies of a host of this format', () => {
  it("name the upstream's model", () => {
    const shared = { model: 'asked', stream: false, includeUsage: false, extras: {} };
    expect(openAiChat(aHost()).toBody({ ...shared, messages: [] }, CALL)).toEqual({ model: 'upstream', messages: [] });
    expect(openAiCompletions(aHost()).toBody({ ...shared, prompt: 'x' }, CALL)).toEqual({
      model: 'upstream',
      prompt: 'x',
    });
    expect(openAiEmbeddings(aHost()).toBody({ model: 'asked', input: ['x'], extras: {} }, CALL)).toEqual({
      model: 'upstream',
      input: 'x',
    });
  });

  it('obey the policy for what the format lacks', () => {
    const tool = { type: 'native' as const, dialect: 'gemini' as const, definition: {} };
    const request = { model: 'm', messages: [], stream: false, includeUsage: false, extras: {}, tools: [tool] };
    expect(() => openAiChat(aHost()).toBody(request, CALL)).toThrow('provider.test does not support');
  });

  it('are read back, whole and streamed', () => {
    const choice = { index: 0, message: { role: 'assistant', content: 'Hi' }, text: 'Hi', finish_reason: 'stop' };
    const body = { id: 'i', model: 'm', created: 1, choices: [choice], data: [{ embedding: [1] }] };
    expect(openAiChat(aHost()).fromBody(body, CALL)).toMatchObject({ choices: [{ finishReason: 'stop' }] });
    expect(openAiCompletions(aHost()).fromBody(body, CALL)).toMatchObject({ choices: [{ text: 'Hi' }] });
    expect(openAiEmbeddings(aHost()).fromBody(body, CALL)).toMatchObject({ vectors: [[1]] });
    const types: string[] = [];
    const bytes = Buffer.from(
      `data: ${JSON.stringify({ ...body, choices: [{ ...choice, delta: { content: 'Hi' } }] })}\n\n`,
    );
    openAiChat(aHost()).decoder!(CALL, ({ type }) => types.push(type)).push(bytes);
    openAiCompletions(aHost()).decoder!(CALL, ({ type }) => types.push(type)).push(bytes);
    expect(types).toEqual(['start', 'text-delta', 'finish', 'start', 'text-delta', 'finish']);
  });

  it('of chat are mended where the host says that they must be', () => {
    expect(openAiChat(aHost())).not.toHaveProperty('translatesAnswers');
    expect(openAiChat(aHost({ translatesAnswers: true })).translatesAnswers).toBe(true);
  });
});

describe('openAiBase', () => {
  it.each([
    ['https://a.b/v1', 'https://a.b/v1'],
    ['https://a.b/v1///', 'https://a.b/v1'],
    ['https://a.b/v1/chat/completions', 'https://a.b/v1'],
    ['https://a.b/v1/chat/completions/', 'https://a.b/v1'],
    ['https://a.b/v1/completions', 'https://a.b/v1'],
    ['https://a.b/v1/embeddings/', 'https://a.b/v1'],
    ['https://a.b/completions.v2', 'https://a.b/completions.v2'],
  ])('of %s is %s', (given, base) => expect(openAiBase(given)).toBe(base));
});
