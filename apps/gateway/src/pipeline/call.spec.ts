import { GatewayError } from '@turnpike/errors';
import type { OutgoingRequest, ResponseSink } from '@turnpike/kernel';
import type { ChatV1, LocalOperation, UpstreamRequest } from '@turnpike/plugin-sdk';
import { aDeployment } from '@turnpike/plugin-testkit';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { aFront, anAttempt, anInstance, FakeTransfer } from '../../test/doubles.js';
import { aRecalled, aRuntime, settled } from '../../test/road.js';
import { NO_GUARDRAILS } from '../guarding/selection.js';
import type { OperationName } from '../routes/front.js';
import { Callable } from '../runtime/callable.js';
import type { UpstreamAnswer } from '../upstream/answer.js';
import type { Attempt } from './attempt.js';
import { call } from './call.js';
import type { Deadlines, Exchange, ExchangeInput } from './exchange.js';

const DEADLINES: Deadlines = { attemptMs: 300, firstTokenMs: 200, idleMs: 100, connectMs: 0 };
/** What is left of the whole call's time. */
const LEFT_MS = 5_000;

type Http = Record<string, unknown>;
type Authorize = (request: UpstreamRequest) => UpstreamRequest | Promise<UpstreamRequest>;

const http = (changes: Http = {}): ChatV1 =>
  ({
    kind: 'http',
    dialect: 'openai',
    endpoint: () => ({ url: 'http://upstream/chat', headers: { 'x-endpoint': '1' } }),
    toError: () => new GatewayError('GW_UPSTREAM_ERROR', 'failed'),
    ...changes,
  }) as unknown as ChatV1;

interface Parts {
  chat?: ChatV1;
  filled?: Partial<Exchange>;
  operation?: OperationName;
  /** The deployment can be called. */
  isThere?: boolean;
  isGuarded?: boolean;
}

/** A call at the stage where its provider is asked, and what became of that. */
const calling = ({ chat = http(), filled = {}, operation = 'chat', isThere = true, isGuarded }: Parts = {}) => {
  const sent: { outgoing: OutgoingRequest; sink: ResponseSink; transfer: FakeTransfer }[] = [];
  const shown: unknown[] = [];
  const { runtime } = aRuntime({
    http: {
      send: (outgoing: OutgoingRequest, sink: ResponseSink) => {
        const transfer = new FakeTransfer();
        sent.push({ outgoing, sink, transfer });
        return transfer;
      },
    },
    showUpstreamRequest: (_exchange: Exchange, { url }: OutgoingRequest) => void shown.push(url),
    maxResponseBytes: 1_000,
  });
  const callable = new Callable(aDeployment(), anInstance('provider.sample', { chat }), isGuarded);
  const asked: unknown[][] = [];
  const bodies: unknown[] = [];
  const snapshot = {
    config: { requests: {}, router: {} },
    callable: () => (isThere ? callable : undefined),
    clientConnections: { callableFor: (own: Callable, body: unknown) => (bodies.push(body), own) },
    deadlinesFor: (...given: unknown[]) => (asked.push(given), DEADLINES),
    forwardedHeaders: () => ({}),
    router: { resolve: () => undefined },
  } as unknown as ExchangeInput['snapshot'];
  const front = aFront({
    operation,
    wantsUsage: () => false,
    askForUsage: () => undefined,
    errorOf: () => undefined,
    usageOf: () => undefined,
    tap: () => ({ events: 1, push: (bytes: Buffer) => bytes }) as never,
    toDomain: (body) => body,
    fromDomain: (response) => response as never,
    usageOfDomain: () => undefined,
  });
  const body = { model: 'upstream', messages: [] };
  const raw = Buffer.from(JSON.stringify(body));
  const deadlines = { attemptMs: 7, firstTokenMs: 0, idleMs: 0, connectMs: 0 };
  const exchange = aRecalled(snapshot, { body, deadlines, guardrails: NO_GUARDRAILS, ...filled }, { front, raw });
  const attempt: Attempt = anAttempt(exchange);
  exchange.routing = { request: { deadlineAt: Date.now() + LEFT_MS } } as Exchange['routing'];
  const run = (): Promise<UpstreamAnswer> => call(runtime).run(attempt);
  return { run, attempt, exchange, sent, shown, asked, bodies, callable, deadlines };
};

