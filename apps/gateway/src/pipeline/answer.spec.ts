import type { GatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aFront, anAttempt, FakeResponse } from '../../test/doubles.js';
import { aFailure, aRecalled, aRuntime, aSnapshot, aWholeAnswer, FakeStream, someUsage } from '../../test/road.js';
import type { StreamGuards } from '../guarding/stream-guards.js';
import type { StreamAnswer, StreamEnd, UpstreamAnswer } from '../upstream/answer.js';
import { answer } from './answer.js';
import type { Attempt } from './attempt.js';
import type { Called, Exchange } from './exchange.js';

const CUT = aFailure('GW_STREAM_CUT');

/** A response that remembers what was known of the call when its last byte went out. */
class WatchedResponse extends FakeResponse {
  exchange: Exchange | undefined;
  knownAtEnd: string | undefined;

  override end(piece?: string | Buffer): this {
    this.knownAtEnd = `${this.exchange?.outcome?.status}, ${this.exchange?.attempt?.status}`;
    return super.end(piece);
  }
}

/** A call that came back with this answer. */
const called = (given: UpstreamAnswer, filled: Partial<Exchange> = {}) => {
  const { runtime, told } = aRuntime();
  const response = new WatchedResponse();
  const front = aFront({ errorBody: (error: GatewayError) => error.code });
  const raw = Buffer.alloc(40);
  const exchange = aRecalled(aSnapshot(), {}, { front, raw, response: response.asResponse() }) as Called;
  response.exchange = exchange;
  const attempt: Attempt = anAttempt(exchange);
  Object.assign(exchange, { answer: given, ...filled });
  const run = async (): Promise<unknown> => answer(runtime).run(exchange);
  return { run, exchange, attempt, response, told };
};

describe('a whole answer', () => {
  it('is sent with its head, its usage and what it cost', async () => {
    const { run, exchange, attempt, response } = called(
      aWholeAnswer('Grüße', { usage: someUsage(1, 2), headers: { 'x-request-id': 'r' } }),
    );
    await run();
    expect([response.status, response.ended]).toEqual([200, true]);
    expect(Buffer.from(response.text, 'latin1').toString()).toBe('Grüße');
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '7',
      'x-litellm-call-id': 'call-1',
      'x-litellm-response-cost': '0.000000003',
      'x-request-id': 'r',
    });
    expect(exchange.outcome).toMatchObject({ status: 'success', usage: someUsage(1, 2), costNanoUsd: 3 });
    expect(attempt).toMatchObject({ status: 'success', isUsageEstimated: false });
  });

  it('that is large is sent as it is', async () => {
    const large = 'ü'.repeat(20_000);
    const { run, response } = called(aWholeAnswer(large));
    await run();
    expect(response.text).toBe(large);
    expect(response.headers['content-length']).toBe('40000');
  });

  it('says that its usage was estimated', async () => {
    const { run, exchange } = called(aWholeAnswer('x', { usage: someUsage(1, 0), isUsageEstimated: true }));
    await run();
    expect(exchange.outcome).toMatchObject({ isUsageEstimated: true });
  });

  it('is counted before its last byte is out', async () => {
    const { run, response } = called(aWholeAnswer('x'));
    await run();
    expect(response.knownAtEnd).toBe('success, success');
  });

  it('from the cache costs nothing and is nobody’s', async () => {
    const { run, exchange, response } = called(aWholeAnswer('kept'), { cache: 'hit', attempt: undefined });
    await run();
    expect(exchange.outcome).toMatchObject({ status: 'success', costNanoUsd: 0, usage: undefined });
    expect([response.text, response.headers['x-litellm-cache-hit']]).toEqual(['kept', 'True']);
  });

  it('is not sent to a client that left; what it used is counted', async () => {
    const { run, exchange, attempt, response } = called(aWholeAnswer('x', { usage: someUsage(1, 2) }), {
      isClientGone: true,
    });
    await run();
    expect([response.headersSent, attempt.status]).toEqual([false, 'abandoned']);
    expect(exchange.outcome).toMatchObject({ status: 'client_closed', statusCode: 499, usage: someUsage(1, 2) });
  });
});

