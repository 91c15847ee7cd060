import type { ErrorCode } from '@turnpike/errors';
import type { Denial, Permit } from '@turnpike/limits';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  aFailure,
  aRecalled,
  aRuntime,
  aSnapshot,
  aWholeAnswer,
  FakeStream,
  settled,
  someUsage,
  type SnapshotParts,
} from '../../test/road.js';
import { aFront } from '../../test/doubles.js';
import { WaitingRoom } from '../runtime/waiting-room.js';
import type { UpstreamAnswer } from '../upstream/answer.js';
import type { Attempt } from './attempt.js';
import type { Exchange, ExchangeInput } from './exchange.js';
import { RouteDriver } from './route-driver.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const text = (answer: UpstreamAnswer | undefined): string | undefined =>
  answer?.kind === 'whole' ? answer.body.toString() : answer?.kind;
const fault = (code: ErrorCode): unknown => expect.objectContaining({ code });
const says = (attempt: Attempt): Promise<UpstreamAnswer> =>
  Promise.resolve(aWholeAnswer(`answer of ${attempt.target.model}`));
const fails =
  (code: ErrorCode = 'GW_UPSTREAM_ERROR', facts = {}) =>
  (): Promise<UpstreamAnswer> =>
    Promise.reject(aFailure(code, facts));
/** Answers after a while, and is given up like a request under way. */
const saysAfter =
  (ms: number) =>
  (attempt: Attempt): Promise<UpstreamAnswer> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => void says(attempt).then(resolve), ms);
      attempt.isDoing({
        abort: () => {
          clearTimeout(timer);
          reject(aFailure('GW_CLIENT_CLOSED'));
        },
      });
    });

type Behaviour = (attempt: Attempt) => Promise<UpstreamAnswer>;

/**
 * A call whose deployments do as they are told, one behaviour an attempt, the last one from then on. Those that are not
 * named answer at once.
 */
const routed = (
  behaviours: Readonly<Record<string, Behaviour | readonly Behaviour[]>> = {},
  parts: SnapshotParts = {},
  filled: Partial<Exchange> = {},
  input: Partial<ExchangeInput> = {},
) => {
  const { runtime, told } = aRuntime();
  const snapshot = aSnapshot(parts);
  const exchange = aRecalled(snapshot, filled, input);
  const asked: string[] = [];
  const driver = new RouteDriver(runtime, exchange, {
    name: 'call',
    run: (attempt) => {
      const { id } = attempt.target.deployment;
      const given = [behaviours[id] ?? says].flat();
      const before = asked.filter((one) => one === id).length;
      asked.push(id);
      return given[Math.min(before, given.length - 1)]!(attempt);
    },
  });
  const run = async (): Promise<string | undefined> => text((await driver.run()).answer);
  const ends = (): [string, string][] => exchange.attempts.map(({ target, status }) => [target.deployment.id, status]);
  return { driver, exchange, snapshot, asked, told, run, ends };
};

describe('the router is told', () => {
  it('what the call asks for, and when its time is over', () => {
    const wishes = { numRetries: 7 };
    const { exchange } = routed(
      {},
      { settings: { requestTimeoutMs: 5_000 } },
      { isStream: true, wishes },
      { raw: Buffer.alloc(100) },
    );
    expect(exchange.routing?.request).toEqual({
      model: 'g',
      teamId: '',
      stream: true,
      promptTokens: 25,
      certainPromptTokens: 0,
      deadlineAt: Date.now() + 5_000,
      wishes,
    });
  });
});

