import { PrincipalModels } from '@turnpike/domain';
import { isGatewayError } from '@turnpike/errors';
import type { Denial, LimitRule, Permit } from '@turnpike/limits';
import type { RoutingWishes } from '@turnpike/router';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { aRecalled, aRuntime, aSnapshot, settled } from '../../test/road.js';
import { Bounds, UNBOUNDED, type BoundSet } from '../keys/bounds.js';
import type { Terms } from '../keys/terms.js';
import { WaitingRoom } from '../runtime/waiting-room.js';
import { admit } from './admit.js';
import type { Exchange, Principal } from './exchange.js';

const PERMIT: Permit = { release: () => undefined };
const denial = (changes: Partial<Denial> = {}): Denial => ({
  rule: { key: 'global' },
  dimension: 'requests',
  limit: 60,
  retryAfterMs: 2_000,
  ...changes,
});

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const aRoom = (maxSize = 10): WaitingRoom => new WaitingRoom({ maxSize, maxWaitMs: 5_000 }, () => Date.now());

type Says = Permit | Denial | Promise<Permit | Denial>;

/** A call at the door of an installation whose limits say this. */
const atTheDoor = (says?: () => Says, waitingRoom?: WaitingRoom, filled: Partial<Exchange> = {}) => {
  const { runtime, told } = aRuntime();
  const tokens: number[] = [];
  const takeGlobal = says && ((estimated: number): Says => (tokens.push(estimated), says()));
  const snapshot = aSnapshot({ takeGlobal, waitingRoom });
  const exchange = aRecalled(snapshot, { resolution: undefined, ...filled }, { raw: Buffer.alloc(40) });
  const run = (): unknown => admit(runtime).run(exchange);
  return { run, exchange, told, tokens };
};

const refusal = async (run: () => unknown) => {
  try {
    await run();
  } catch (error) {
    if (isGatewayError(error)) return { code: error.code, retryAfterMs: error.facts.retryAfterMs, text: error.message };
  }
  return undefined;
};

describe('a request', () => {
  it('for a model that nobody knows is refused', async () => {
    const { run, exchange } = atTheDoor();
    exchange.model = 'unknown';
    expect(await refusal(run)).toMatchObject({ code: 'GW_UNKNOWN_MODEL' });
    expect(exchange.admission).toBeUndefined();
  });

  it('comes in at once where there are no limits', () => {
    const { run, exchange } = atTheDoor();
    expect(run()).toBe(exchange);
    expect(exchange.resolution.requested).toBe('g');
    expect(() => exchange.admission.release()).not.toThrow();
  });

  it.each<[string, () => Says]>([
    ['at once', () => PERMIT],
    ['later', async () => PERMIT],
  ])('takes its room, with the tokens it may need; this is granted %s', async (_title, says) => {
    const { run, exchange, tokens } = atTheDoor(says);
    await run();
    expect([exchange.admission, tokens]).toEqual([PERMIT, [10]]);
  });

  it.each<[string, () => Says, string]>([
    ['requests', () => denial(), '60 requests a minute'],
    ['tokens', async () => denial({ dimension: 'tokens' }), '60 tokens a minute'],
    ['calls at a time', () => denial({ dimension: 'parallel', limit: 5 }), '5 requests at a time'],
  ])('is refused where there are too many %s and nobody may wait', async (_title, says, words) => {
    const { run, exchange } = atTheDoor(says);
    expect(await refusal(run)).toEqual({
      code: 'GW_RATE_LIMITED',
      retryAfterMs: 2_000,
      text: expect.stringContaining(words),
    });
    expect(exchange.admission).toBeUndefined();
  });
});

