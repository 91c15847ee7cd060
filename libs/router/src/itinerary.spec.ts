import type { Deployment, FallbackTarget, RouterSettings } from '@turnpike/domain';
import type { ErrorCode } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aRouter, inGroup, inGroups, NOW } from '../test/doubles.js';
import { play, type Played, type PlayOptions, type Script } from '../test/play.js';
import { HEALTHY } from './health.js';

const ERROR: ErrorCode = 'GW_UPSTREAM_ERROR';

/** `{ g: 'h i' }`: `g` falls back on `h`, then on `i`. */
const to = (table: Readonly<Record<string, string>>): Record<string, FallbackTarget[]> =>
  Object.fromEntries(Object.entries(table).map(([group, names]) => [group, toThe(names)]));

const toThe = (names: string): FallbackTarget[] => names.split(' ').map((model) => ({ model }));

/** Groups with one deployment of the same name in capitals. */
const SINGLES = Object.fromEntries(['g', 'h', 'i', 'j', 'k'].map((name) => [name, [name.toUpperCase()]]));

const all = (answer: ErrorCode, but: Script = {}): Script => ({
  G: answer,
  H: answer,
  I: answer,
  J: answer,
  K: answer,
  ...but,
});

const played = (
  script: Script,
  settings: Partial<RouterSettings>,
  options: PlayOptions = {},
  deployments: readonly Deployment[] = inGroups(SINGLES),
): Played => play(aRouter(deployments, { settings: { numRetries: 0, ...settings } }), script, options);

const story = (...given: Parameters<typeof played>): string => played(...given).story;

