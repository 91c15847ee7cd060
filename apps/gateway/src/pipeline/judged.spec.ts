import { GatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aFront, anAttempt } from '../../test/doubles.js';
import { aRecalled, aRuntime, aSnapshot, aWholeAnswer, FakeStream, someUsage } from '../../test/road.js';
import type { StreamAnswer, UncheckedAnswer, UpstreamAnswer, WholeAnswer } from '../upstream/answer.js';
import { FakeResponse } from '../../test/doubles.js';
import type { Called, Exchange } from './exchange.js';
import { judged } from './judged.js';

const BLOCKED = new GatewayError('GW_GUARDRAIL_BLOCKED', 'no dragons');
const USAGE = someUsage(1, 2);

const unchecked = (): UncheckedAnswer => ({
  kind: 'unchecked',
  response: { text: 'said' },
  usage: USAGE,
  headers: { a: 'b' },
});

/** A call that came back with this answer; `after` is what guardrails make of what it says. */
const called = (
  given: UpstreamAnswer,
  filled: Partial<Exchange> = {},
  after = async (): Promise<unknown> => ({ text: 'checked' }),
) => {
  const { runtime, told } = aRuntime();
  const front = aFront({
    usageOfDomain: () => undefined,
    fromDomain: (response) => ({ ...(response as object) }),
    toChunks: () => [{ type: 'text-delta', choice: 0, text: 'checked' }],
    encoder: () => ({ encode: (chunk: { text: string }) => `<${chunk.text}>`, end: () => '.', error: (body) => body }),
    wantsUsage: () => false,
  });
  const snapshot = Object.assign(aSnapshot(), { guardrails: { after } });
  const exchange = aRecalled(snapshot, {}, { front }) as Called;
  const attempt = anAttempt(exchange);
  Object.assign(exchange, { answer: given, ...filled });
  return { exchange, attempt, told, run: async () => judged(runtime, exchange) };
};

const textOf = async (answer: unknown): Promise<string> => {
  const response = new FakeResponse();
  await (answer as StreamAnswer).pipe(response.asResponse());
  return response.text;
};

describe('an answer', () => {
  it('that nobody has to see is there at once', () => {
    const { runtime } = aRuntime();
    const whole = aWholeAnswer('x');
    expect(judged(runtime, { answer: whole } as Called)).toBe(whole);
  });

  it('waits for those beside the call', async () => {
    const beside = Promise.withResolvers<void>();
    const whole = aWholeAnswer('x');
    const { run } = called(whole, { beside: beside.promise });
    const waited = run();
    beside.resolve();
    expect(await waited).toBe(whole);
  });

  it('is written as those after it leave it', async () => {
    const { run, exchange } = called(unchecked());
    const whole = (await run()) as WholeAnswer;
    expect([whole.kind, whole.body.toString(), whole.headers]).toEqual(['whole', '{"text":"checked"}', { a: 'b' }]);
    expect(exchange.answer).toBe(whole);
  });

  it('is played to those who asked for a stream, with what it used', async () => {
    const { run, attempt } = called(unchecked(), { isStream: true });
    const stream = (await run()) as StreamAnswer;
    expect([await textOf(stream), stream.usage]).toEqual(['<checked>.', USAGE]);
    expect(attempt.firstTokenAt).toEqual(expect.any(Number));
  });
});

describe('an answer that nobody gets to see', () => {
  const refused = () => Promise.reject(BLOCKED);

  it('was paid for, and was no fault of its deployment', async () => {
    const { run, attempt, told } = called(unchecked(), {}, refused);
    await expect(run()).rejects.toBe(BLOCKED);
    expect(attempt).toMatchObject({ status: 'success', usage: USAGE, costNanoUsd: 3 });
    expect(told.failedAttempts).toEqual([]);
  });

  it('was paid for also where it was there before those beside it spoke', async () => {
    const { run, attempt } = called(aWholeAnswer('x', { usage: USAGE }), { beside: Promise.reject(BLOCKED) });
    await expect(run()).rejects.toBe(BLOCKED);
    expect(attempt).toMatchObject({ status: 'success', usage: USAGE });
  });

  it('is given up where it still comes; what came of it counts', async () => {
    const stream = new FakeStream('four');
    const { run, attempt } = called(stream, { beside: Promise.reject(BLOCKED) });
    await expect(run()).rejects.toBe(BLOCKED);
    expect(stream.isAborted).toBe(true);
    expect(attempt).toMatchObject({ status: 'abandoned', usage: { outputTokens: 4 }, isUsageEstimated: true });
  });

  it('is nobody’s where it came from the cache', async () => {
    const { run } = called(unchecked(), { attempt: undefined, cache: 'hit' }, refused);
    await expect(run()).rejects.toBe(BLOCKED);
  });
});