describe('a stream', () => {
  it('is sent as one that nobody may hold back', async () => {
    const { run, exchange, attempt, response } = called(new FakeStream('one'));
    await run();
    expect([response.status, response.text, response.ended]).toEqual([200, 'one', true]);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    expect([exchange.outcome?.status, attempt.status]).toEqual(['success', 'success']);
  });

  it('is counted before it ends', async () => {
    const { run, response } = called(new FakeStream('one'));
    await run();
    expect(response.knownAtEnd).toBe('success, success');
  });

  it('that breaks ends with the error, and not well', async () => {
    const { run, exchange, attempt, response, told } = called(new FakeStream('one', { status: 'failure', error: CUT }));
    await run();
    expect([response.text, response.ended]).toEqual(['one<error>GW_STREAM_CUT</error>', true]);
    expect(exchange.outcome).toMatchObject({ status: 'failure', error: CUT });
    expect([attempt.status, told.failedAttempts]).toEqual(['failure', [['deployment-0', 'GW_STREAM_CUT']]]);
  });

  it('that breaks in a way that is not ours tells nobody how', async () => {
    const { run, response } = called(new FakeStream('', { status: 'failure', error: new TypeError('a bug') }));
    await run();
    expect(response.text).toBe('<error>GW_INTERNAL</error>');
  });

  it('whose client left ends there', async () => {
    const stream = new FakeStream('one', { status: 'client_closed' });
    const { run, exchange, attempt, response } = called(stream);
    await run();
    expect([response.destroyed, response.ended, attempt.status]).toEqual([true, false, 'abandoned']);
    expect(exchange.outcome).toMatchObject({
      status: 'client_closed',
      usage: someUsage(10, 3),
      isUsageEstimated: true,
    });
  });

  it('is given up when its client leaves', async () => {
    let end: (end: StreamEnd) => void = () => undefined;
    const stream = new FakeStream('one', new Promise((resolve) => (end = resolve)));
    const { run, exchange } = called(stream);
    const ended = run();
    exchange.clientGone();
    expect(stream.isAborted).toBe(true);
    end({ status: 'client_closed' });
    await ended;
  });
});

describe('the usage of a stream', () => {
  it.each<[string, StreamAnswer['usage'], string, object]>([
    ['is what the provider tells', someUsage(5, 6), 'words', { usage: someUsage(5, 6), isUsageEstimated: false }],
    ['is what the provider tells of an empty answer', someUsage(5, 0), '', { usage: someUsage(5, 0) }],
    [
      'is the prompt by its size and what was delivered, where it tells nothing',
      undefined,
      'words',
      { usage: someUsage(10, 5), isUsageEstimated: true },
    ],
    [
      'is what was delivered, where it told of the prompt alone',
      { ...someUsage(4, 0), cachedInputTokens: 3 },
      'words',
      { usage: { ...someUsage(4, 5), cachedInputTokens: 3 }, isUsageEstimated: true },
    ],
  ])('%s', async (_title, usage, words, expected) => {
    const { run, exchange } = called(Object.assign(new FakeStream(words), { usage }));
    await run();
    expect(exchange.outcome).toMatchObject(expected);
  });
});