describe('the queue', () => {
  /** Denied until it is told that there is room. */
  const waiting = (room: WaitingRoom, filled?: Partial<Exchange>) => {
    const house = { isFull: true };
    const made = atTheDoor(() => (house.isFull ? denial() : PERMIT), room, filled);
    return { ...made, house };
  };

  it('is where a request waits that finds no room', async () => {
    const room = aRoom();
    const { run, house, exchange } = waiting(room);
    const admitted = run();
    await settled();
    expect(room.size).toBe(1);
    house.isFull = false;
    room.letIn();
    await admitted;
    expect([exchange.admission, room.size]).toEqual([PERMIT, 0]);
  });

  it('keeps the place of one that looked in too early', async () => {
    const room = aRoom();
    const [first, second] = [waiting(room), waiting(room)];
    const order: string[] = [];
    const done = [first.run(), second.run()].map((admitted, at) =>
      Promise.resolve(admitted).then(() => order.push(String(at))),
    );
    await settled();
    room.letIn();
    await settled();
    expect(room.size).toBe(2);
    first.house.isFull = second.house.isFull = false;
    room.letIn();
    await Promise.all(done);
    expect(order).toEqual(['0', '1']);
  });

  it('is joined by those who come later, although there may be room', async () => {
    const room = aRoom();
    const first = waiting(room);
    void first.run();
    await settled();
    const second = atTheDoor(() => PERMIT, room);
    const admitted = second.run();
    await settled();
    expect([room.size, second.tokens]).toEqual([2, []]);
    first.house.isFull = false;
    room.letIn();
    await admitted;
    expect(second.exchange.admission).toBe(PERMIT);
  });

  it('lets callers of the same priority take turns', async () => {
    const room = aRoom();
    const order: string[] = [];
    const calls = ['one', 'one', 'two'].map((keyHash) => {
      const call = waiting(room, { principal: { isAdmin: false, keyHash, keyAlias: '', teamId: '', userId: '' } });
      return { ...call, done: Promise.resolve(call.run()).then(() => order.push(keyHash)) };
    });
    await settled();
    for (const { house } of calls) house.isFull = false;
    room.letIn();
    await Promise.all(calls.map(({ done }) => done));
    expect(order).toEqual(['one', 'two', 'one']);
  });

  it('that is full turns requests away, as long as the limit says', async () => {
    const { run } = waiting(aRoom(0));
    expect(await refusal(run)).toMatchObject({ code: 'GW_QUEUE_FULL', retryAfterMs: 2_000 });
  });

  it('is left by one whose time is over: it is told of the limit', async () => {
    const room = aRoom();
    const { run } = waiting(room);
    const refused = refusal(run);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await refused).toMatchObject({ code: 'GW_RATE_LIMITED', text: expect.stringContaining('60 requests') });
    expect(room.size).toBe(0);
  });

  it('is left by one that only waited behind others: it is told of the time', async () => {
    const room = aRoom();
    const blocked = jest.spyOn(room, 'letIn').mockImplementation(() => undefined);
    void refusal(waiting(room).run);
    await settled();
    await jest.advanceTimersByTimeAsync(1);
    const refused = refusal(waiting(room).run);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await refused).toEqual({
      code: 'GW_RATE_LIMITED',
      retryAfterMs: 1_000,
      text: 'There was no room for this request within 5 s.',
    });
    blocked.mockRestore();
  });

  it('is left by a client that leaves', async () => {
    const room = aRoom();
    const { run, exchange } = waiting(room);
    const refused = refusal(run);
    await settled();
    exchange.clientGone();
    expect(await refused).toMatchObject({ code: 'GW_CLIENT_CLOSED' });
    expect([room.size, jest.getTimerCount()]).toEqual([0, 0]);
  });

  it.each<[string, number]>([
    ['before it could wait', 1],
    ['while it looked in', 2],
  ])('is not waited in for a client that left %s', async (_title, leavesAt) => {
    const room = aRoom();
    let looks = 0;
    const made = atTheDoor(async () => {
      looks += 1;
      if (looks === leavesAt) made.exchange.clientGone();
      return denial();
    }, room);
    const refused = refusal(made.run);
    for (let turn = 0; turn < 3; turn += 1) {
      await settled();
      room.letIn();
    }
    expect(await refused).toMatchObject({ code: 'GW_CLIENT_CLOSED' });
    expect([looks, room.size, jest.getTimerCount()]).toEqual([leavesAt, 0, 0]);
  });
});

