import type { CallFinished, EventsV1 } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { aConfig, aGraph, anAttempt, anExchange, anInstance } from '../../test/doubles.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';
import { CallEvents } from './call-events.js';

const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  status: 'success',
  statusCode: 200,
  isUsageEstimated: false,
  endedAt: performance.now(),
  ...changes,
});
const FAILED = outcome({ status: 'failure', statusCode: 503 });

const snapshot = (turnOffMessageLogging = false) => ({ config: { logging: { turnOffMessageLogging } } });
const call = (filled: Partial<Exchange> = {}, turnOff = false): Exchange =>
  anExchange({ callId: 'call-1', model: 'm', ...filled }, { snapshot: snapshot(turnOff) });

type Names = Partial<Record<'both' | 'success' | 'failure', string[]>>;

/** Callbacks that write down what they are told, by name. */
const listening = (names: Names, hooks: Partial<EventsV1> = {}) => {
  const told: [string, string, readonly CallFinished[]][] = [];
  const dropped: [string, number][] = [];
  const events = new CallEvents((plugin, count) => dropped.push([plugin, count]));
  const instances = Object.values(names)
    .flat()
    .map((name) => [
      `callback.${name}`,
      anInstance<'callback/v1'>(`callback.${name}`, {
        events: {
          onSuccess: (batch) => void told.push([name, 'success', batch]),
          onFailure: (batch) => void told.push([name, 'failure', batch]),
          ...hooks,
        },
      }),
    ]);
  const callbacks = { both: [], success: [], failure: [], ...names };
  events.use(aConfig({ callbacks }), aGraph(Object.fromEntries(instances) as object as Record<string, unknown>));
  return { events, told, dropped };
};

