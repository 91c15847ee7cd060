import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { fakeUpstream, type FakeUpstream } from './fake-upstream.js';

let upstream: FakeUpstream;

beforeEach(async () => {
  upstream = await fakeUpstream();
});

afterEach(() => upstream.close());

const post = (path: string, body = '{}', signal?: AbortSignal) =>
  fetch(`${upstream.origin}${path}`, { method: 'POST', body, signal, headers: { 'X-Api-Key': 'k' } });

it('answers in order and remembers what it was asked', async () => {
  upstream.answer({ body: { ok: true } }, ({ path }) => ({ status: 429, headers: { 'retry-after': '1' }, body: path }));
  const first = await post('/v1/chat?beta=1', '{"a":1}');
  expect([first.status, await first.json()]).toEqual([200, { ok: true }]);
  const second = await post('/again');
  expect([second.status, second.headers.get('retry-after'), await second.text()]).toEqual([429, '1', '/again']);
  expect((await post('/unscripted')).status).toBe(503);
  expect(upstream.requests[0]).toMatchObject({
    method: 'POST',
    path: '/v1/chat?beta=1',
    body: '{"a":1}',
    headers: { 'x-api-key': 'k' },
    isAborted: false,
  });
});

it('sends pieces apart from each other', async () => {
  upstream.answer({ body: [Buffer.from('one '), Buffer.from('two')], pauseMs: 20 });
  const pieces: string[] = [];
  for await (const piece of (await post('/')).body!) pieces.push(Buffer.from(piece).toString());
  expect(pieces).toEqual(['one ', 'two']);
});

it('cuts the connection in the middle of an answer', async () => {
  upstream.answer({ body: 'half', ending: 'reset' });
  await expect(post('/').then((response) => response.text())).rejects.toThrow();
});

it('notices that the caller left', async () => {
  upstream.answer({ body: 'half', ending: 'hold' });
  const controller = new AbortController();
  const response = await post('/', '{}', controller.signal);
  controller.abort();
  await expect(response.text()).rejects.toThrow();
  await upstream.requests[0]!.closed;
  expect(upstream.requests[0]!.isAborted).toBe(true);
});
