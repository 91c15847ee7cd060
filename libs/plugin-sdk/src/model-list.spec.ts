import { GatewayError, isGatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import type { HttpClient, HttpRequest, HttpResponse } from './host.js';
import { openAiModelList, pagedModelList, type ModelPages } from './model-list.js';

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

describe('a list that comes in pages', () => {
  const signal = new AbortController().signal;
  /** A host with these pages, each named by its place: page 0 says that it is followed by what stands after mark 1. */
  const listOf = (bodies: unknown[], changes: Partial<ModelPages> = {}, seen: string[] = []) => {
    const http: HttpClient = {
      request: async ({ url }) => {
        seen.push(url);
        const body = bodies[seen.length - 1] ?? bodies.at(-1);
        return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
      },
    };
    return pagedModelList({
      provider: 'provider.test',
      http,
      page: (mark) => ({ url: `https://a.b/models?after=${mark}`, headers: {} }),
      entries: ({ list }) => list,
      nameKey: 'name',
      next: ({ next }) => next,
      ...changes,
    }).list(signal);
  };

  it('is read to its end, each page after the one before', async () => {
    const seen: string[] = [];
    const pages = [{ list: [{ name: 'a' }], next: '1' }, { next: '2' }, { list: [{ name: 'b' }, { id: 'x' }] }];
    expect(await listOf(pages, {}, seen)).toEqual(['a', 'b']);
    expect(seen).toEqual(['', '1', '2'].map((mark) => `https://a.b/models?after=${mark}`));
  });

  it.each([[''], [undefined], [null], [7]])('ends where what follows is %p', async (next) => {
    const seen: string[] = [];
    await listOf([{ list: [], next }], {}, seen);
    expect(seen).toHaveLength(1);
  });

  it('is not read for ever', async () => {
    const seen: string[] = [];
    await listOf([{ list: [{ name: 'a' }], next: 'more' }], {}, seen);
    expect(seen).toHaveLength(20);
  });

  it('is not taken from what is no object', async () => {
    await expect(listOf([['a']])).rejects.toMatchObject({
      code: 'GW_UPSTREAM_INVALID_RESPONSE',
      facts: { provider: 'provider.test' },
    });
  });

  it('fails as the host reads its failures, else by the usual rules', async () => {
    const http: HttpClient = { request: async () => ({ status: 401, headers: {}, body: Buffer.from('no') }) };
    const toError = () => new GatewayError('GW_UPSTREAM_BILLING', 'own');
    await expect(listOf([], { http, toError })).rejects.toMatchObject({ message: 'own' });
    await expect(listOf([], { http })).rejects.toMatchObject({ code: 'GW_UPSTREAM_AUTHENTICATION' });
  });
});