const fault = (code: string, facts: object = {}): unknown =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) });

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('a provider over HTTP', () => {
  it('is sent the request, and its whole answer is read', async () => {
    const { run, sent, shown, attempt } = calling();
    const answer = run();
    expect(sent[0]?.outgoing).toMatchObject({
      method: 'POST',
      url: 'http://upstream/chat',
      headers: { 'x-endpoint': '1' },
      body: Buffer.from('{"model":"upstream","messages":[]}'),
      isGuarded: false,
    });
    expect(shown).toEqual(['http://upstream/chat']);
    const { sink, transfer } = sent[0]!;
    sink.onHead(200, { 'x-a': 'b' });
    sink.onData(Buffer.from('{"id":"x"}'));
    sink.onEnd();
    expect(await answer).toMatchObject({ kind: 'whole', body: Buffer.from('{"id":"x"}'), headers: { 'x-a': 'b' } });
    attempt.abort();
    expect(transfer.steps).toEqual(['abort']);
  });

  it('has the time of this attempt, within what is left of the call', () => {
    const { run, sent, asked, callable, deadlines } = calling();
    void run();
    expect(asked).toEqual([[callable, deadlines, LEFT_MS]]);
    // One timer bounds all of it.
    expect(sent[0]?.outgoing).toMatchObject({ headTimeoutMs: 0, idleTimeoutMs: 0 });
  });

  it.each([
    [9, 10_000],
    [10, 9_990],
  ])('that is asked %i ms after the call came in has %i ms of 10,000 left', (ms, left) => {
    const { run, asked, exchange } = calling();
    exchange.routing = { request: { deadlineAt: Date.now() + 10_000 - ms } } as Exchange['routing'];
    Object.assign(exchange.snapshot.config.router, { requestTimeoutMs: 10_000 });
    void run();
    expect(asked[0]?.[2]).toBe(left);
  });

  it('that is too slow is given up', async () => {
    const { run, sent } = calling();
    const refused = expect(run()).rejects.toEqual(fault('GW_TIMEOUT', { provider: 'provider.sample' }));
    await jest.advanceTimersByTimeAsync(300);
    await refused;
    expect(sent[0]?.transfer.steps).toEqual(['abort']);
  });

  it('that streams has other times, and settles at its first token', async () => {
    const { run, sent } = calling({ filled: { isStream: true } });
    const answer = run();
    const { outgoing, sink } = sent[0]!;
    expect(outgoing).toMatchObject({ headTimeoutMs: 200, idleTimeoutMs: 100 });
    sink.onHead(200, { 'content-type': 'text/event-stream' });
    sink.onData(Buffer.from('data: {}\n\n'));
    expect((await answer).kind).toBe('stream');
  });

  it('whose answer must be read first does not stream', () => {
    const { run, sent } = calling({ filled: { isStream: true, mustReadAnswer: true } });
    void run();
    expect(sent[0]?.outgoing).toMatchObject({ headTimeoutMs: 0 });
  });

  it('at an address of the client is checked before it is connected to', () => {
    const { run, sent } = calling({ isGuarded: true });
    void run();
    expect(sent[0]?.outgoing.isGuarded).toBe(true);
  });

  it('may have the last word on the request', async () => {
    const authorize: Authorize = async ({ url, headers, body }) => ({
      url: `${url}?signed`,
      headers: { ...headers, signature: String(body.length) },
      body,
    });
    const { run, sent } = calling({ chat: http({ authorize }) });
    void run();
    expect(sent).toEqual([]);
    await settled();
    expect(sent[0]?.outgoing).toMatchObject({ url: 'http://upstream/chat?signed', headers: { signature: '34' } });
  });

  it.each<[string, Authorize]>([
    [
      'at once',
      () => {
        throw new GatewayError('GW_UPSTREAM_AUTHENTICATION', 'The provider gave no token.');
      },
    ],
    [
      'later',
      async () => {
        throw new GatewayError('GW_UPSTREAM_AUTHENTICATION', 'The provider gave no token.');
      },
    ],
  ])('that cannot have it %s is not asked', async (_title, authorize) => {
    const { run, sent } = calling({ chat: http({ authorize }) });
    await expect(async () => run()).rejects.toEqual(fault('GW_UPSTREAM_AUTHENTICATION'));
    expect(sent).toEqual([]);
  });

  it.each([
    [false, 300],
    [true, 200],
  ])('that never comes to it is not waited for: a stream %p, %i ms', async (isStream, ms) => {
    const authorize: Authorize = () => new Promise(() => undefined);
    const { run, attempt } = calling({ chat: http({ authorize }), filled: { isStream } });
    const refused = expect(run()).rejects.toEqual(fault('GW_TIMEOUT', { provider: 'provider.sample' }));
    await jest.advanceTimersByTimeAsync(ms - 1);
    expect(attempt.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await refused;
    expect(attempt.signal.aborted).toBe(true);
  });
});

describe('a provider that answers by itself', () => {
  const local = (changes: Partial<LocalOperation<unknown, unknown, unknown>> = {}): ChatV1 =>
    ({ kind: 'local', respond: (request: unknown) => ({ echoed: request }), ...changes }) as unknown as ChatV1;

  it('is asked for its answer, and nothing is sent', async () => {
    const { run, sent } = calling({ chat: local() });
    const answer = await run();
    expect(answer).toMatchObject({ kind: 'whole', body: Buffer.from('{"echoed":{"model":"upstream","messages":[]}}') });
    expect(sent).toEqual([]);
  });

  it('has the time of this attempt', async () => {
    const { run } = calling({ chat: local({ respond: () => new Promise(() => undefined) }) });
    const refused = expect(run()).rejects.toEqual(fault('GW_TIMEOUT'));
    await jest.advanceTimersByTimeAsync(300);
    await refused;
  });
});

describe('whoever cannot be asked', () => {
  it.each<[string, Parts]>([
    ['does not offer this kind of call', { operation: 'embeddings' }],
    ['is not there', { isThere: false }],
  ])('because its provider %s is named', (_title, parts) => {
    const { run } = calling(parts);
    expect(run).toThrow(fault('GW_UNSUPPORTED_PARAMETER', { param: 'model', provider: 'provider.sample' }));
  });
});

it("a client's own connection is looked for in what the attempt asks, not only in what the client sent", () => {
  const { run, attempt, bodies } = calling();
  Object.assign(attempt.choice, { overrides: { api_key: 'theirs' } });
  void run();
  expect(bodies).toEqual([{ model: 'upstream', messages: [], api_key: 'theirs' }]);
});
