// Clients that ask and then do not read: their connections end, and nobody waits for them any longer.
import { beforeAll, expect, it, jest } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { messages, metricsOf, open } from './client.js';
import { eventually, MASTER_KEY, sleep, startGateway, type Gateway } from './harness.js';
import { deployment, everyModelOf, openAi } from './upstreams.js';

jest.setTimeout(30_000);

const CHAT = '/v1/chat/completions';
/** Also bounds the time for which an answer may lie unread. */
const TIMEOUT_S = 1;

const config = {
  model_list: [...everyModelOf('openai', 'echo'), deployment('endless', 'openai/endless')],
  router_settings: { stream_idle_timeout: TIMEOUT_S },
};

let gateway: Gateway;
/** Its workers serve connections that they did not accept. */
let crew: Gateway;

beforeAll(async () => {
  [gateway, crew] = await Promise.all([
    startGateway({ config }),
    startGateway({ config, args: ['--num_workers', '2'] }),
  ]);
});

/** An upstream that sends words as long as somebody takes them. */
const pour = (): { isGivenUp: () => boolean } => {
  let isGivenUp = false;
  const event = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' };
  const chunk = (delta: object): string =>
    `data: ${JSON.stringify({ ...event, choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
  const piece = chunk({ content: 'word '.repeat(10_000) });
  openAi.script((_request: IncomingMessage, response: ServerResponse) => {
    response.once('close', () => (isGivenUp = true));
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(chunk({ role: 'assistant' }));
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
    };
    response.on('drain', more);
    more();
  });
  return { isGivenUp: () => isGivenUp };
};

const inFlight = async (at = gateway): Promise<number> => (await metricsOf(at)).sum('litellm_in_flight_requests');

it.each([
  ['one process', () => gateway],
  ['two workers', () => crew],
])('a stream that nobody reads is given up, and counts as left by its client: %s', async (_what, at) => {
  const upstream = pour();
  const response = await open(at(), CHAT, { body: { model: 'endless', messages, stream: true } });
  response.on('error', () => undefined);
  response.pause();
  await sleep(TIMEOUT_S * 500);
  expect(upstream.isGivenUp()).toBe(false);
  await eventually(upstream.isGivenUp, Boolean, 5_000);
  const metrics = await metricsOf(at());
  expect(
    metrics.sum('litellm_proxy_total_requests_metric_total', { requested_model: 'endless', status_code: '499' }),
  ).toBe(1);
  expect(metrics.sum('litellm_output_tokens_metric_total', { requested_model: 'endless' })).toBeGreaterThan(1_000);
  expect(await inFlight(at())).toBe(0);
});

it('a stream that is read slowly goes on', async () => {
  const upstream = pour();
  const response = await open(gateway, CHAT, { body: { model: 'openai/m', messages, stream: true } });
  response.on('error', () => undefined);
  response.on('data', () => {
    response.pause();
    setTimeout(() => response.resume(), 10);
  });
  await sleep(TIMEOUT_S * 3_000);
  expect([upstream.isGivenUp(), response.destroyed]).toEqual([false, false]);
  response.destroy();
});

it.each([
  ['a whole answer', { model: 'openai/mock-big-24576' }],
  ['an answer made here', { model: 'echo/echo', messages: [{ role: 'user', content: 'x'.repeat(24_000_000) }] }],
])('%s that nobody reads loses its connection', async (_what, body) => {
  const response = await open(gateway, CHAT, { body: { messages, ...body } });
  const failed = new Promise((resolve) => response.once('error', resolve));
  response.pause();
  await sleep(TIMEOUT_S * 3_000);
  let size = 0;
  response.on('data', (piece: Buffer) => (size += piece.length));
  response.resume();
  await failed;
  expect(size).toBeLessThan(Number(response.headers['content-length']));
});

it('a connection that asks again and again and never reads ends as well', async () => {
  const socket = connect(gateway.port, '127.0.0.1');
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.pause();
  const content = JSON.stringify({ model: 'openai/mock-big-4096', messages });
  const request =
    `POST ${CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${MASTER_KEY}\r\n` +
    `content-type: application/json\r\ncontent-length: ${content.length}\r\n\r\n${content}`;
  const asking = setInterval(() => socket.write(request), 100);
  await ended;
  clearInterval(asking);
  expect(await eventually(inFlight, (count) => count === 0)).toBe(0);
});