describe('a request whose group cannot answer it', () => {
  it.each<[string, Record<string, string>, Script, string]>([
    ['goes on with the fallback', { g: 'h' }, { G: ERROR }, 'G H ok'],
    ['goes on with the fallbacks in order', { g: 'h i' }, { G: ERROR, H: ERROR }, 'G H I ok'],
    ['goes on with everyone’s', { '*': 'j' }, { G: ERROR }, 'G J ok'],
    ['goes depth first', { g: 'h j', h: 'i' }, all(ERROR), `G H I J ${ERROR}`],
    ['asks no group twice', { g: 'h i', h: 'i g', i: 'g h' }, all(ERROR), `G H I ${ERROR}`],
    ['asks no group twice, itself neither', { g: 'g', '*': 'g' }, all(ERROR), `G ${ERROR}`],
    ['passes over fallbacks that nobody has configured', { g: 'gone h' }, { G: ERROR }, 'G H ok'],
    ['is over where there is no fallback', { h: 'i' }, all(ERROR), `G ${ERROR}`],
    ['is over with the last error', { g: 'h' }, { G: ERROR, H: 'GW_TIMEOUT' }, 'G H GW_TIMEOUT'],
  ])('%s', (_title, fallbacks, script, expected) => {
    expect(story(script, { fallbacks: to(fallbacks) })).toBe(expected);
  });

  it('says which fallback answered, and how many there were', () => {
    const { choices, routing } = played({ G: ERROR, H: ERROR }, { fallbacks: to({ g: 'h gone i' }) });
    expect(choices.map(({ fallback }) => fallback)).toEqual([0, 1, 2]);
    expect(routing.fallbacks).toBe(2);
  });

  it.each([
    [0, `G ${ERROR}`],
    [1, `G H ${ERROR}`],
    [3, `G H I J ${ERROR}`],
    [9, `G H I J K ${ERROR}`],
  ])('goes on with %d fallbacks at most, nested ones included', (maxFallbacks, expected) => {
    expect(story(all(ERROR), { fallbacks: to({ g: 'h', h: 'i', i: 'j k' }), maxFallbacks })).toBe(expected);
  });

  it('has retries of its own in each group', () => {
    const deployments = inGroups({ g: ['a', 'b'], h: ['c', 'd'] });
    const script: Script = { a: ERROR, b: ERROR, c: ERROR };
    const { story, choices, routing } = played(script, { numRetries: 1, fallbacks: to({ g: 'h' }) }, {}, deployments);
    expect([story, choices.map(({ retry }) => retry), routing.retries]).toEqual(['a b c d ok', [0, 1, 0, 1], 2]);
  });

  it('goes on though nobody of its group was ready', () => {
    const test = aRouter(inGroups(SINGLES), { settings: { fallbacks: to({ g: 'h' }) } });
    test.state.of({ id: 'G' }).changeHealth({ ...HEALTHY, coolUntil: NOW + 9_000 });
    expect(play(test, {}).story).toBe('H ok');
  });

  it('does not go on when the caller left, or the gateway refused it', () => {
    expect(story({ G: 'GW_CLIENT_CLOSED' }, { fallbacks: to({ g: 'h' }) })).toBe('G GW_CLIENT_CLOSED');
  });

  it('goes on with an alias, a union, a wildcard and a single deployment', () => {
    const settings = {
      aliases: { alias: { targets: ['h', 'i'], hidden: true } },
      unions: { union: ['j', 'k'] },
      fallbacks: to({ g: 'alias union x/1 D' }),
    };
    const deployments = [...inGroups(SINGLES), inGroup('x/*', 'W'), inGroup('d', 'D')];
    const { story, routing } = played(all(ERROR, { W: ERROR }), settings, {}, deployments);
    expect([story, routing.fallbacks]).toEqual(['G H I J W D ok', 4]);
  });

  it('goes on with a deployment of its own group by its id, though that rests', () => {
    const settings = { fallbacks: to({ g: 'b' }) };
    const test = aRouter(inGroups({ g: ['a', 'b'] }), { settings: { ...settings, numRetries: 0 } });
    test.state.of({ id: 'b' }).changeHealth({ ...HEALTHY, coolUntil: NOW + 9_000, isProving: true });
    expect(play(test, { a: ERROR }).story).toBe('a b ok');
  });

  it('goes on with what only its team has', () => {
    const deployments = [
      inGroup('g', 'G'),
      inGroup('internal', 'T', { info: { team_id: 'red', team_public_model_name: 'ours' } }),
    ];
    const settings = { fallbacks: to({ g: 'ours' }) };
    expect(story({ G: ERROR }, settings, { teamId: 'red' }, deployments)).toBe('G T ok');
    expect(story({ G: ERROR }, settings, { teamId: 'blue' }, deployments)).toBe(`G ${ERROR}`);
  });

  it('goes on in every group of a cascade before its fallbacks, those of the first group first', () => {
    const settings = { aliases: { x: { targets: ['g', 'h'], hidden: false } }, fallbacks: to({ g: 'i', h: 'j g' }) };
    expect(story(all(ERROR), settings, { model: 'x' })).toBe(`G H I J ${ERROR}`);
  });

  it('goes on with the fallbacks of the name that was asked for', () => {
    const settings = { aliases: { x: { targets: ['g'], hidden: false } }, fallbacks: to({ x: 'h', g: 'i' }) };
    expect(story({ G: ERROR }, settings, { model: 'x' })).toBe('G H ok');
    expect(story({ G: ERROR }, settings, { model: 'g' })).toBe('G I ok');
  });
});

describe('a fallback that changes the request', () => {
  const entry = (model: string, overrides: FallbackTarget['overrides']): FallbackTarget => ({ model, overrides });

  it('says so with each of its attempts, and the next one without changes says nothing', () => {
    const settings = { fallbacks: { g: [entry('h', { temperature: 0 }), { model: 'i' }] }, numRetries: 1 };
    const { choices } = played({ G: ERROR, H: ERROR }, settings);
    expect(choices.map(({ overrides }) => overrides)).toEqual([
      undefined,
      undefined,
      { temperature: 0 },
      { temperature: 0 },
      undefined,
    ]);
  });

  it('may be the same group, which is asked once with each change', () => {
    const fallbacks = { g: [entry('g', { temperature: 0 }), entry('g', { temperature: 1 }), { model: 'h' }] };
    const { story, choices } = played({ G: ERROR }, { fallbacks });
    expect(story).toBe('G G G H ok');
    expect(choices.map(({ overrides }) => overrides?.['temperature'])).toEqual([undefined, 0, 1, undefined]);
  });
});

