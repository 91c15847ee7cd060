import { describe, expect, it } from '@jest/globals';
import { anAttempt } from '../../test/doubles.js';
import { aFailure, aRecalled, aRuntime, aSnapshot, aWholeAnswer, FakeStream, someUsage } from '../../test/road.js';
import { Flights } from '../cache/flights.js';
import type { WaitingRoom } from '../runtime/waiting-room.js';
import type { Exchange, Outcome } from './exchange.js';
import { settle } from './settle.js';

const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  status: 'success',
  statusCode: 200,
  isUsageEstimated: false,
  usage: someUsage(1, 2),
  endedAt: performance.now(),
  ...changes,
});
const FAILED = outcome({ status: 'failure', statusCode: 502, error: aFailure('GW_STREAM_CUT'), usage: undefined });

const settling = (filled: Partial<Exchange>, { verbose = false } = {}) => {
  const recent: unknown[] = [];
  const written: unknown[] = [];
  const finished: Outcome[] = [];
  const released: (number | undefined)[] = [];
  let letIn = 0;
  const { runtime, told } = aRuntime({ recentCalls: { add: (...given: unknown[]) => void recent.push(given) } });
  const snapshot = Object.assign(
    aSnapshot({
      config: { logging: { verbose } },
      waitingRoom: { letIn: () => (letIn += 1) } as unknown as WaitingRoom,
    }),
    {
      cache: { write: (...given: unknown[]) => void written.push(given) },
      callbacks: { finished: (_exchange: Exchange, ended: Outcome) => void finished.push(ended) },
    },
  );
  const admission = { release: (tokens?: number) => void released.push(tokens) };
  const exchange = aRecalled(snapshot, { admission, ...filled });
  const run = (): void => settle(runtime).run(exchange);
  return { run, exchange, told, finished, recent, written, released, letIn: () => letIn };
};

describe('a call that is over', () => {
  it('is told to all who want to know', () => {
    const ended = outcome();
    const { run, exchange, told, finished, recent } = settling({ outcome: ended });
    run();
    expect(told).toMatchObject({ recorded: [ended], left: [exchange], logged: [] });
    expect(finished).toEqual([ended]);
    expect(recent).toEqual([[exchange, ended]]);
  });

  it.each<[string, Outcome, number | undefined]>([
    ['with what it used', outcome(), 3],
    ['with its estimate, where nobody knows', FAILED, undefined],
  ])('leaves its room to others, %s', (_title, ended, tokens) => {
    const { run, released, letIn } = settling({ outcome: ended });
    run();
    expect([released, letIn()]).toStrictEqual([[tokens], 1]);
  });

  it('that was refused at the door had no room', () => {
    const { run, told, letIn } = settling({ outcome: FAILED, admission: undefined });
    run();
    expect([letIn(), told.recorded]).toEqual([0, [FAILED]]);
  });

  it('that has no outcome is not over', () => {
    const { run, told, recent } = settling({});
    run();
    expect([told.recorded, told.left, recent]).toEqual([[], [], []]);
  });
});

describe('the cache', () => {
  const cacheWrite = { key: 'k', ttlMs: 5_000 };
  const answer = aWholeAnswer('kept');

  it('is given a good answer that is to be kept', () => {
    const { run, written } = settling({ outcome: outcome(), answer, cacheWrite });
    run();
    expect(written).toEqual([[[{ key: 'k', value: answer.body }], 5_000, expect.any(Number)]]);
  });

  it('is given what was brought to those who followed a client that left', () => {
    const flight = new Flights().lead('f')!;
    flight.landed(answer.body);
    const { run, written } = settling({ outcome: outcome({ status: 'client_closed' }), answer, cacheWrite, flight });
    run();
    expect(written).toHaveLength(1);
  });

  it('is not given an answer of another group than the one asked for', () => {
    const { run, exchange, written } = settling({ outcome: outcome(), answer, cacheWrite });
    const attempt = anAttempt(exchange);
    exchange.attempt = Object.assign(Object.create(attempt), { choice: { ...attempt.choice, fallback: 1 } });
    run();
    expect(written).toEqual([]);
  });

  it('has what was kept before others look for it: a flight is over after that', () => {
    const flight = new Flights().lead('f')!;
    const { run, exchange, written } = settling({ outcome: outcome(), answer, cacheWrite, flight });
    const isOver = (): boolean => !flight.hasRoom;
    const { cache } = exchange.snapshot as unknown as { cache: { write: () => void } };
    cache.write = () => void written.push(isOver());
    run();
    expect([written, isOver()]).toEqual([[false], true]);
  });

  it('takes no tokens of a limit for what it gave', () => {
    const { run, released } = settling({ outcome: outcome({ usage: undefined }), cache: 'hit' });
    run();
    expect(released).toEqual([0]);
  });

  it.each<[string, Partial<Exchange>]>([
    ['is not to be kept', { cacheWrite: undefined }],
    ['is a stream', { answer: new FakeStream('x') }],
    ['failed', { outcome: FAILED }],
    ['reached nobody', { outcome: outcome({ status: 'client_closed' }) }],
  ])('is not given one that %s', (_title, changes) => {
    const { run, written } = settling({ outcome: outcome(), answer, cacheWrite, ...changes });
    run();
    expect(written).toEqual([]);
  });
});

describe('the log', () => {
  const attempted = (ended: Outcome, attempts: number) => {
    const { run, exchange, told } = settling({ outcome: ended }, { verbose: true });
    Object.assign(exchange, { startedAt: ended.endedAt - 1_234 });
    for (let count = 0; count < attempts; count += 1) anAttempt(exchange, { deployment: { provider: 'provider.x' } });
    run();
    return told.logged;
  };

  it.each<[string, Outcome, number, string]>([
    ['went well', outcome(), 1, 'g routed to x/upstream: success in 1.23 s'],
    ['took several attempts', outcome(), 3, 'g routed to x/upstream: success in 1.23 s after 3 attempts'],
    ['failed', FAILED, 1, 'g routed to x/upstream: GW_STREAM_CUT (502) in 1.23 s'],
    ['was never routed', FAILED, 0, 'g was not routed: GW_STREAM_CUT (502) in 1.23 s'],
  ])('tells where a call went that %s', (_title, ended, attempts, message) => {
    expect(attempted(ended, attempts)).toMatchObject([{ message, facts: { callId: 'call-1' } }]);
  });

  it('tells what it used, where that is known', () => {
    const [good, bad] = [attempted(outcome(), 1), attempted(FAILED, 1)];
    expect(good[0]?.facts).toMatchObject({ deployment: 'deployment-0', inputTokens: 1, outputTokens: 2 });
    expect(bad[0]?.facts).not.toHaveProperty('inputTokens');
  });
});
