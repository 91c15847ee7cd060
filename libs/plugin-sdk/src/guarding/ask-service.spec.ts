import { describe, expect, it } from '@jest/globals';
import type { HttpRequest, HttpResponse } from '../host.js';
import { askService, ServiceFailure } from './ask-service.js';

const ask = (
  answer: Partial<Omit<HttpResponse, 'body'>> & { body?: string },
  signal = new AbortController().signal,
) => {
  const requests: HttpRequest[] = [];
  const http = {
    request: async (request: HttpRequest): Promise<HttpResponse> => {
      requests.push(request);
      if (answer.status === 0) throw new Error('connect ECONNREFUSED');
      return { status: 200, headers: {}, ...answer, body: Buffer.from(answer.body ?? '{}') };
    },
  };
  const question = { url: 'http://a/b', headers: { 'x-key': 'k' }, body: { text: 'private' }, signal };
  return { requests, judgement: askService(http, question) };
};

describe('a service', () => {
  it('is asked in JSON', async () => {
    const { requests, judgement } = ask({ body: '{"ok":true}' });
    expect(await judgement).toEqual({ ok: true });
    expect(requests).toMatchObject([
      {
        method: 'POST',
        url: 'http://a/b',
        headers: { 'content-type': 'application/json', 'x-key': 'k' },
        body: '{"text":"private"}',
      },
    ]);
  });

  it.each([
    ['cannot be reached', { status: 0 }, true],
    ['is away behind a proxy', { status: 503 }, true],
    ['refuses', { status: 401 }, false],
    ['fails', { status: 500 }, false],
    ['leads elsewhere', { status: 302 }, false],
    ['answers with a page', { body: '<html>private</html>' }, false],
  ])('that %s gives no judgement', async (_how, answer, isUnreachable) => {
    const failure = await ask(answer).judgement.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServiceFailure);
    expect(failure).toMatchObject({ isUnreachable });
    expect((failure as Error).message).not.toContain('private');
  });

  it('is not blamed when nobody waits for it any more', async () => {
    await expect(ask({ status: 0 }, AbortSignal.abort(new Error('left'))).judgement).rejects.toThrow('left');
  });
});
