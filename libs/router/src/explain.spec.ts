import { describe, expect, it } from '@jest/globals';
import type { Deployment, FallbackTarget } from '@turnpike/domain';
import { aRequest, aRouter, inGroup, inGroups, limitsOf, NOW, type RouterParts } from '../test/doubles.js';
import { play } from '../test/play.js';
import { HEALTHY } from './health.js';
import type { RoutingRequest } from './request.js';

const explained = (
  deployments: readonly Deployment[],
  parts: RouterParts = {},
  request: Partial<RoutingRequest> = {},
  rests: Record<string, number> = {},
) => {
  const { router, state } = aRouter(deployments, parts);
  for (const [id, ms] of Object.entries(rests)) {
    state.of({ id }).changeHealth({ ...HEALTHY, coolUntil: NOW + ms, isProving: true, why: 'GW_TIMEOUT' });
  }
  const given = aRequest(request);
  return router.explain(given, router.resolve(given.model, given.teamId), NOW);
};

/** Of the first group: who is left out, and why. */
const leftOut = (...given: Parameters<typeof explained>) =>
  Object.fromEntries(
    explained(...given).groups[0]!.candidates.flatMap(({ deploymentId, leftOut: why }) =>
      why ? [[deploymentId, why]] : [],
    ),
  );

const three = inGroups({ g: ['a', 'b', 'c'] });

describe('what is explained of a request', () => {
  it('is who may be asked, and what is known of each', () => {
    const deployments = [inGroup('g', 'a', { order: 1, weight: 3 }), inGroup('g', 'b', { model: 'other' })];
    const { router, state } = aRouter(deployments);
    state.of(deployments[0]!).began(NOW - 60_000);
    state.of(deployments[1]!).began(NOW);
    state.of(deployments[1]!).left(NOW, 40);
    expect(router.explain(aRequest(), router.resolve('g'), NOW)).toMatchObject({
      requested: 'g',
      groups: [
        {
          name: 'g',
          candidates: [
            {
              deploymentId: 'a',
              provider: 'provider.sample',
              model: 'a',
              order: 1,
              weight: 3,
              inFlight: 1,
              requestsThisMinute: 0,
              tokensThisMinute: 0,
            },
            { deploymentId: 'b', model: 'other', inFlight: 0, requestsThisMinute: 1, tokensThisMinute: 40 },
          ],
          pick: { deploymentId: 'a', reason: 'only' },
        },
      ],
    });
  });

  it('is who would be asked first, and why', () => {
    expect(explained(three, { strategy: { select: () => 2 } }).groups[0]!.pick).toEqual({
      deploymentId: 'c',
      reason: 'strategy',
    });
  });

  it('is who would be asked when those before are out', () => {
    const ordered = [inGroup('g', 'a', { order: 1 }), inGroup('g', 'b', { order: 2 }), inGroup('g', 'c')];
    expect(explained(ordered, {}, {}, { a: 9_000 }).groups[0]!.pick?.deploymentId).toBe('b');
  });

  it('is nobody when all are out', () => {
    expect(explained(three, {}, {}, { a: 9, b: 9, c: 9 }).groups[0]).not.toHaveProperty('pick');
  });

  it('is each group of a cascade', () => {
    const settings = { aliases: { x: { targets: ['g', 'h'], hidden: false } } };
    const { requested, groups } = explained(inGroups({ g: ['a'], h: ['b'] }), { settings }, { model: 'x' });
    expect([requested, groups.map(({ name }) => name)]).toEqual(['x', ['g', 'h']]);
  });

  it('changes nothing', () => {
    const test = aRouter(three);
    const { router, state } = test;
    state.of({ id: 'a' }).changeHealth({ ...HEALTHY, coolUntil: NOW, isProving: true });
    for (let count = 0; count < 3; count += 1) router.explain(aRequest(), router.resolve('g'), NOW);
    expect(play(test, {}).story).toBe('a ok');
  });
});

