import type { RouterSettings } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import {
  aFailure,
  aRequest,
  aRouter,
  inGroup,
  inGroups,
  limitsOf,
  NOW,
  wishing,
  type RouterParts,
} from '../test/doubles.js';
import { play, type PlayOptions, type Script } from '../test/play.js';
import { HEALTHY, type Health } from './health.js';

const cooling = (forMs: number): Health => ({ ...HEALTHY, coolUntil: NOW + forMs, isProving: true });

/** The story of one request to `g`, whose deployments are `a`, `b` and `c`. */
const story = (script: Script, parts: RouterParts = {}, options: PlayOptions = {}): string =>
  play(aRouter(inGroups({ g: ['a', 'b', 'c'] }), parts), script, options).story;

/** With these deployments in cooldown for so long. */
const resting = (
  rests: Record<string, number>,
  deployments = inGroups({ g: ['a', 'b', 'c'] }),
  parts: RouterParts = {},
) => {
  const test = aRouter(deployments, parts);
  for (const [id, ms] of Object.entries(rests)) test.state.of({ id }).changeHealth(cooling(ms));
  return test;
};

describe('a request', () => {
  it('goes where the strategy says', () => {
    expect(story({}, { strategy: { select: () => 1 } })).toBe('b ok');
  });

  it('says what it is: level, target, reason, and that nothing came before', () => {
    const { choices } = play(aRouter(inGroups({ g: ['a', 'b'] })), {});
    expect(choices).toMatchObject([
      { reason: 'strategy', target: { model: 'a' }, level: { group: { name: 'g' } }, retry: 0, fallback: 0 },
    ]);
    expect(choices[0]!.overrides).toBeUndefined();
  });

  it('goes on from the next step when it is asked for one again', () => {
    const { router } = aRouter(inGroups({ g: ['a'] }));
    const routing = router.route(aRequest(), router.resolve('g'));
    routing.next(NOW);
    expect(routing.next(NOW)).toMatchObject({ kind: 'attempt' });
  });

  it('is over when it is over', () => {
    const { routing, over } = play(aRouter(inGroups({ g: ['a'] })), { a: 'GW_INVALID_REQUEST' });
    expect(routing.next(NOW + 1)).toEqual(over);
  });
});

describe('the order of deployments', () => {
  const ordered = [
    inGroup('g', 'unordered'),
    inGroup('g', 'second', { order: 2 }),
    inGroup('g', 'first-a', { order: 1 }),
    inGroup('g', 'first-b', { order: 1 }),
  ];
  const ERROR = 'GW_UPSTREAM_ERROR';
  const story = (script: Script, settings: Partial<RouterSettings> = {}, parts: RouterParts = {}) =>
    play(aRouter(ordered, { settings, ...parts }), script).story;

  it.each<[string, Script, string]>([
    ['begins with the lowest', {}, 'first-a ok'],
    ['stays with the lowest for its retries', { 'first-a': ERROR }, 'first-a first-b ok'],
    [
      'goes on to the next level rather than wait, and waits where there is none',
      { 'first-a': ERROR, 'first-b': ERROR, second: ERROR, unordered: [ERROR, 'ok'] },
      'first-a first-b second unordered wait500 unordered ok',
    ],
    [
      'does not go on when the request is what is wrong',
      { 'first-a': 'GW_INVALID_REQUEST' },
      'first-a GW_INVALID_REQUEST',
    ],
    [
      'goes on when nobody of a level can do it',
      { 'first-a': 'GW_UNSUPPORTED_PARAMETER', 'first-b': 'GW_UPSTREAM_NOT_FOUND' },
      'first-a first-b second ok',
    ],
  ])('%s', (_title, script, expected) => expect(story(script)).toBe(expected));

  it('leaves only its own group when the request is what is wrong', () => {
    const settings = { aliases: { x: { targets: ['g', 'h'], hidden: false } } };
    const test = aRouter([...ordered, inGroup('h', 'other')], { settings });
    expect(play(test, { 'first-a': 'GW_INVALID_REQUEST' }, { model: 'x' }).story).toBe('first-a other ok');
  });

  it('passes over a level that rests', () => {
    const test = resting({ 'first-a': 9_000, 'first-b': 9_000 }, ordered);
    expect(play(test, {}).story).toBe('second ok');
  });

  it('passes over a level of which the strategy takes none', () => {
    expect(story({}, {}, { strategy: { select: () => -1 } })).toBe('second ok');
  });

  it('ends with the last error there was, though a later level rests', () => {
    const test = resting({ second: 9_000, unordered: 9_000 }, ordered, { settings: { numRetries: 0 } });
    expect(play(test, { 'first-a': 'GW_TIMEOUT' }).story).toBe('first-a GW_TIMEOUT');
  });
});

