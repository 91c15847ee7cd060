import { GatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aRequest, aRouter, inGroup, inGroups, limitsOf, NOW } from '../test/doubles.js';

describe('a name that nobody knows', () => {
  const unknown = (name: string, teamId?: string): GatewayError => {
    try {
      aRouter(inGroups({ g: ['a'] })).router.resolve(name, teamId);
    } catch (error) {
      if (error instanceof GatewayError) return error;
    }
    throw new Error(`'${name}' is known`);
  };

  it('is told in words that clients of other gateways know', () => {
    expect(unknown('gpt-unknown')).toMatchObject({
      code: 'GW_UNKNOWN_MODEL',
      status: 400,
      facts: { param: 'model' },
      message:
        'Invalid model name passed in model=gpt-unknown. Call `/v1/models` to view available models for your key.',
    });
  });

  it('is not quoted at any length', () => {
    expect(unknown('x'.repeat(100_000)).message).toMatch(/^.{200,400}$/);
  });
});

describe('a name that only a team knows', () => {
  const { router } = aRouter([inGroup('ours', 'a', { info: { team_id: 'red' } })]);

  it('is known to it', () => expect(router.resolve('ours', 'red').groups[0]!.targets).toHaveLength(1));

  it.each(['blue', undefined])('is not known to %p', (team) => {
    expect(() => router.resolve('ours', team)).toThrow(expect.objectContaining({ code: 'GW_UNKNOWN_MODEL' }));
  });
});

describe('a router', () => {
  const firstStep = (test: ReturnType<typeof aRouter>) => {
    const { router } = test;
    return router.route(aRequest(), router.resolve('g')).next(NOW);
  };

  it('asks its strategy, shows it its random numbers, and tells of its faults', () => {
    const fault = new Error('a fault of the plugin');
    let shown: number | undefined;
    const test = aRouter(inGroups({ g: ['a', 'b', 'c'] }), {
      random: () => 0.7,
      strategy: {
        select: (_candidates, { random }) => {
          shown = random();
          throw fault;
        },
      },
    });
    expect(firstStep(test)).toMatchObject({ reason: 'shuffle', target: { model: 'c' } });
    expect([shown, test.faults]).toEqual([0.7, [fault]]);
  });

  it('keeps to its limits', () => {
    const limits = limitsOf({ a: 100 });
    expect(firstStep(aRouter(inGroups({ g: ['a', 'b'] }), { limits }))).toMatchObject({ target: { model: 'b' } });
  });

  it('has the policy of cooldowns that its settings describe', () => {
    const { router } = aRouter([], { settings: { cooldownMs: 700, allowedFails: 9, disableCooldowns: true } });
    expect(router.cooldowns).toMatchObject({ cooldownMs: 700, isOff: true });
    expect(router.cooldowns.allowedFails('Timeout')).toBe(9);
  });
});

describe('whether a prompt has to be counted', () => {
  const windows: Record<string, number | undefined> = { small: 1_000, large: 100_000 };
  const needed = (atMost: number, ids = ['small', 'large', 'unknown'], enablePreCallChecks = true) => {
    const { router } = aRouter(inGroups({ g: ids }), {
      facts: { maxInputTokensOf: ({ id }) => windows[id] },
      settings: { enablePreCallChecks },
    });
    return router.isCountNeeded(router.resolve('g'), atMost);
  };

  it.each<[string, Parameters<typeof needed>, boolean]>([
    ['not when it fits all', [1_000], false],
    ['when it may be too long for one', [1_001], true],
    ['not when no window is known', [400_000, ['unknown']], false],
    ['not when nobody checks', [1_001, ['small'], false], false],
  ])('%s', (_title, given, expected) => expect(needed(...given)).toBe(expected));
});