describe('what is explained of those that are left out', () => {
  it('is a cooldown, how long it lasts, and what it is for', () => {
    expect(leftOut(three, {}, {}, { b: 1_500.2 })).toEqual({
      b: { reason: 'cooldown', clearsInMs: 1_501, after: 'GW_TIMEOUT' },
    });
  });

  it('is a probe', () => {
    const test = aRouter(three);
    const { router, state } = test;
    state.of({ id: 'b' }).changeHealth({ ...HEALTHY, isProving: true, probeUntil: NOW + 400 });
    const [, b] = router.explain(aRequest(), router.resolve('g'), NOW).groups[0]!.candidates;
    expect(b?.leftOut).toEqual({ reason: 'probe', clearsInMs: 400 });
  });

  it.each<[string, RouterParts, Partial<RoutingRequest>, object]>([
    ['a limit', { limits: limitsOf({ a: 250 }) }, {}, { a: { reason: 'limit', clearsInMs: 250 } }],
    ['a limit that never clears', { limits: limitsOf({ a: Infinity }) }, {}, { a: { reason: 'limit' } }],
    ['no instance', { facts: { isUsable: ({ id }) => id !== 'b' } }, {}, { b: { reason: 'off' } }],
    [
      'a window that is too small',
      { facts: { maxInputTokensOf: ({ id }) => (id === 'c' ? 5 : 50) }, settings: { enablePreCallChecks: true } },
      {},
      { c: { reason: 'context-window' } },
    ],
  ])('is %s', (_title, parts, request, expected) => expect(leftOut(three, parts, request)).toEqual(expected));

  it('is a region', () => {
    const regions = [inGroup('g', 'a', { region: 'eu' }), inGroup('g', 'b')];
    expect(leftOut(regions, {}, { wishes: { region: 'eu' } })).toEqual({ b: { reason: 'region' } });
  });

  it('is their tags, and those are not picked', () => {
    const tagged = [inGroup('g', 'a', { tags: ['x'] }), inGroup('g', 'b', { tags: ['free'] })];
    const settings = { enableTagFiltering: true };
    const given = [tagged, { settings }, { wishes: { tags: ['free'] } }] as const;
    expect(leftOut(...given)).toEqual({ a: { reason: 'tags' } });
    expect(explained(...given).groups[0]!.pick?.deploymentId).toBe('b');
  });

  it('does not keep one from being picked that was asked for by its id', () => {
    const settings = { enableTagFiltering: true };
    const request = { model: 'b', wishes: { tags: ['free'] } };
    const [group] = explained(three, { settings }, request, { b: 9_000 }).groups;
    expect(group).toMatchObject({
      candidates: [{ deploymentId: 'b', leftOut: { reason: 'cooldown' } }],
      pick: { deploymentId: 'b', reason: 'only' },
    });
  });
});

describe('the fallbacks that are explained', () => {
  const to = (...models: string[]): FallbackTarget[] => models.map((model) => ({ model }));
  const groups = inGroups({ g: ['G'], h: ['H'], i: ['I'], j: ['J'], k: ['K'] });

  it('are told apart by what went wrong', () => {
    const settings = {
      fallbacks: { g: to('h') },
      contextWindowFallbacks: { g: to('i') },
      contentPolicyFallbacks: { g: to('j') },
    };
    expect(explained(groups, { settings }).fallbacks).toEqual({
      general: ['h'],
      contextWindow: ['i'],
      contentPolicy: ['j'],
    });
  });

  it('are those that the caller wishes', () => {
    const wishes = { fallbacks: to('k') };
    expect(explained(groups, { settings: { fallbacks: { g: to('h') } } }, { wishes }).fallbacks.general).toEqual(['k']);
  });

  it.each<[string, Record<string, FallbackTarget[]>, number, string]>([
    ['depth first', { g: to('h', 'j'), h: to('i') }, 5, 'G H I J'],
    ['each once', { g: to('h', 'i'), h: to('i', 'g'), i: to('g', 'h') }, 5, 'G H I'],
    ['as many as are allowed', { g: to('h'), h: to('i'), i: to('j') }, 2, 'G H I'],
    ['those that are known', { g: to('gone', 'h') }, 5, 'G H'],
    [
      'the same group when it changes the request',
      { g: [{ model: 'g', overrides: { n: 1 } }, ...to('h')] },
      5,
      'G G H',
    ],
  ])('are in the order in which a request takes them: %s', (_title, fallbacks, maxFallbacks, order) => {
    const settings = { fallbacks, maxFallbacks, numRetries: 0, disableCooldowns: true };
    const { general } = explained(groups, { settings }).fallbacks;
    expect(['g', ...general].join(' ').toUpperCase()).toBe(order);
    const failing = Object.fromEntries(['G', 'H', 'I', 'J', 'K'].map((id) => [id, 'GW_UPSTREAM_ERROR'] as const));
    expect(play(aRouter(groups, { settings }), failing).story).toBe(`${order} GW_UPSTREAM_ERROR`);
  });

  it('are those of the team too', () => {
    const deployments = [...groups, inGroup('ours', 'T', { info: { team_id: 'red' } })];
    const settings = { fallbacks: { g: to('ours') } };
    expect(explained(deployments, { settings }, { teamId: 'red' }).fallbacks.general).toEqual(['ours']);
    expect(explained(deployments, { settings }).fallbacks.general).toEqual([]);
  });
});