describe('a cascade', () => {
  const settings = { aliases: { x: { targets: ['g', 'h'], hidden: false } }, numRetries: 1 };
  const test = () => aRouter(inGroups({ g: ['a', 'b'], h: ['c'] }), { settings });

  it.each<[string, Script, string]>([
    ['begins with its first group', {}, 'a ok'],
    ['goes on to the next group after the retries', { a: 'GW_TIMEOUT', b: 'GW_TIMEOUT' }, 'a b c ok'],
    [
      'gives each group retries of its own',
      { a: 'GW_TIMEOUT', b: 'GW_TIMEOUT', c: ['GW_TIMEOUT', 'ok'] },
      'a b c wait500 c ok',
    ],
    ['goes on after a refusal: another model may take it', { a: 'GW_CONTEXT_WINDOW_EXCEEDED' }, 'a c ok'],
    ['ends with the last error', { a: 'GW_CONTENT_POLICY', c: 'GW_INVALID_REQUEST' }, 'a c GW_INVALID_REQUEST'],
  ])('%s', (_title, script, expected) => expect(play(test(), script, { model: 'x' }).story).toBe(expected));

  it('is no fallback', () => {
    expect(play(test(), { a: 'GW_CONTENT_POLICY' }, { model: 'x' }).routing.fallbacks).toBe(0);
  });
});

describe('a deployment asked for by its id', () => {
  it('is asked though it rests', () => {
    expect(play(resting({ b: 60_000 }), {}, { model: 'b' }).story).toBe('b ok');
  });

  it('is the only one that is asked', () => {
    const settings = { numRetries: 1 };
    expect(story({ b: 'GW_TIMEOUT' }, { settings }, { model: 'b' })).toBe('b wait500 b GW_TIMEOUT');
  });

  it('is asked whatever tags the request has', () => {
    const settings = { enableTagFiltering: true };
    const test = resting({ b: 60_000 }, undefined, { settings });
    expect(play(test, {}, { model: 'b', wishes: { tags: ['gone'] } }).story).toBe('b ok');
  });
});

describe('tags', () => {
  const tagged = [
    inGroup('g', 'plain'),
    inGroup('g', 'free-1', { tags: ['free'], order: 2 }),
    inGroup('g', 'free-2', { tags: ['free'], order: 1 }),
    inGroup('h', 'default', { tags: ['default'] }),
  ];
  const story = (tags: string[] | undefined, settings: Partial<RouterSettings> = {}, script: Script = {}) => {
    const test = aRouter(tagged, { settings: { enableTagFiltering: true, ...settings } });
    return play(test, script, { wishes: tags ? { tags } : {} }).story;
  };

  it('choose among the deployments, and order holds among those', () => {
    expect(story(['free'], {}, { 'free-2': 'GW_UPSTREAM_NOT_FOUND' })).toBe('free-2 free-1 ok');
  });

  it('are nothing where they are not switched on', () => {
    expect(story(['gone'], { enableTagFiltering: false })).toBe('free-2 ok');
  });

  it('hold for fallbacks too', () => {
    const settings = { fallbacks: { g: [{ model: 'h' }] }, numRetries: 0 };
    const script: Script = { 'free-2': 'GW_TIMEOUT', 'free-1': 'GW_TIMEOUT' };
    expect(story(['free'], settings, script)).toBe('free-2 free-1 default ok');
  });

  it('that no deployment has are the caller’s fault', () => {
    const { over } = play(
      aRouter(tagged, { settings: { enableTagFiltering: true } }),
      {},
      { wishes: { tags: ['gone'] } },
    );
    expect(over).toMatchObject({
      isBusy: false,
      error: { code: 'GW_INVALID_REQUEST', status: 400, facts: { param: 'tags' } },
    });
    expect(over?.error.message).toContain("'g' has no deployment for the tags: gone");
  });
});

