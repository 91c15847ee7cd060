import type { Deployment, RouterSettings } from '@turnpike/domain';
import { Limits } from '@turnpike/limits';
import { aDeployment } from '@turnpike/plugin-testkit';
import { LiveState } from '@turnpike/router';
import { describe, expect, it } from '@jest/globals';
import { aConfig, aGraph, anInstance, callbacksFor } from '../../test/doubles.js';
import { someSettings } from '../../test/road.js';
import type { Deadlines } from '../pipeline/exchange.js';
import { Callable } from './callable.js';
import { RuntimeSnapshot } from './snapshot.js';

interface Parts {
  router?: Partial<RouterSettings>;
  limits?: object;
  requests?: object;
  numWorkers?: number;
}

const aSnapshot = ({ router = {}, limits = {}, requests = {}, numWorkers = 1 }: Parts = {}): RuntimeSnapshot =>
  new RuntimeSnapshot({
    config: aConfig({
      deployments: [],
      server: { numWorkers },
      router: someSettings(router),
      guardrails: [],
      limits,
      auth: { useForwardedFor: false, trustedProxies: [] },
      prices: { discounts: {}, margins: {} },
      requests,
    }),
    callbacks: callbacksFor({}).callbacks,
    graph: aGraph({}),
    strategy: { id: 'strategy.first', select: { select: () => 0 } },
    state: new LiveState(),
    recognise: () => undefined,
    facts: { priceOf: () => undefined, maxInputTokensOf: () => undefined },
    limits: new Limits(),
    now: () => 0,
    random: () => 0,
    costOf: () => undefined,
    onStrategyFault: () => undefined,
    guarding: { log: { error: () => undefined } },
  });

describe('how long an attempt may take', () => {
  const NONE: Deadlines = { attemptMs: 0, firstTokenMs: 0, idleMs: 0, connectMs: 0 };
  const ASKED: Deadlines = { ...NONE, attemptMs: 1, firstTokenMs: 2, idleMs: 3 };
  const OWN: Partial<Deployment> = { timeoutMs: 11, streamTimeoutMs: 12, streamIdleTimeoutMs: 13 };
  const ROUTER: Partial<RouterSettings> = { timeoutMs: 21, streamTimeoutMs: 22, streamIdleTimeoutMs: 23 };

  const deadlines = (
    asked: Partial<Deadlines>,
    own: Partial<Deployment>,
    router: Partial<RouterSettings>,
    leftMs = 10_000_000,
  ): number[] => {
    const callable = new Callable(aDeployment(own), anInstance<'provider/v1'>('provider.x', {}));
    const { attemptMs, firstTokenMs, idleMs } = aSnapshot({ router }).deadlinesFor(
      callable,
      { ...NONE, ...asked },
      leftMs,
    );
    return [attemptMs, firstTokenMs, idleMs];
  };

  it.each<[string, Partial<Deadlines>, Partial<Deployment>, Partial<RouterSettings>, number[]]>([
    ["is the caller's wish first", ASKED, OWN, ROUTER, [1, 2, 3]],
    ["is the deployment's next", {}, OWN, ROUTER, [11, 12, 13]],
    ["is the router's last", {}, {}, ROUTER, [21, 22, 23]],
    ['is looked up for each of the three by itself', { firstTokenMs: 2 }, { timeoutMs: 11 }, ROUTER, [11, 2, 23]],
    ['is for a stream what it is for the whole, where nothing else is said', { attemptMs: 1 }, {}, {}, [1, 1, 1]],
    [
      'is for a stream what was said of streams, before what was said of the whole',
      { attemptMs: 1 },
      {},
      { streamTimeoutMs: 22 },
      [1, 22, 1],
    ],
    ['is the time of the call, where nobody says anything', {}, {}, { requestTimeoutMs: 5_000 }, [5_000, 5_000, 5_000]],
  ])('%s', (_title, asked, own, router, expected) => expect(deadlines(asked, own, router)).toEqual(expected));

  it('is never more than what is left of the call, but for the silences of a stream, which the call’s end ends', () => {
    expect(deadlines(ASKED, {}, {}, 1.5)).toEqual([1, 1.5, 3]);
    expect(deadlines({}, OWN, {}, 5)).toEqual([5, 5, 13]);
  });

  it('is for a silence ten minutes at most', () => {
    expect(deadlines({ attemptMs: 1, idleMs: 700_000 }, {}, {})).toEqual([1, 1, 600_000]);
  });
});

describe('headers that travel on', () => {
  const sent = {
    'anthropic-beta': 'a',
    'x-trace': 't',
    'x-litellm-tags': 'x',
    'x-api-key': 'k',
    'x-many': ['a', 'b'],
    accept: '*/*',
  };

  it('are those that choose features', () => {
    expect(aSnapshot().forwardedHeaders(sent)).toEqual({ 'anthropic-beta': 'a' });
  });

  it('are none at all, at no cost, where the client sends none of them', () => {
    const snapshot = aSnapshot();
    expect(snapshot.forwardedHeaders({})).toEqual({});
    expect(snapshot.forwardedHeaders({})).toBe(snapshot.forwardedHeaders({ accept: '*/*' }));
  });

  it("are also the client's own where the operator wants that, but neither keys nor words to the gateway", () => {
    const requests = { forwardClientHeaders: true };
    expect(aSnapshot({ requests }).forwardedHeaders(sent)).toEqual({ 'anthropic-beta': 'a', 'x-trace': 't' });
  });
});

describe('a waiting room', () => {
  it('is there where requests may wait', () => {
    const queue = { enableQueue: true, queueMaxSize: 0, queueTimeoutMs: 5_000 };
    const room = aSnapshot({ limits: queue }).waitingRoom;
    expect(() => room?.enter('m', 'someone', 0, undefined)).toThrow(expect.objectContaining({ code: 'GW_QUEUE_FULL' }));
    expect(aSnapshot({ limits: { enableQueue: false } }).waitingRoom).toBeUndefined();
  });

  it('has the part of the queue that falls to one worker', () => {
    const limits = { enableQueue: true, queueMaxSize: 6, queueTimeoutMs: 5_000 };
    const room = aSnapshot({ limits, numWorkers: 3 }).waitingRoom!;
    const enter = (who: string): unknown => room.enter('m', who, 0, undefined);
    enter('first');
    enter('second');
    expect(() => enter('third')).toThrow(expect.objectContaining({ code: 'GW_QUEUE_FULL' }));
  });
});