describe('what went wrong', () => {
  const tables = {
    fallbacks: to({ g: 'h' }),
    contextWindowFallbacks: to({ g: 'i' }),
    contentPolicyFallbacks: to({ g: 'j' }),
  };

  it.each<[ErrorCode, string]>([
    [ERROR, 'G H ok'],
    ['GW_INVALID_REQUEST', 'G H ok'],
    ['GW_UPSTREAM_RATE_LIMITED', 'G H ok'],
    ['GW_CONTEXT_WINDOW_EXCEEDED', 'G I ok'],
    ['GW_CONTENT_POLICY', 'G J ok'],
  ])('decides about the fallbacks: %s gives %s', (code, expected) => expect(story({ G: code }, tables)).toBe(expected));

  it('in a fallback decides about what comes after it', () => {
    const settings = { ...tables, contextWindowFallbacks: to({ h: 'k' }) };
    expect(story({ G: ERROR, H: 'GW_CONTEXT_WINDOW_EXCEEDED' }, settings)).toBe('G H K ok');
  });

  it.each<[string, Script, string]>([
    ['a 429 of the last attempt', { a: ERROR, b: 'GW_UPSTREAM_RATE_LIMITED' }, 'a b GW_UPSTREAM_RATE_LIMITED'],
    ['another failure of the last attempt', { a: 'GW_UPSTREAM_RATE_LIMITED', b: ERROR }, 'a b H ok'],
  ])('decides whether there are fallbacks where a 429 is to reach the client: %s', (_title, script, expected) => {
    const settings = { ...tables, fallbackOnRateLimit: false, numRetries: 1, disableCooldowns: true };
    expect(story(script, settings, {}, inGroups({ g: ['a', 'b'], h: ['H'] }))).toBe(expected);
  });

  it('at the last level of the group decides, not what went wrong before', () => {
    const deployments = [
      inGroup('g', 'a', { order: 1 }),
      inGroup('g', 'b', { order: 2 }),
      ...inGroups({ h: ['H'], j: ['J'] }),
    ];
    const script: Script = { a: ERROR, b: 'GW_CONTENT_POLICY' };
    expect(story(script, tables, {}, deployments)).toBe('a b J ok');
  });

  it('in one group decides nothing about the fallbacks of the next', () => {
    const settings = { fallbacks: to({ g: 'h', h: 'i' }), fallbackOnRateLimit: false, numRetries: 0 };
    const test = aRouter(inGroups(SINGLES), { settings });
    test.state.of({ id: 'H' }).changeHealth({ ...HEALTHY, coolUntil: NOW + 9_000, isProving: true });
    expect(play(test, { G: ERROR }).story).toBe(`G ${ERROR}`);
  });

  it('decides even where the last level of the group rests', () => {
    const deployments = [inGroup('g', 'a', { order: 1 }), inGroup('g', 'b', { order: 2 }), inGroup('h', 'H')];
    const test = aRouter(deployments, { settings: { ...tables, numRetries: 0, fallbackOnRateLimit: false } });
    test.state.of({ id: 'b' }).changeHealth({ ...HEALTHY, coolUntil: NOW + 9_000, isProving: true });
    expect(play(test, { a: ERROR }).story).toBe('a H ok');
  });

  it('is a 429 when nobody was ready', () => {
    const test = aRouter(inGroups(SINGLES), { settings: { ...tables, fallbackOnRateLimit: false } });
    test.state.of({ id: 'G' }).changeHealth({ ...HEALTHY, coolUntil: NOW + 9_000 });
    expect(play(test, {}).story).toBe('GW_NO_DEPLOYMENT_READY');
  });
});

describe('what the caller wishes', () => {
  const settings = {
    fallbacks: to({ g: 'h' }),
    contextWindowFallbacks: to({ g: 'h' }),
    contentPolicyFallbacks: to({ g: 'h' }),
  };

  it.each<[string, ErrorCode, PlayOptions['wishes'], string]>([
    ['no fallbacks', ERROR, { disableFallbacks: true }, `G ${ERROR}`],
    ['fallbacks of its own', ERROR, { fallbacks: toThe('j k') }, 'G J ok'],
    ['one for long prompts', 'GW_CONTEXT_WINDOW_EXCEEDED', { contextWindowFallbacks: toThe('j') }, 'G J ok'],
    ['one for refused contents', 'GW_CONTENT_POLICY', { contentPolicyFallbacks: toThe('k') }, 'G K ok'],
  ])('%s', (_title, code, wishes, expected) => expect(story({ G: code }, settings, { wishes })).toBe(expected));

  it('is not repeated by the fallbacks that it wishes', () => {
    const fallbacks = [{ model: 'j', overrides: { temperature: 0 } }, { model: 'k' }];
    expect(story(all(ERROR), settings, { wishes: { fallbacks } })).toBe(`G J K ${ERROR}`);
  });
});