describe('limits', () => {
  it('keep a request from those that have reached theirs', () => {
    expect(story({}, { limits: limitsOf({ a: 100 }) })).toBe('b ok');
  });

  it.each<[string, Script, string]>([
    ['that are reached after all send it on, and that is no retry', { a: 'denied' }, 'a-denied b ok'],
    [
      'that are reached after all leave it its retries',
      { a: 'GW_TIMEOUT', b: 'denied', c: ['GW_TIMEOUT', 'ok'] },
      'a b-denied c wait500 b-denied a GW_TIMEOUT',
    ],
    [
      'that are reached everywhere end it',
      { a: 'denied', b: 'denied', c: 'denied' },
      'a-denied b-denied c-denied GW_NO_DEPLOYMENT_READY',
    ],
    [
      'may have room after a wait',
      { a: ['GW_TIMEOUT', 'GW_TIMEOUT'], b: ['denied', 'ok'], c: ['denied', 'ok'] },
      'a b-denied c-denied wait500 b ok',
    ],
  ])('%s', (_title, script, expected) => {
    expect(story(script, { settings: { disableCooldowns: true } })).toBe(expected);
  });

  it('that are reached after all are not counted', () => {
    const { routing } = play(aRouter(inGroups({ g: ['a', 'b', 'c'] })), { a: 'GW_TIMEOUT', b: 'denied' });
    expect(routing.retries).toBe(1);
  });
});

describe('when nobody is ready', () => {
  it('a request is over at once, and may wait in a queue', () => {
    const { over, story } = play(resting({ a: 9_000, b: 3_000, c: 20_000 }), {});
    expect(story).toBe('GW_NO_DEPLOYMENT_READY');
    expect(over).toMatchObject({ isBusy: true, error: { facts: { retryAfterMs: 3_000 } } });
  });

  it('it is told the shortest wait of all that it might have asked', () => {
    const deployments = inGroups({ g: ['a'], h: ['b'], i: ['c'] });
    const settings = { fallbacks: { g: [{ model: 'h' }, { model: 'i' }] } };
    const { over } = play(resting({ a: 9_000, b: 2_000, c: 5_000 }, deployments, { settings }), {});
    expect(over?.error.facts.retryAfterMs).toBe(2_000);
  });

  it.each<[string, RouterParts, PlayOptions]>([
    ['nobody can be used', { facts: { isUsable: () => false } }, {}],
    ['nobody takes so long a prompt', { facts: { maxInputTokensOf: () => 5 } }, {}],
    ['nobody is where it may go', {}, { wishes: { region: 'eu' } }],
  ])('it does not wait in a queue where waiting does not help: %s', (_title, parts, options) => {
    const test = aRouter(inGroups({ g: ['a', 'b'] }), { ...parts, settings: { enablePreCallChecks: true } });
    const { story, over } = play(test, {}, options);
    expect([story, over?.isBusy, over?.error.facts.retryAfterMs]).toEqual([over?.error.code, false, undefined]);
  });

  it('it does not wait in a queue after somebody failed', () => {
    const { over } = play(resting({ b: 9_000, c: 9_000 }), { a: 'GW_UPSTREAM_NOT_FOUND' });
    expect(over).toMatchObject({ isBusy: false, error: { code: 'GW_UPSTREAM_NOT_FOUND' } });
  });

  it('it does not wait in a queue because somebody who was asked said so', () => {
    const { over } = play(aRouter(inGroups({ g: ['a'] })), { a: 'GW_NO_DEPLOYMENT_READY' });
    expect(over).toMatchObject({ isBusy: false, error: { code: 'GW_NO_DEPLOYMENT_READY' } });
  });

  it('it does not wait in a queue past its deadline', () => {
    const { over } = play(resting({ a: 9_000 }), {}, { deadlineAt: NOW });
    expect(over).toMatchObject({ isBusy: false, error: { code: 'GW_TIMEOUT' } });
  });
});

describe('a request that was restarted', () => {
  it('begins from the beginning', () => {
    const deployments = inGroups({ g: ['a'], h: ['b'] });
    const settings = { fallbacks: { g: [{ model: 'h' }] }, maxFallbacks: 1 };
    const { router, state } = resting({ a: 1_000, b: 9_000 }, deployments, { settings });
    const routing = router.route(aRequest(), router.resolve('g'));
    expect(routing.next(NOW)).toMatchObject({ kind: 'over', isBusy: true });
    routing.restart();
    expect(routing.next(NOW + 500)).toMatchObject({ kind: 'over', error: { facts: { retryAfterMs: 500 } } });
    routing.restart();
    const choice = routing.next(NOW + 1_000);
    expect(choice).toMatchObject({ kind: 'attempt', target: { model: 'a' }, retry: 0, fallback: 0 });
    // The probe of another request; the fallback is open again.
    routing.restart();
    state.of({ id: 'b' }).changeHealth(HEALTHY);
    expect(routing.next(NOW + 1_000)).toMatchObject({ target: { model: 'b' }, fallback: 1, overrides: undefined });
  });
});