describe('an answer', () => {
  it('is that of the first deployment that gives one', async () => {
    const { run, exchange, ends } = routed();
    expect(await run()).toBe('answer of a');
    expect(ends()).toEqual([['a', 'open']]);
    expect(exchange.attempt).toBe(exchange.attempts[0]);
    expect(exchange.attempt?.target.state.inFlight).toBe(1);
  });

  it('is that of the next one where the first fails', async () => {
    const { run, exchange, ends, told } = routed(
      { a: fails('GW_UPSTREAM_UNAVAILABLE') },
      { settings: { numRetries: 1 } },
    );
    expect(await run()).toBe('answer of b');
    expect(ends()).toEqual([
      ['a', 'failure'],
      ['b', 'open'],
    ]);
    expect([exchange.routing?.retries, exchange.attempt]).toEqual([1, exchange.attempts[1]]);
    expect(told.failedAttempts).toEqual([['a', 'GW_UPSTREAM_UNAVAILABLE']]);
  });

  it('is the last failure where all fail', async () => {
    const { run, ends } = routed(
      { a: fails('GW_UPSTREAM_UNAVAILABLE'), b: fails('GW_TIMEOUT') },
      { groups: { g: ['a', 'b'] }, settings: { numRetries: 1 } },
    );
    await expect(run()).rejects.toEqual(fault('GW_TIMEOUT'));
    expect(ends()).toEqual([
      ['a', 'failure'],
      ['b', 'failure'],
    ]);
  });

  it('may come from another group', async () => {
    const { run, exchange } = routed(
      { a: fails() },
      { groups: { g: ['a'], other: ['b'] }, settings: { fallbacks: { g: [{ model: 'other' }] } } },
    );
    expect(await run()).toBe('answer of b');
    expect([exchange.routing?.fallbacks, exchange.attempt?.choice.level.group.name]).toEqual([1, 'other']);
  });

  it('does not come from one that asks for guardrails which did not look', async () => {
    const { run, exchange, asked } = routed(
      { a: fails() },
      {
        groups: { g: ['a'], other: ['b', 'c'] },
        settings: { fallbacks: { g: [{ model: 'other' }] } },
        mayAnswer: (_exchange, id) => id !== 'b',
      },
    );
    expect(await run()).toBe('answer of c');
    expect([asked, exchange.routing?.retries]).toEqual([['a', 'c'], 0]);
  });

  it('tells that a deployment is well again when it begins, not when it ends', async () => {
    const { run, exchange } = routed();
    const { state } = exchange.resolution.groups[0]!.targets[0]!;
    state.changeHealth({ ...state.health, coolUntil: Date.now() - 1, isProving: true });
    await run();
    expect(state.health.isProving).toBe(false);
  });

  it('that no other deployment can give is not asked for', async () => {
    const refuses = fails('GW_INVALID_REQUEST', { provider: undefined });
    const { run, asked } = routed({ a: refuses }, { settings: { numRetries: 1 } });
    await expect(run()).rejects.toEqual(fault('GW_INVALID_REQUEST'));
    expect(asked).toEqual(['a']);
  });

  it('may come from another deployment where what is asked first is broken itself', async () => {
    const { run, told } = routed({ a: () => Promise.reject(new TypeError('a bug')) }, { settings: { numRetries: 1 } });
    expect(await run()).toBe('answer of b');
    expect(told.failedAttempts).toEqual([['a', 'GW_INTERNAL']]);
  });
});

describe('the limits of a deployment', () => {
  const denial: Denial = { rule: { key: 'k' }, dimension: 'requests', limit: 1, retryAfterMs: 100 };

  it('are taken for the estimated tokens, and held by the attempt', async () => {
    const permit: Permit = { release: () => undefined };
    const taken: [string, number][] = [];
    const takeAt = (id: string, tokens: number): Permit => (taken.push([id, tokens]), permit);
    const { run, exchange } = routed({}, { takeAt }, {}, { raw: Buffer.alloc(40) });
    await run();
    expect([taken, exchange.attempt?.permit]).toEqual([[['a', 10]], permit]);
  });

  it.each<[string, (denied: Denial) => Denial | Promise<Denial>]>([
    ['at once', (denied) => denied],
    ['by others, later', (denied) => Promise.resolve(denied)],
  ])('that are reached, as is said %s, lead to another one, and that is no retry', async (_title, say) => {
    const { run, exchange, asked } = routed({}, { takeAt: (id) => (id === 'a' ? say(denial) : undefined) });
    expect(await run()).toBe('answer of b');
    expect([asked, exchange.routing?.retries]).toEqual([['b'], 0]);
  });

  it('are given back with what was used when the attempt fails', async () => {
    const released: [string, number | undefined][] = [];
    const takeAt = (id: string): Permit => ({ release: (tokens) => void released.push([id, tokens]) });
    const { run } = routed({ a: fails() }, { takeAt, settings: { numRetries: 1 } });
    await run();
    expect(released).toEqual([['a', undefined]]);
  });
});

