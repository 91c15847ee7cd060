// Hosts that do not know `stream_options`, which the gateway sends for the sake of the usage.
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chat, chunksOf, jsonOf, type Json } from './client.js';
import { startGateway, type Gateway } from './harness.js';

jest.setTimeout(30_000);

const REFUSAL = { status: 400, message: "Unrecognized request argument supplied: 'stream_options'" };

let host: Server;
let gateway: Gateway;
/** Bodies that the host got. */
let seen: Json[] = [];
/** How the host answers a body; undefined: with a stream. */
let refuse: (body: Json) => { status: number; message: string } | undefined;

const piece = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

beforeAll(async () => {
  host = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString());
      seen.push(body);
      const refusal = refuse(body);
      response.writeHead(refusal?.status ?? 200, {
        'content-type': refusal ? 'application/json' : 'text/event-stream',
      });
      response.end(
        refusal
          ? JSON.stringify({ error: { message: refusal.message, type: 'invalid_request_error' } })
          : piece({ content: 'Hello there' }) + piece({}, 'stop') + 'data: [DONE]\n\n',
      );
    });
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const api_base = `http://127.0.0.1:${(host.address() as AddressInfo).port}/v1`;
  const models = ['refuses', 'unprocessable', 'fickle', 'other', 'asked'];
  gateway = await startGateway({
    config: {
      model_list: models.map((name) => ({
        model_name: name,
        litellm_params: { model: `openai/${name}`, api_base, api_key: 'k' },
      })),
      router_settings: { num_retries: 0, disable_cooldowns: true },
    },
  });
});

beforeEach(() => {
  seen = [];
});

afterAll(() => {
  host.close();
});

const knowsNot =
  (refusal: typeof REFUSAL) =>
  (body: Json): typeof REFUSAL | undefined =>
    body.stream_options === undefined ? undefined : refusal;

const optionsSeen = (): unknown[] => seen.map(({ stream_options: options }) => options);

const ASKED = { include_usage: true };

describe('a host that does not know stream_options', () => {
  it.each([
    ['refuses', REFUSAL],
    ['unprocessable', { status: 422, message: 'body.stream_options: Extra inputs are not permitted' }],
  ])('is asked without them, and the next time at once: %s', async (model, refusal) => {
    refuse = knowsNot(refusal);
    const chunks = await chunksOf(chat(gateway, { model, stream: true }));
    expect(chunks[0].choices[0].delta.content).toBe('Hello there');
    expect(optionsSeen()).toEqual([ASKED, undefined]);
    await chunksOf(chat(gateway, { model, stream: true }));
    expect(optionsSeen()).toEqual([ASKED, undefined, undefined]);
    expect(gateway.output()).toMatch(/does not take stream_options/);
  });

  it('is spared them when the client asks, too', async () => {
    refuse = knowsNot(REFUSAL);
    const body = { model: 'asked', stream: true, stream_options: ASKED };
    await chunksOf(chat(gateway, body));
    await chunksOf(chat(gateway, body));
    expect(optionsSeen()).toEqual([ASKED, undefined, undefined]);
  });
});

describe('a refusal', () => {
  it('of something else is the answer', async () => {
    refuse = () => ({ status: 400, message: 'temperature is too high' });
    const response = await chat(gateway, { model: 'other', stream: true });
    expect([response.status, (await jsonOf(response)).error.message]).toEqual([
      400,
      'provider.openai: temperature is too high',
    ]);
    expect(optionsSeen()).toEqual([ASKED]);
  });

  it('that stays when they are gone is the answer, and they are sent again', async () => {
    refuse = () => REFUSAL;
    expect((await chat(gateway, { model: 'fickle', stream: true })).status).toBe(400);
    expect(optionsSeen()).toEqual([ASKED, undefined]);
    refuse = () => undefined;
    await chunksOf(chat(gateway, { model: 'fickle', stream: true }));
    expect(optionsSeen()).toEqual([ASKED, undefined, ASKED]);
  });
});
