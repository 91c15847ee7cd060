import { GatewayError } from '@turnpike/errors';
import { OpenAiStreamTap } from '@turnpike/wire';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeResponse, FakeTransfer } from '../../test/doubles.js';
import { LiveStream, type LiveStreamOptions } from './live-stream.js';
import { ByteRelay, type Relay } from './relay.js';

const event = (value: object | string): Buffer =>
  Buffer.from(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`);
const said = (words: string, finish: string | null = null): Buffer =>
  event({ choices: [{ index: 0, delta: { content: words }, finish_reason: finish }] });
const FIRST = said('one');
const SECOND = said('two');
const LAST = said('', 'stop');
const DONE = event('[DONE]');
const STREAM = { 'content-type': 'text/event-stream' };
const TIMEOUT_MS = 1_000;
const TIMES = { firstTokenMs: TIMEOUT_MS, totalMs: 60_000 };

const provider = 'provider.test';
const cut = new GatewayError('GW_STREAM_CUT', 'provider.test closed the connection.', { provider });
const code = (name: string): unknown => expect.objectContaining({ code: name });

const open = (options: Partial<LiveStreamOptions> = {}) => {
  const transfer = new FakeTransfer();
  const onFirst = jest.fn();
  const stream = new LiveStream({
    provider,
    relay: new ByteRelay(new OpenAiStreamTap({ withholdUsage: true })),
    toError: ({ status, body }) => new GatewayError('GW_UPSTREAM_RATE_LIMITED', `${status}: ${body}`, { provider }),
    errorFrame: (body) => `data: ${body}\n\n`,
    onDocument: (document) => aRelay({ end: () => `replayed ${document.toString()}` }),
    onFirst,
    ...options,
  });
  const opened = stream.opened(transfer, TIMES);
  opened.catch(() => undefined);
  return { stream, transfer, opened, onFirst };
};

const aRelay = (changes: Partial<Relay>): Relay => ({
  push: (bytes) => bytes,
  end: () => '',
  leftover: () => '',
  hasBegun: true,
  usage: undefined,
  estimateOutputTokens: () => 0,
  ...changes,
});

/** A stream that has begun and flows to a client. */
const flowing = async (options: Partial<LiveStreamOptions> = {}) => {
  const made = open(options);
  made.stream.onHead(200, STREAM);
  made.stream.onData(FIRST);
  await made.opened;
  const response = new FakeResponse();
  return { ...made, response, ended: made.stream.pipe(response.asResponse()) };
};

const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  const waiting = Symbol('waiting');
  await new Promise(setImmediate);
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(waiting)])) !== waiting;
};

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('before the first event', () => {
  it('nothing is let go: the head alone, or half an event, is none', async () => {
    const { stream, opened, onFirst } = open();
    stream.onHead(200, STREAM);
    stream.onData(FIRST.subarray(0, 10));
    expect(await isSettled(opened)).toBe(false);
    stream.onData(FIRST.subarray(10));
    expect(await opened).toBe(stream);
    expect(onFirst).toHaveBeenCalledTimes(1);
    expect(stream.headers).toBe(STREAM);
  });

  it.each<[string, (stream: LiveStream) => void, string]>([
    ['a broken connection', (stream) => stream.onError(cut), 'GW_STREAM_CUT'],
    ['an end without an answer', (stream) => stream.onEnd(), 'GW_STREAM_CUT'],
  ])('%s is an ordinary error', async (_title, fail, expected) => {
    const { stream, opened, onFirst } = open();
    stream.onHead(200, STREAM);
    fail(stream);
    await expect(opened).rejects.toEqual(code(expected));
    expect(onFirst).not.toHaveBeenCalled();
  });

  it('a failed answer is read to its end and told as an error', async () => {
    const { stream, opened } = open();
    stream.onHead(429, {});
    stream.onData(Buffer.from('slow '));
    stream.onData(Buffer.from('down'));
    expect(await isSettled(opened)).toBe(false);
    stream.onEnd();
    await expect(opened).rejects.toMatchObject({ code: 'GW_UPSTREAM_RATE_LIMITED', message: '429: slow down' });
  });

  it('a reader of failures that fails itself leaves nobody waiting', async () => {
    const broken = new TypeError('a plugin is broken');
    const { stream, opened } = open({
      toError: () => {
        throw broken;
      },
    });
    stream.onHead(500, {});
    stream.onEnd();
    await expect(opened).rejects.toBe(broken);
  });

  it.each<[string, number, Record<string, string>]>([
    ['a redirect', 302, {}],
    ['a page', 200, { 'content-type': 'text/html; charset=utf-8' }],
    ['a compressed body', 200, { 'content-encoding': 'br' }],
  ])('%s is refused by its head', (_title, status, headers) => {
    expect(() => open().stream.onHead(status, headers)).toThrow(code('GW_UPSTREAM_INVALID_RESPONSE'));
  });

  it('silence ends with a timeout, and the request is given up', async () => {
    const { stream, opened, transfer } = open();
    stream.onHead(200, STREAM);
    jest.advanceTimersByTime(TIMEOUT_MS - 1);
    expect(await isSettled(opened)).toBe(false);
    jest.advanceTimersByTime(1);
    await expect(opened).rejects.toMatchObject({
      code: 'GW_TIMEOUT',
      message: 'provider.test sent no first token within 1 s.',
    });
    expect(transfer.steps).toEqual(['abort']);
  });

  it('a client that leaves gives up the request', async () => {
    const { stream, opened, transfer } = open();
    stream.abort();
    await expect(opened).rejects.toEqual(code('GW_CLIENT_CLOSED'));
    expect(transfer.steps).toEqual(['abort']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('an error that came before anybody waited is told to whoever waits then', async () => {
    const stream = new LiveStream({ relay: new ByteRelay(new OpenAiStreamTap({ withholdUsage: true })) } as never);
    stream.onError(cut);
    await expect(stream.opened(new FakeTransfer(), TIMES)).rejects.toBe(cut);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a host that answers with one document', () => {
  const json = { 'content-type': 'application/json; charset=utf-8' };

  it('is replayed as a stream when the document is whole', async () => {
    const { stream, opened } = open();
    stream.onHead(200, json);
    stream.onData(Buffer.from('{"a":'));
    stream.onData(Buffer.from('1}'));
    expect(await isSettled(opened)).toBe(false);
    stream.onEnd();
    await opened;
    const response = new FakeResponse();
    await expect(stream.pipe(response.asResponse())).resolves.toEqual({ status: 'success' });
    expect(response.text).toBe('replayed {"a":1}');
  });

  it('fails as an ordinary error when the document is one', async () => {
    const { stream, opened } = open({
      onDocument: () => {
        throw cut;
      },
    });
    stream.onHead(200, json);
    stream.onEnd();
    await expect(opened).rejects.toBe(cut);
  });
});

describe('a stream that is kept until its client is known to get it', () => {
  const kept = (release: Relay['release'], more: Partial<Relay> = {}) => {
    const relay = { isKept: true, release, ...more };
    return open({ relay: aRelay({ push: () => '', ...relay }) });
  };

  it('has begun, and is not read on before', async () => {
    const { stream, opened, transfer, onFirst } = kept(() => 'first');
    stream.onHead(200, STREAM);
    stream.onData(FIRST);
    await opened;
    expect([onFirst.mock.calls.length, transfer.steps]).toEqual([1, ['pause']]);
    const response = new FakeResponse();
    void stream.pipe(response.asResponse());
    expect([response.text, transfer.steps]).toEqual(['first', ['pause', 'resume']]);
  });

  it('fails where it must not be seen, although it was complete', async () => {
    const stopped = new GatewayError('GW_GUARDRAIL_BLOCKED', 'no');
    const { stream, opened } = kept(() => {
      throw stopped;
    });
    stream.onHead(200, STREAM);
    stream.onData(FIRST);
    stream.onEnd();
    await opened;
    const response = new FakeResponse();
    const { status, error } = (await stream.pipe(response.asResponse())) as { status: string; error: GatewayError };
    expect([status, error.code, response.text]).toEqual(['failure', 'GW_GUARDRAIL_BLOCKED', '']);
  });
});

describe('after the first event', () => {
  it('everything is sent on, what came while nobody listened first', async () => {
    const { stream, opened } = open();
    stream.onHead(200, STREAM);
    stream.onData(FIRST);
    await opened;
    stream.onData(SECOND);
    const response = new FakeResponse();
    const ended = stream.pipe(response.asResponse());
    stream.onData(Buffer.concat([LAST, DONE]));
    stream.onEnd();
    await expect(ended).resolves.toEqual({ status: 'success' });
    expect(response.text).toBe(Buffer.concat([FIRST, SECOND, LAST, DONE]).toString());
    expect(response.ended).toBe(false);
  });

  it('a stream that was over before anybody listened is sent whole', async () => {
    const { stream, opened } = open();
    stream.onHead(200, STREAM);
    stream.onData(Buffer.concat([FIRST, LAST]));
    stream.onEnd();
    await opened;
    const response = new FakeResponse();
    await expect(stream.pipe(response.asResponse())).resolves.toEqual({ status: 'success' });
    expect(response.text).toBe(Buffer.concat([FIRST, LAST, DONE]).toString());
  });

  it('only the time of the whole call counts', async () => {
    const { stream, ended, transfer } = await flowing();
    jest.advanceTimersByTime(TIMES.totalMs / 2);
    expect(await isSettled(ended)).toBe(false);
    jest.advanceTimersByTime(TIMES.totalMs);
    await expect(ended).resolves.toMatchObject({ status: 'failure', error: code('GW_TIMEOUT') });
    expect(transfer.steps).toContain('abort');
    stream.abort();
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each<[string, (stream: LiveStream) => void]>([
    ['a broken connection', (stream) => stream.onError(cut)],
    ['an end that comes too early', (stream) => stream.onEnd()],
  ])('%s ends the stream with that failure', async (_title, fail) => {
    const { stream, ended, response } = await flowing();
    fail(stream);
    await expect(ended).resolves.toEqual({ status: 'failure', error: code('GW_STREAM_CUT') });
    expect(response.text).toBe(FIRST.toString());
  });

  it('what came before an error in the same bytes is still delivered', async () => {
    const { stream, ended, response } = await flowing();
    const error = event({ error: { message: 'Overloaded', code: 503 } });
    // The client of the kernel hands on what a sink throws.
    try {
      stream.onData(Buffer.concat([SECOND, error]));
    } catch (thrown) {
      stream.onError(thrown as GatewayError);
    }
    await expect(ended).resolves.toMatchObject({
      status: 'failure',
      error: {
        code: 'GW_UPSTREAM_UNAVAILABLE',
        message: 'provider.test broke off the stream: Overloaded',
        facts: { provider },
      },
    });
    expect(response.text).toBe(Buffer.concat([FIRST, SECOND]).toString());
  });

  it('a client that leaves gives up the request, and that is no failure', async () => {
    const { stream, ended, transfer } = await flowing();
    stream.abort();
    stream.onError(cut);
    await expect(ended).resolves.toEqual({ status: 'client_closed' });
    expect(transfer.steps).toEqual(['abort']);
  });
});

describe('a client that reads slowly', () => {
  it('stops the provider until it has read', async () => {
    const { stream, transfer, response } = await flowing();
    response.isFull = true;
    stream.onData(SECOND);
    expect(transfer.steps).toEqual(['pause']);
    response.drain();
    expect(transfer.steps).toEqual(['pause', 'resume']);
    stream.onData(SECOND);
    expect(transfer.steps).toEqual(['pause', 'resume']);
  });

  it('is waited for once, however much is on its way', async () => {
    const { stream, transfer, opened } = open();
    stream.onHead(200, STREAM);
    stream.onData(FIRST);
    await opened;
    for (let count = 0; count < 50; count += 1) stream.onData(SECOND);
    const response = new FakeResponse();
    response.isFull = true;
    void stream.pipe(response.asResponse());
    expect([response.listenerCount('drain'), transfer.steps]).toEqual([1, ['pause']]);
    expect(response.written).toHaveLength(51);
  });

  it('and has no response yet is not sent for without end', async () => {
    const { stream, transfer, opened } = open();
    stream.onHead(200, STREAM);
    stream.onData(FIRST);
    await opened;
    const long = said('x'.repeat(40_000));
    stream.onData(long);
    expect(transfer.steps).toEqual([]);
    stream.onData(long);
    stream.onData(long);
    expect(transfer.steps).toEqual(['pause']);
    const response = new FakeResponse();
    void stream.pipe(response.asResponse());
    expect(transfer.steps).toEqual(['pause', 'resume']);
    expect(response.text).toBe(Buffer.concat([FIRST, long, long, long]).toString());
  });

  it('and was held before it had a response stays held while that one is full', async () => {
    const { stream, transfer, opened } = open();
    stream.onHead(200, STREAM);
    stream.onData(FIRST);
    await opened;
    stream.onData(said('x'.repeat(70_000)));
    const response = new FakeResponse();
    response.isFull = true;
    void stream.pipe(response.asResponse());
    expect(transfer.steps).not.toContain('resume');
    response.drain();
    expect(transfer.steps.at(-1)).toBe('resume');
  });

  it('and is gone is not waited for', async () => {
    const { stream, transfer, response } = await flowing();
    Object.assign(response, { isFull: true, destroyed: true });
    stream.onData(SECOND);
    expect([response.listenerCount('drain'), transfer.steps]).toEqual([0, []]);
  });
});

it('knows what its relay knows', async () => {
  const { stream } = await flowing();
  stream.onData(event({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } }));
  expect(stream.usage).toMatchObject({ inputTokens: 5, outputTokens: 2 });
  expect(stream.estimateOutputTokens()).toBeGreaterThanOrEqual(0);
  expect(stream.errorFrame('{}')).toBe('data: {}\n\n');
});