describe('a slow deployment', () => {
  const settings = { hedge: { afterMs: 100 } };

  it('is raced by another one, and given up when that is quicker', async () => {
    const released: [string, number | undefined][] = [];
    const takeAt = (id: string): Permit => ({ release: (tokens) => void released.push([id, tokens]) });
    const { run, exchange, ends } = routed(
      { a: saysAfter(10_000) },
      { settings, takeAt },
      {},
      { raw: Buffer.alloc(40) },
    );
    const answer = run();
    await jest.advanceTimersByTimeAsync(99);
    expect(exchange.attempts).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(await answer).toBe('answer of b');
    expect(ends()).toEqual([
      ['a', 'abandoned'],
      ['b', 'open'],
    ]);
    const [loser, winner] = exchange.attempts;
    expect(exchange.attempt).toBe(winner);
    expect(loser).toMatchObject({ usage: someUsage(10, 0), isUsageEstimated: true, costNanoUsd: 10 });
    expect([loser?.signal.aborted, winner?.signal.aborted]).toEqual([true, false]);
    expect(released).toEqual([['a', 10]]);
  });

  it('that answers first after all wins, and is asked for nothing more', async () => {
    const { run, exchange, ends } = routed({ a: saysAfter(150), b: saysAfter(100) }, { settings });
    const answer = run();
    await jest.advanceTimersByTimeAsync(150);
    expect(await answer).toBe('answer of a');
    expect(ends()).toEqual([
      ['a', 'open'],
      ['b', 'abandoned'],
    ]);
    expect(exchange.attempt).toBe(exchange.attempts[0]);
  });

  it('that loses is charged for what it had told by then', async () => {
    const { driver, exchange } = routed({ a: async () => aWholeAnswer('late', { usage: someUsage(3, 4) }) });
    await driver.run();
    driver.abandon(exchange.attempt!.choice);
    expect(exchange.attempt).toMatchObject({
      status: 'abandoned',
      usage: someUsage(3, 4),
      isUsageEstimated: false,
    });
  });

  it('whose rival was admitted too late has that one give its place back', async () => {
    let admit: () => void = () => undefined;
    const released: [string, number | undefined][] = [];
    const permit = (id: string): Permit => ({ release: (tokens) => void released.push([id, tokens]) });
    const takeAt = (id: string): Permit | Promise<Permit> =>
      id === 'a' ? permit(id) : new Promise((resolve) => (admit = () => resolve(permit(id))));
    const { run, asked } = routed({ a: saysAfter(150) }, { settings, takeAt });
    const answer = run();
    await jest.advanceTimersByTimeAsync(150);
    expect(await answer).toBe('answer of a');
    admit();
    await settled();
    expect([asked, released]).toEqual([['a'], [['b', 0]]]);
  });
});