/** Until everything that waits has been told. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
};

const toldOf = async (exchange: Exchange, ended: Outcome): Promise<CallFinished> => {
  const { events, told } = listening({ both: ['x'] });
  events.finished(exchange, ended);
  await settled();
  return told[0]![2][0]!;
};

describe('a callback', () => {
  it.each<[string, Names, string[]]>([
    ['of both hears of all', { both: ['x'] }, ['success', 'failure']],
    ['of successes hears of those', { success: ['x'] }, ['success']],
    ['of failures hears of those', { failure: ['x'] }, ['failure']],
    ['of successes and failures hears of all, once', { success: ['x'], failure: ['x'] }, ['success', 'failure']],
  ])('%s', async (_title, names, expected) => {
    const { events, told } = listening(names);
    events.finished(call(), outcome());
    events.finished(call(), FAILED);
    await settled();
    expect(told.map(([, kind]) => kind)).toEqual(expected);
  });

  it('hears of a client that left as of a failure', async () => {
    const { events, told } = listening({ failure: ['x'] });
    events.finished(call(), outcome({ status: 'client_closed', statusCode: 499 }));
    await settled();
    expect(told[0]?.[2]).toMatchObject([{ status: 'client_closed', statusCode: 499 }]);
  });

  it('delays nobody: it is told after the call', () => {
    const { events, told } = listening({ both: ['x'] });
    events.finished(call(), outcome());
    expect(told).toEqual([]);
  });

  it('hears of calls that end together in batches of 100 at most', async () => {
    const { events, told } = listening({ both: ['x'] });
    for (let index = 0; index < 250; index += 1) events.finished(call({ callId: `call-${index}` }), outcome());
    await settled();
    expect(told.map(([, , batch]) => batch.length)).toEqual([100, 100, 50]);
    expect(told.flatMap(([, , batch]) => batch.map(({ callId }) => callId)).at(-1)).toBe('call-249');
  });

  it('that is not installed is not missed', async () => {
    const events = new CallEvents(() => undefined);
    events.use(aConfig({ callbacks: { both: ['gone'], success: [], failure: [] } }), aGraph({}));
    expect(() => events.finished(call(), outcome())).not.toThrow();
    await settled();
  });

  it('that fails is counted, and hears of later calls', async () => {
    let failures = 2;
    const heard: number[] = [];
    const { events, dropped } = listening(
      { both: ['x'] },
      {
        onSuccess: async (batch) => {
          if (failures-- > 0) throw new Error('away');
          heard.push(batch.length);
        },
      },
    );
    for (let index = 0; index < 3; index += 1) {
      events.finished(call(), outcome());
      await settled();
    }
    expect(dropped).toEqual([
      ['callback.x', 1],
      ['callback.x', 1],
    ]);
    expect(heard).toEqual([1]);
  });

  it('that is too slow loses the oldest beyond 10,000', async () => {
    let release: () => void = () => undefined;
    const heard: string[] = [];
    const { events, dropped } = listening(
      { both: ['x'] },
      {
        onSuccess: async (batch) => {
          heard.push(...batch.map(({ callId }) => callId));
          if (heard.length === 1) await new Promise<void>((resolve) => (release = resolve));
        },
      },
    );
    events.finished(call({ callId: 'first' }), outcome());
    await settled();
    for (let index = 0; index < 10_003; index += 1) events.finished(call({ callId: `call-${index}` }), outcome());
    expect(dropped).toHaveLength(3);
    release();
    for (let turn = 0; turn < 20; turn += 1) await settled();
    expect([heard.length, heard[1], heard.at(-1)]).toEqual([10_001, 'call-3', 'call-10002']);
  });
});

describe('what is told of a call', () => {
  it('is everything that is known', async () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const exchange = call({
      customer: 'end-user',
      body: { model: 'm', user: 'end-user', metadata: { trace: 't', user_api_key_hash: 'secret' } },
      principal: { isAdmin: false, keyHash: 'h', keyAlias: 'alias', teamId: 'team', userId: 'u' },
      isStream: true,
    });
    anAttempt(exchange, { deployment: { id: 'd', provider: 'provider.x' }, startedAt: 100, firstTokenAt: 150 });
    expect(await toldOf(exchange, outcome({ usage, costNanoUsd: 5 }))).toMatchObject({
      callId: 'call-1',
      operation: 'chat',
      model: 'm',
      stream: true,
      metadata: { trace: 't' },
      keyHash: 'h',
      keyAlias: 'alias',
      teamId: 'team',
      endUser: 'end-user',
      request: { model: 'm', user: 'end-user' },
      status: 'success',
      statusCode: 200,
      timeToFirstTokenMs: 50,
      provider: 'provider.x',
      deploymentId: 'd',
      upstreamModel: 'upstream',
      usage,
      costNanoUsd: 5,
      cacheHit: false,
      attempts: 1,
    });
  });

  it('has no internal metadata', async () => {
    const exchange = call({ body: { metadata: { trace: 't', user_api_key_hash: 'secret' } } });
    expect((await toldOf(exchange, outcome())).metadata).toEqual({ trace: 't' });
  });

  it('has no message where messages are not to be logged', async () => {
    expect(await toldOf(call({ body: { messages: [] } }, true), outcome())).toMatchObject({ request: undefined });
  });

  it('is little for a call that was refused at the door', async () => {
    const error = { code: 'GW_INVALID_JSON', message: 'm' } as never;
    expect(await toldOf(call({ model: undefined }), outcome({ ...FAILED, error }))).toMatchObject({
      model: '',
      metadata: {},
      attempts: 0,
      error: { code: 'GW_INVALID_JSON', message: 'm' },
    });
  });

  it('says when it began and ended in epoch milliseconds', async () => {
    const { startedAt, endedAt } = await toldOf(call(), outcome());
    expect(Math.abs(Date.now() - startedAt)).toBeLessThan(5_000);
    expect(endedAt).toBeGreaterThanOrEqual(startedAt);
  });

  it('says that an answer came from the cache', async () => {
    expect(await toldOf(call({ cache: 'hit' }), outcome())).toMatchObject({ cacheHit: true });
  });
});
