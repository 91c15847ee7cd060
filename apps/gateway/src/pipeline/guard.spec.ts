import { GatewayError } from '@turnpike/errors';
import { NO_WISHES, type RoutingWishes } from '@turnpike/router';
import { describe, expect, it, jest } from '@jest/globals';
import { aFront, anExchange, aSelection } from '../../test/doubles.js';
import { aRuntime, settled } from '../../test/road.js';
import type { Guardrails } from '../guarding/guardrails.js';
import { NO_GUARDRAILS, type ActiveGuardrail, type Selection } from '../guarding/selection.js';
import type { StreamGuards } from '../guarding/stream-guards.js';
import type { Admitted, Guarded } from './exchange.js';
import { guard } from './guard.js';

const ONE = [{}] as unknown as readonly ActiveGuardrail[];
const GUARDS = {} as StreamGuards;

interface Parts {
  selection?: Partial<Selection>;
  guardrails?: Partial<Guardrails>;
  isStream?: boolean;
  answersInWords?: boolean;
  wishes?: RoutingWishes;
}

const guarded = (parts: Parts = {}) => {
  const { selection, isStream = false, answersInWords = true, wishes = NO_WISHES } = parts;
  const chosen: Selection = selection ? { ...aSelection('g'), ...selection } : NO_GUARDRAILS;
  const guardrails = {
    select: () => chosen,
    alongStream: () => 'whole' as const,
    mustBeReadable: () => undefined,
    ...parts.guardrails,
  };
  const exchange = anExchange<Admitted>(
    { isStream, wishes, body: {} },
    { front: aFront({ answersInWords }), snapshot: { guardrails } },
  );
  return { exchange, run: () => guard(aRuntime().runtime).run(exchange) };
};

describe('a call that nobody looks at', () => {
  it('goes on at once, its answer too', () => {
    const { run, exchange } = guarded();
    expect(run()).toBe(exchange);
    expect(exchange).toMatchObject({ guardrails: NO_GUARDRAILS, mustReadAnswer: false });
    expect([exchange.beside, exchange.streamGuards]).toEqual([undefined, undefined]);
  });
});

describe('guardrails before the call', () => {
  it('are waited for, and named also where they stop it', async () => {
    const blocked = new GatewayError('GW_GUARDRAIL_BLOCKED', 'no');
    const before = () => Promise.reject(blocked);
    const { run, exchange } = guarded({ selection: { preCall: ONE }, guardrails: { before } });
    await expect(run()).rejects.toBe(blocked);
    expect(exchange.guardrails!.names).toEqual(['g']);
  });

  it.each<[string, RoutingWishes, Partial<Selection>, boolean]>([
    ['may not be changed by a fallback', { fallbacks: [{ model: 'b', overrides: { a: 1 } }] }, { preCall: ONE }, true],
    [
      'may not be changed by a fallback for those beside it either',
      { contextWindowFallbacks: [{ model: 'b', overrides: { a: 1 } }] },
      { duringCall: ONE },
      true,
    ],
    ['may have one that changes nothing', { fallbacks: [{ model: 'b' }] }, { preCall: ONE }, false],
    ['that nobody sees may be changed', { fallbacks: [{ model: 'b', overrides: {} }] }, { postCall: ONE }, false],
  ])('a request %s', async (_what, wishes, selection, isRefused) => {
    const guardrails = { before: async () => undefined, beside: async () => undefined };
    const run = async (): Promise<Guarded> => guarded({ wishes, selection, guardrails }).run();
    if (isRefused) await expect(run()).rejects.toMatchObject({ code: 'GW_FORBIDDEN_PARAMETER' });
    else await expect(run()).resolves.toBeDefined();
  });
});

describe('guardrails beside the call', () => {
  it('begin, and the call goes on', async () => {
    const beside = jest.fn(() => new Promise<void>(() => undefined));
    const { run, exchange } = guarded({ selection: { duringCall: ONE }, guardrails: { beside } });
    expect(await run()).toBe(exchange);
    expect(beside).toHaveBeenCalledTimes(1);
  });

  it('stop what is under way when they do not let it pass', async () => {
    const blocked = new GatewayError('GW_GUARDRAIL_BLOCKED', 'no');
    const guardrails = { beside: () => Promise.reject(blocked) };
    const { run, exchange } = guarded({ selection: { duringCall: ONE }, guardrails });
    await run();
    const abort = jest.fn();
    exchange.whenDeserted({ abort });
    await settled();
    expect([exchange.stopped, abort.mock.calls.length]).toEqual([blocked, 1]);
  });
});

describe('guardrails after the call', () => {
  it.each<[string, Parts, Partial<Guarded>]>([
    ['see the whole answer', {}, { mustReadAnswer: true }],
    ['see a whole stream where one of them needs it', { isStream: true }, { mustReadAnswer: true }],
    [
      'see a stream as it comes',
      { isStream: true, guardrails: { alongStream: () => GUARDS } },
      { mustReadAnswer: false, streamGuards: GUARDS },
    ],
    [
      'see no stream that they do not want to',
      { isStream: true, guardrails: { alongStream: () => 'pass' } },
      { mustReadAnswer: false, streamGuards: undefined },
    ],
    ['see no answer in numbers', { answersInWords: false }, { mustReadAnswer: false }],
  ])('%s', async (_what, parts, expected) => {
    const { run, exchange } = guarded({ ...parts, selection: { postCall: ONE } });
    await run();
    expect(exchange).toMatchObject(expected);
  });

  it('must be able to read the request, before anybody is paid', async () => {
    const refused = new GatewayError('GW_INVALID_REQUEST', 'token ids');
    const mustBeReadable = (): never => {
      throw refused;
    };
    const run = async (): Promise<unknown> =>
      guarded({ selection: { postCall: ONE }, guardrails: { mustBeReadable } }).run();
    await expect(run()).rejects.toBe(refused);
  });
});