describe('a client that leaves', () => {
  it('while it waits for an answer gives up the attempt: what was sent is counted', async () => {
    const { run, exchange, ends, told } = routed({ a: saysAfter(10_000) }, {}, {}, { raw: Buffer.alloc(40) });
    const answer = run();
    await settled();
    exchange.clientGone();
    await expect(answer).rejects.toEqual(fault('GW_CLIENT_CLOSED'));
    expect(ends()).toEqual([['a', 'abandoned']]);
    expect(exchange.attempt).toMatchObject({ usage: someUsage(10, 0), isUsageEstimated: true });
    expect(told.failedAttempts).toEqual([]);
  });

  it('while it waits for another try is not waited for, and nobody is asked again', async () => {
    const released: (number | undefined)[] = [];
    const takeAt = (): Permit => ({ release: (tokens) => void released.push(tokens) });
    const { run, exchange, asked, ends } = routed(
      { a: fails() },
      { groups: { g: ['a'] }, settings: { numRetries: 3, retryAfterMs: 5_000 }, takeAt },
    );
    const answer = run();
    await settled();
    expect(jest.getTimerCount()).toBe(1);
    exchange.clientGone();
    await expect(answer).rejects.toEqual(fault('GW_CLIENT_CLOSED'));
    expect([asked, ends(), jest.getTimerCount()]).toEqual([['a'], [['a', 'failure']], 0]);
    // The place that the second try had got is free again.
    expect(released).toEqual([undefined, 0]);
  });

  it('leaves no timer of a race behind', async () => {
    const { run, exchange } = routed({ a: saysAfter(10_000) }, { settings: { hedge: { afterMs: 100 } } });
    const answer = run();
    await settled();
    exchange.clientGone();
    await expect(answer).rejects.toEqual(fault('GW_CLIENT_CLOSED'));
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a full house', () => {
  const full: Denial = { rule: { key: 'k' }, dimension: 'parallel', limit: 1, retryAfterMs: 1_000 };
  const aRoom = (maxSize = 10, maxWaitMs = 5_000): WaitingRoom =>
    new WaitingRoom({ maxSize, maxWaitMs }, () => Date.now());

  /** The only deployment has no room until it is told to. */
  const waiting = (waitingRoom: WaitingRoom | undefined, filled: Partial<Exchange> = {}) => {
    const house = { isFull: true };
    const takeAt = (): Denial | undefined => (house.isFull ? full : undefined);
    return { house, ...routed({}, { groups: { g: ['a'] }, takeAt, waitingRoom }, filled) };
  };

  it('is told to the client where nobody may wait', async () => {
    await expect(waiting(undefined).run()).rejects.toEqual(fault('GW_NO_DEPLOYMENT_READY'));
  });

  it('is waited for until there is room', async () => {
    const room = aRoom();
    const { house, run } = waiting(room);
    const answer = run();
    await settled();
    expect(room.size).toBe(1);
    house.isFull = false;
    room.letIn();
    expect(await answer).toBe('answer of a');
    expect(room.size).toBe(0);
  });

  it('is waited for at the old place by one that looked in too early', async () => {
    const room = aRoom();
    const [first, second] = [waiting(room), waiting(room)];
    const order: string[] = [];
    const done = [
      first.run().then(() => order.push('first')),
      settled()
        .then(() => second.run())
        .then(() => order.push('second')),
    ];
    for (let turn = 0; turn < 4; turn += 1) await settled();
    room.letIn();
    await settled();
    expect([order, room.size]).toEqual([[], 2]);
    first.house.isFull = second.house.isFull = false;
    room.letIn();
    await Promise.all(done);
    expect(order).toEqual(['first', 'second']);
  });

  it('is not waited for longer than may be', async () => {
    const answer = waiting(aRoom()).run();
    const refused = expect(answer).rejects.toEqual(fault('GW_NO_DEPLOYMENT_READY'));
    await jest.advanceTimersByTimeAsync(5_000);
    await refused;
  });

  it('with a full queue turns clients away', async () => {
    await expect(waiting(aRoom(0)).run()).rejects.toEqual(fault('GW_QUEUE_FULL'));
  });

  it('is waited for behind those who came first, although there may be room', async () => {
    const room = aRoom();
    const first = waiting(room);
    void first.run();
    await settled();
    const second = waiting(room);
    second.house.isFull = false;
    const answer = second.run();
    await settled();
    expect([room.size, second.asked]).toEqual([2, []]);
    first.house.isFull = false;
    room.letIn();
    expect(await answer).toBe('answer of a');
  });

  it('takes those of the caller with the lower priority number first', async () => {
    const room = aRoom();
    const calls = [5, 1].map((priority) => waiting(room, { wishes: { priority } }));
    const order: number[] = [];
    const done = calls.map(({ run }, at) => run().then(() => order.push(at)));
    await settled();
    for (const { house } of calls) house.isFull = false;
    room.letIn();
    await Promise.all(done);
    expect(order).toEqual([1, 0]);
  });

  it('is left by a client that leaves', async () => {
    const room = aRoom();
    const { run, exchange, asked } = waiting(room);
    const answer = run();
    await settled();
    exchange.clientGone();
    await expect(answer).rejects.toBeDefined();
    expect([room.size, asked, jest.getTimerCount()]).toEqual([0, [], 0]);
  });

  it('is not waited for by a client that has left', async () => {
    const room = aRoom();
    const { run, exchange } = waiting(room);
    exchange.clientGone();
    await expect(run()).rejects.toBeDefined();
    expect(room.size).toBe(0);
  });
});

describe('a stream that broke off', () => {
  const cut = aFailure('GW_STREAM_CUT');
  const goOnWith = (_body: unknown, soFar: string) => ({ messages: [`after ${soFar}`] });
  const streams =
    (words: string): Behaviour =>
    async ({ transcript }) =>
      new FakeStream(words, undefined, transcript);

  const broken = async (
    behaviours: Readonly<Record<string, Behaviour>>,
    { settings = {}, ...parts }: SnapshotParts = {},
    front = aFront({ goOnWith }),
  ) => {
    const made = routed(
      { a: streams('one '), b: streams('two '), c: streams('three'), ...behaviours },
      { settings: { midStreamFailover: true, numRetries: 2, ...settings }, ...parts },
      { isStream: true },
      { front },
    );
    await made.driver.run();
    return made;
  };

  it('goes on with the next deployment, which is told what was said', async () => {
    const { exchange, ends, told } = await broken({});
    const next = await exchange.continuation?.goOn(cut);
    expect(next).toBe(exchange.attempt?.answer);
    expect(exchange.attempt?.body).toEqual({ messages: ['after one '] });
    expect(ends()).toEqual([
      ['a', 'failure'],
      ['b', 'open'],
    ]);
    expect([exchange.attempts[0]?.error, told.failedAttempts]).toEqual([cut, [['a', 'GW_STREAM_CUT']]]);
  });

  it('may break again: the next but one is told all that was said', async () => {
    const { exchange } = await broken({});
    await exchange.continuation?.goOn(cut);
    await exchange.continuation?.goOn(cut);
    expect(exchange.attempt?.body).toEqual({ messages: ['after one two '] });
    expect(exchange.routing?.retries).toBe(2);
  });

  it('goes on behind one that fails before it says anything', async () => {
    const { exchange, asked } = await broken({ b: fails('GW_UPSTREAM_UNAVAILABLE') });
    expect(await exchange.continuation?.goOn(cut)).toBeDefined();
    expect([asked, exchange.attempt?.body]).toEqual([['a', 'b', 'c'], { messages: ['after one '] }]);
  });

  it('stays broken where nobody goes on with it', async () => {
    const { exchange, ends } = await broken({ b: fails(), c: fails() });
    expect(await exchange.continuation?.goOn(cut)).toBeUndefined();
    expect(exchange.attempt).toBe(exchange.attempts[0]);
    expect(ends().map(([, status]) => status)).toEqual(['failure', 'failure', 'failure']);
  });

  it('stays broken where it said what nobody can go on with', async () => {
    const { exchange, asked } = await broken({
      a: async ({ transcript }) => {
        transcript?.hear({ type: 'tool-call-start', choice: 0, index: 0, id: 'x', name: 'f' });
        return new FakeStream('one ', undefined, transcript);
      },
    });
    expect(await exchange.continuation?.goOn(cut)).toBeUndefined();
    expect([asked, exchange.attempts[0]?.status]).toEqual([['a'], 'open']);
  });

  it('stays broken where the failure is one that no other deployment can mend', async () => {
    const { exchange, asked } = await broken({});
    expect(await exchange.continuation?.goOn(aFailure('GW_GUARDRAIL_BLOCKED'))).toBeUndefined();
    expect(asked).toEqual(['a']);
  });

  it('stays broken for a client that has left', async () => {
    const { exchange, asked } = await broken({});
    exchange.clientGone();
    expect(await exchange.continuation?.goOn(cut)).toBeUndefined();
    expect(asked).toEqual(['a']);
  });

  it('stays broken for a client that leaves meanwhile', async () => {
    const { exchange, ends } = await broken({ b: saysAfter(10_000) });
    const going = exchange.continuation?.goOn(cut);
    await settled();
    exchange.clientGone();
    expect(await going).toBeUndefined();
    expect(ends()).toEqual([
      ['a', 'failure'],
      ['b', 'abandoned'],
    ]);
    expect(exchange.attempt).toBe(exchange.attempts[0]);
  });

  it.each<[string, SnapshotParts, Partial<Exchange>, ReturnType<typeof aFront>]>([
    ['it is off', { settings: { midStreamFailover: false } }, {}, aFront({ goOnWith })],
    ['the kind of call cannot be gone on with', {}, {}, aFront()],
    ['the answer is read before the client gets it', {}, { mustReadAnswer: true }, aFront({ goOnWith })],
    ['the answer comes whole', {}, { isStream: false }, aFront({ goOnWith })],
  ])('is not gone on with where %s', async (_title, parts, filled, front) => {
    const { driver, exchange } = routed(
      {},
      { settings: { midStreamFailover: true }, ...parts },
      { isStream: true, ...filled },
      { front },
    );
    await driver.run();
    expect([exchange.continuation, exchange.attempt?.transcript]).toEqual([undefined, undefined]);
  });
});
