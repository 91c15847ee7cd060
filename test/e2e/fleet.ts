// Three providers that can be ordered about, taken away and brought back; and what became of a call, as its client and
// an admin see it.
import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { startOpenAiUpstream } from '../upstreams/index.mjs';
import { chat, eventsOf, messages, okJson, send, type Json, type Sent } from './client.js';
import { eventually, sleep, startGateway, type Gateway, type RunOptions } from './harness.js';
import { PROVIDER_KEY } from './upstreams.js';

export const [red, green, blue] = await Promise.all([
  startOpenAiUpstream(),
  startOpenAiUpstream(),
  startOpenAiUpstream(),
]);
export type Mock = typeof red;

const colours = new Map([
  [red, 'red'],
  [green, 'green'],
  [blue, 'blue'],
]);
const fleet = [...colours.keys()];

/**
 * Without its calls, orders and failures. Before a test rather than after it: calls of clients that left may come in
 * late. A mock that was taken away is the business of who took it.
 */
beforeEach(() => fleet.forEach((mock) => mock.reset()));
afterAll(() => Promise.all(fleet.map((mock) => mock.close().catch(() => undefined))));

/** `[title, stream]`: behaviour that does not depend on how the answer comes is shown both ways. */
export const BOTH_WAYS: [string, boolean][] = [
  ['whole', false],
  ['streamed', true],
];

interface Options {
  /** At the mock, where what its name asks for is done; OpenAI's unless a prefix says otherwise. */
  model?: string;
  /** Of `model_info`. The deployment's id is `<name>.<colour>` unless this says otherwise. */
  info?: object;
  [param: string]: unknown;
}

/** An entry of `model_list` that leads to one of the mocks; other options are `litellm_params`. */
export const at = (mock: Mock, name: string, { model = 'gpt-4o', info, ...params }: Options = {}): object => ({
  model_name: name,
  litellm_params: {
    model: model.includes('/') ? model : `openai/${model}`,
    api_base: `${mock.url}/v1`,
    api_key: PROVIDER_KEY,
    ...params,
  },
  model_info: { id: `${name}.${colours.get(mock)}`, ...info },
});

/** With weights, chance has no say: the first is asked first while it may be, the others when it may not. */
export const FIRST = { weight: 1 };
export const SPARE = { weight: 0 };

/** Two deployments of one name: red, which does what `words` say and is asked first, and green, which answers. */
export const pair = (name: string, words: string, params: object = {}): object[] => [
  at(red, name, { model: words === '' ? name : `mock-${words}+${name}`, ...FIRST, ...params }),
  at(green, name, { model: name, ...SPARE, ...params }),
];

/** A port that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** A gateway for the tests of this `describe`, or of the file at top level. */
export const gatewayFor = (options: () => RunOptions | Promise<RunOptions>): (() => Gateway) => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway(await options());
  });
  afterAll(() => gateway.kill());
  return () => gateway;
};

export interface Told {
  status: number;
  headers: Headers;
  /** Of a stream: all of its pieces joined. */
  content: string;
  /** Of the body, or of the event that ended a stream. */
  error: { code: string; message: string; type: string } | undefined;
  /** A stream said that it was complete. */
  isDone: boolean;
  /** What the gateway did, by its headers. */
  deployment: string | null;
  retries: number;
  fallbacks: number;
  callId: string;
  /** From the request to the answer's end. */
  ms: number;
}

/** A chat call to its end, whichever way it ends. */
export const ask = async (
  gateway: Pick<Gateway, 'url'>,
  body: { model: string; [field: string]: unknown },
  sent: Omit<Sent, 'body'> = {},
): Promise<Told> => {
  const from = performance.now();
  const response = await chat(gateway, body, sent);
  const { status, headers } = response;
  const text = await response.text();
  const isEventStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
  const events = isEventStream ? eventsOf(text) : [text];
  const isDone = events.at(-1) === '[DONE]';
  const documents: Json[] = (isDone ? events.slice(0, -1) : events).map((event) => JSON.parse(event));
  const pieces = documents.map(({ choices }) => choices?.[0]?.message?.content ?? choices?.[0]?.delta?.content ?? '');
  return {
    status,
    headers,
    content: pieces.join(''),
    error: documents.at(-1)?.error,
    isDone,
    deployment: headers.get('x-litellm-model-id'),
    retries: Number(headers.get('x-litellm-attempted-retries')),
    fallbacks: Number(headers.get('x-litellm-attempted-fallbacks')),
    callId: headers.get('x-litellm-call-id')!,
    ms: performance.now() - from,
  };
};

export const ANSWER = 'Mock answer to: Hello';

/** The client got all of its answer, from this deployment. */
export const expectAnswer = (told: Told, deployment: string | RegExp = /./): void => {
  const { status, content, error } = told;
  expect({ status, content, error }).toEqual({ status: 200, content: ANSWER, error: undefined });
  if (typeof deployment === 'string') expect(told.deployment).toBe(deployment);
  else expect(told.deployment).toMatch(deployment);
  if (told.headers.get('content-type')?.startsWith('text/event-stream')) expect(told.isDone).toBe(true);
};

/** What an admin is told of a call. It is there a moment after the answer's last byte. */
export const recordOf = async (gateway: Pick<Gateway, 'url'>, callId: string): Promise<Json> => {
  const response = await eventually(
    () => send(gateway, `/calls/${callId}`),
    ({ status }) => status === 200,
    2_000,
  );
  return response.json();
};

/** Where a request would go now, as an admin is told. */
export const explain = (gateway: Pick<Gateway, 'url'>, body: object, sent: Omit<Sent, 'body'> = {}): Promise<Json> =>
  okJson(send(gateway, '/router/explain', { ...sent, body: { messages, ...body } }));

/** How each attempt of a call ended: `red 500`, in order. */
export const attemptsOf = async (
  gateway: Pick<Gateway, 'url'>,
  { callId }: Pick<Told, 'callId'>,
): Promise<string[]> => {
  const { attempts } = await recordOf(gateway, callId);
  return attempts.map(({ deploymentId, status, error }: Json) => `${deploymentId} ${error?.code ?? status}`);
};

/** Rates and limits are those of a minute of the clock: what must fall into one does not begin at its end. */
export const inOneMinute = async (needsMs = 3_000): Promise<void> => {
  const leftMs = 60_000 - (Date.now() % 60_000);
  if (leftMs < needsMs) await sleep(leftMs + 100);
};

/** Models that a mock was asked for, in order. */
export const modelsAt = (mock: Mock): string[] => mock.requests.map(({ body }) => body.model);