describe('a request that was restarted in vain', () => {
  it('is told how long it is now', () => {
    const { router, state } = resting({ a: 1_000 }, inGroups({ g: ['a'] }));
    const routing = router.route(aRequest(), router.resolve('g'));
    routing.next(NOW);
    state.of({ id: 'a' }).changeHealth(cooling(30_000));
    routing.restart();
    expect(routing.next(NOW + 1_000)).toMatchObject({ error: { facts: { retryAfterMs: 29_000 } } });
  });
});

describe('a hedge', () => {
  const hedge = (script: Record<string, 'failed' | 'denied'> = {}, parts: RouterParts = {}, rests = {}) => {
    const { router } = resting(rests, undefined, parts);
    const routing = router.route(aRequest(), router.resolve('g'));
    let first = routing.next(NOW);
    while (first.kind === 'attempt' && script[first.target.model]) {
      if (script[first.target.model] === 'denied') routing.denied(first);
      else routing.failed(first, aFailure());
      first = routing.next(NOW);
    }
    if (first.kind !== 'attempt') throw new Error('nobody was asked');
    return { first, second: routing.hedge(first, NOW), routing };
  };

  it('asks another one of the same level', () => {
    const { first, second } = hedge();
    expect(second).toEqual({ ...first, target: first.level.targets[1], reason: 'hedge' });
  });

  it('is no retry', () => {
    const { routing, second } = hedge();
    expect([routing.retries, second?.retry]).toEqual([0, 0]);
  });

  it.each<[string, Parameters<typeof hedge>, string | undefined]>([
    ['nobody that failed before', [{ a: 'failed' }], 'c'],
    ['nobody whose limit is reached', [{ a: 'denied' }], 'c'],
    ['nobody that rests', [{}, {}, { b: 9_000 }], 'c'],
    ['nobody when there is nobody', [{}, {}, { b: 9_000, c: 9_000 }], undefined],
    [
      'nobody when the strategy takes none',
      [{}, { strategy: { select: (all) => (all.length > 2 ? 0 : -1) } }],
      undefined,
    ],
  ])('asks %s', (_title, given, expected) => expect(hedge(...given).second?.target.model).toBe(expected));

  it('is the only probe of one that has rested', () => {
    const { first, second, routing } = hedge({}, {}, { b: 0, c: 9_000 });
    expect(second?.target.model).toBe('b');
    expect(routing.hedge(first, NOW)).toBeUndefined();
  });
});

describe('pre-call checks', () => {
  const windows: Record<string, number> = { a: 5, b: 50 };
  const facts = { maxInputTokensOf: ({ id }: { id: string }) => windows[id] };

  it.each([
    [true, 'b ok'],
    [false, 'a ok'],
  ])('leave out deployments that the prompt does not fit: %p', (enablePreCallChecks, expected) => {
    expect(story({}, { facts, settings: { enablePreCallChecks } })).toBe(expected);
  });

  it('leave nobody where nobody fits, and the fallbacks for long prompts are next', () => {
    const settings = {
      enablePreCallChecks: true,
      contextWindowFallbacks: { g: [{ model: 'h' }] },
      fallbacks: { g: [{ model: 'i' }] },
    };
    const facts = { maxInputTokensOf: ({ modelName }: { modelName: string }) => (modelName === 'g' ? 5 : undefined) };
    const test = aRouter(inGroups({ g: ['a'], h: ['b'], i: ['c'] }), { facts, settings });
    expect(play(test, {}).story).toBe('b ok');
  });
});

describe('affinity', () => {
  it('keeps a conversation to one deployment, and on a failure to the next one of its own', () => {
    const { router } = aRouter(inGroups({ g: ['a', 'b', 'c'] }));
    const first = () => {
      const routing = router.route(wishing({ affinityKey: 'talk' }), router.resolve('g'));
      const step = routing.next(NOW);
      return [routing, step] as const;
    };
    const [routing, step] = first();
    if (step.kind !== 'attempt') throw new Error('nobody was asked');
    expect(step.reason).toBe('affinity');
    expect(first()[1]).toEqual(step);
    routing.failed(step, aFailure());
    const second = routing.next(NOW);
    expect(second).toMatchObject({ reason: 'affinity' });
    expect(second).not.toMatchObject({ target: { model: step.target.model } });
  });
});