describe('what bounds a call', () => {
  const rule = (key: string): LimitRule => ({ key, rpm: 1 });
  const boundsOf = (name: string, ofModel?: string): Bounds => {
    const set = (accounts: string[], further?: string[]): BoundSet => ({
      limits: accounts.map(rule),
      accounts,
      furtherAccounts: further,
    });
    const account = `${name}|model:g`;
    return new Bounds(set([name]), new Map(ofModel ? [[ofModel, set([name, account], [account])]] : []));
  };
  const aCaller = (terms: Partial<Terms>): Principal => ({
    isAdmin: false,
    keyHash: 'k',
    keyAlias: '',
    teamId: '',
    userId: '',
    terms: { models: new PrincipalModels([], {}), bounds: UNBOUNDED, ...terms } as Terms,
  });
  /** Admitted with these, where limits and budgets write down what they were asked for. */
  const admitted = (filled: Partial<Exchange>, reserve: (accounts: readonly string[]) => unknown = () => ({})) => {
    const asked: { rules: string[]; accounts: readonly string[] } = { rules: [], accounts: [] };
    const { runtime } = aRuntime({
      budgets: { reserve: (accounts: readonly string[]) => ((asked.accounts = accounts), reserve(accounts)) },
      estimates: { costOf: () => 5 },
    });
    const snapshot = aSnapshot();
    Object.assign(snapshot.limits, {
      rulesFor: ({ limits }: BoundSet) => limits,
      take: (rules: LimitRule[]) => ((asked.rules = rules.map(({ key }) => key)), PERMIT),
    });
    const exchange = admit(runtime).run(aRecalled(snapshot, filled)) as Exchange;
    return { exchange, asked };
  };

  it('is what holds for its caller, its end user and its tags together, of its model', () => {
    const { asked, exchange } = admitted({
      principal: aCaller({ bounds: boundsOf('key:k', 'g') }),
      parties: [boundsOf('customer:ada'), boundsOf('tag:red', 'another')],
    });
    const accounts = ['key:k', 'key:k|model:g', 'customer:ada', 'tag:red'];
    expect(asked).toEqual({ rules: accounts, accounts });
    expect(exchange.bounds?.furtherAccounts).toEqual(['key:k|model:g']);
  });

  it('is what holds for its end user where its caller may do everything', () => {
    const { asked } = admitted({ parties: [boundsOf('customer:ada')] });
    expect(asked).toEqual({ rules: ['customer:ada'], accounts: ['customer:ada'] });
  });

  it('names whose budget is spent', () => {
    const grant = { account: 'customer:ada', granted: 0, max: 1e9, spent: 2e9, retryAfterMs: 0 };
    expect(() => admitted({ parties: [boundsOf('customer:ada')] }, () => ({ account: 'customer:ada', grant }))).toThrow(
      expect.objectContaining({
        code: 'GW_BUDGET_EXCEEDED',
        message: expect.stringContaining('cost of this customer'),
      }),
    );
  });

  it.each<[string, Partial<RoutingWishes>]>([
    ['fallbacks', { fallbacks: [{ model: 'other' }] }],
    ['context_window_fallbacks', { contextWindowFallbacks: [{ model: 'g' }, { model: 'other' }] }],
    ['content_policy_fallbacks', { contentPolicyFallbacks: [{ model: 'other' }] }],
  ])('is its list of models, for %s of its own too', (param, wishes) => {
    const principal = aCaller({ models: new PrincipalModels([{ owner: 'key', models: ['g'] }], {}) });
    expect(() => admitted({ principal, wishes })).toThrow(
      expect.objectContaining({ code: 'GW_MODEL_NOT_ALLOWED', facts: expect.objectContaining({ param }) }),
    );
    expect(() => admitted({ principal, wishes: { fallbacks: [{ model: 'g' }] } })).not.toThrow();
  });
});
