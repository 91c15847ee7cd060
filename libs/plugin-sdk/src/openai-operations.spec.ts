import { isGatewayError, type UpstreamFailure } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import type { BodyEdits, Call } from './contracts/index.js';
import type { HttpRequest, HttpResponse } from './host.js';
import {
  openAiBase,
  openAiChat,
  openAiCompletions,
  openAiEmbeddings,
  openAiModelList,
  type OpenAiHost,
} from './openai-operations.js';

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

describe('the list of models', () => {
  const signal = new AbortController().signal;
  const list = (answer: Partial<Omit<HttpResponse, 'body'>> & { body: unknown }, requests: HttpRequest[] = []) => {
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    const http = {
      request: async (request: HttpRequest): Promise<HttpResponse> => {
        requests.push(request);
        return { status: 200, headers: {}, ...answer, body: Buffer.from(body) };
      },
    };
    return openAiModelList({ url: 'https://a.b/models', headers: { authorization: 'k' } }, 'provider.test', http).list(
      signal,
    );
  };

  it('is asked for once, with the key and the signal', async () => {
    const requests: HttpRequest[] = [];
    await list({ body: { data: [] } }, requests);
    expect(requests).toEqual([{ url: 'https://a.b/models', headers: { authorization: 'k' }, signal }]);
  });

  it.each<[unknown]>([
    [{ object: 'list', data: [{ id: 'a' }, { id: 'b' }] }],
    [{ models: [{ name: 'a' }, { name: 'b' }] }],
    [[{ id: 'a' }, { id: 'b' }]],
    [['a', 'b']],
    [{ data: [{ id: 'a' }, { id: 5 }, null, { other: 'x' }, 'b'] }],
  ])('is read from %j', async (body) => expect(await list({ body })).toEqual(['a', 'b']));

  it('may be empty', async () => expect(await list({ body: { data: [] } })).toEqual([]));

  it.each<[string, { status?: number; body: unknown }, string]>([
    ['a refused key', { status: 401, body: { error: { message: 'bad key' } } }, 'GW_UPSTREAM_AUTHENTICATION'],
    ['a wrong path', { status: 404, body: 'Not found' }, 'GW_UPSTREAM_NOT_FOUND'],
    [
      'an error with status 200',
      { body: { error: { message: 'Incorrect API key provided' } } },
      'GW_UPSTREAM_AUTHENTICATION',
    ],
    ['a page', { body: '<html>' }, 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['something else', { body: { hello: 'world' } }, 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['null', { body: 'null' }, 'GW_UPSTREAM_INVALID_RESPONSE'],
  ])('is not taken from %s', async (_title, answer, code) => {
    const error: unknown = await list(answer).catch((thrown: unknown) => thrown);
    expect(isGatewayError(error) && error.code).toBe(code);
    expect((error as Error).message).toContain('provider.test');
  });
});