describe('a stream that breaks and is gone on with', () => {
  const broken = (words: string): FakeStream => new FakeStream(words, { status: 'failure', error: CUT });

  /** Each of these goes on with the one before. */
  const goingOn = (first: StreamAnswer, ...others: readonly StreamAnswer[]) => {
    const errors: GatewayError[] = [];
    const made = called(first);
    const left = [...others];
    made.exchange.continuation = {
      goOn: async (error) => {
        errors.push(error);
        const next = left.shift();
        if (next) anAttempt(made.exchange);
        return next;
      },
    };
    return { ...made, errors };
  };

  it('is one answer to its client', async () => {
    const { run, response, errors, exchange } = goingOn(broken('one '), broken('two '), new FakeStream('three'));
    await run();
    expect([response.text, response.ended, errors]).toEqual(['one two three', true, [CUT, CUT]]);
    expect(exchange.outcome).toMatchObject({ status: 'success', statusCode: 200, error: undefined });
  });

  it('costs what all of it cost; each part is counted for whom it came from', async () => {
    const { run, exchange } = goingOn(
      broken('one '),
      Object.assign(new FakeStream('two'), { usage: someUsage(20, 5) }),
    );
    await run();
    expect(exchange.attempts).toMatchObject([
      { usage: someUsage(10, 4), isUsageEstimated: true },
      { usage: someUsage(20, 5), isUsageEstimated: false, status: 'success' },
    ]);
    expect(exchange.outcome).toMatchObject({ usage: someUsage(20, 5), costNanoUsd: 14 + 25 });
  });

  it('ends with the error where nobody goes on with it', async () => {
    const { run, response, errors } = goingOn(broken('one '), broken('two '));
    await run();
    expect([response.text, errors]).toEqual(['one two <error>GW_STREAM_CUT</error>', [CUT, CUT]]);
  });

  it.each<StreamEnd>([{ status: 'success' }, { status: 'client_closed' }])(
    'is one that broke: none that ended with %j',
    async (end) => {
      const { run, response, errors } = goingOn(new FakeStream('one ', end), new FakeStream('two'));
      await run();
      expect([response.text, errors]).toEqual(['one ', []]);
    },
  );

  it('is given up with the part that is under way when its client leaves', async () => {
    let end: (end: StreamEnd) => void = () => undefined;
    const second = new FakeStream('two', new Promise((resolve) => (end = resolve)));
    const { run, exchange, response } = goingOn(broken('one '), second);
    const ended = run();
    await new Promise(setImmediate);
    exchange.clientGone();
    end({ status: 'client_closed' });
    await ended;
    expect([second.isAborted, response.destroyed, exchange.outcome?.status]).toEqual([true, true, 'client_closed']);
  });

  it('whose client left while somebody to go on with it was looked for is told no error', async () => {
    const { run, exchange, response } = called(broken('one '));
    exchange.continuation = {
      goOn: async () => {
        exchange.clientGone();
        return undefined;
      },
    };
    await run();
    expect([response.text, response.destroyed, exchange.outcome?.status]).toEqual(['one ', true, 'client_closed']);
  });
});

describe('a stream that guardrails check as it comes', () => {
  const BLOCKED = aFailure('GW_GUARDRAIL_BLOCKED');
  const guards = (stoppedBy?: GatewayError): StreamGuards => ({ stoppedBy, leave: () => undefined }) as StreamGuards;
  /** As a relay tells it: with the provider's name before it. */
  const told: StreamEnd = { status: 'failure', error: aFailure('GW_GUARDRAIL_BLOCKED', { provider: 'provider.x' }) };

  it('is sent with its first piece', async () => {
    const { run, exchange, response } = called(new FakeStream('one'), { streamGuards: guards() });
    await run();
    expect([response.status, response.text, exchange.outcome?.status]).toEqual([200, 'one', 'success']);
  });

  it('is no stream to the client where nothing of it may be seen', async () => {
    const { run, attempt, response } = called(new FakeStream('', told), { streamGuards: guards(BLOCKED) });
    await expect(run()).rejects.toBe(BLOCKED);
    expect([response.headersSent, attempt.status, attempt.error]).toEqual([false, 'abandoned', undefined]);
  });

  it('ends with an error where something of it was seen', async () => {
    const {
      run,
      exchange,
      attempt,
      response,
      told: ended,
    } = called(new FakeStream('one', told), {
      streamGuards: guards(BLOCKED),
    });
    await run();
    expect([response.text, attempt.status]).toEqual(['one<error>GW_GUARDRAIL_BLOCKED</error>', 'abandoned']);
    expect(exchange.outcome).toMatchObject({ status: 'failure', error: BLOCKED, usage: { outputTokens: 3 } });
    expect(ended.failedAttempts).toEqual([]);
  });

  it('does not go on elsewhere where it was stopped', async () => {
    const goOn = async (): Promise<never> => {
      throw new Error('asked to go on');
    };
    const { run } = called(new FakeStream('one', told), { streamGuards: guards(BLOCKED), continuation: { goOn } });
    await expect(run()).resolves.toBeDefined();
  });

  it('that broke before anything was sent is an ordinary failure', async () => {
    const {
      run,
      attempt,
      told: ended,
    } = called(new FakeStream('', { status: 'failure', error: CUT }), {
      streamGuards: guards(),
    });
    await expect(run()).rejects.toBe(CUT);
    expect([attempt.status, ended.failedAttempts.length]).toEqual(['failure', 1]);
  });
});
