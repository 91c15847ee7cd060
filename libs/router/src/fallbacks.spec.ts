import type { FallbackTarget } from '@turnpike/domain';
import type { ErrorCode } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aFailure, someSettings } from '../test/doubles.js';
import { fallbacksFor, specialFor, type FallbackSettings } from './fallbacks.js';
import type { RoutingWishes } from './request.js';

const to = (...models: string[]): FallbackTarget[] => models.map((model) => ({ model }));

const ERROR: ErrorCode = 'GW_UPSTREAM_ERROR';
const TOO_LONG: ErrorCode = 'GW_CONTEXT_WINDOW_EXCEEDED';
const REFUSED: ErrorCode = 'GW_CONTENT_POLICY';

const next = (
  names: readonly string[],
  settings: Partial<FallbackSettings>,
  code: ErrorCode = ERROR,
  wishes: RoutingWishes = {},
): string[] =>
  fallbacksFor(names, aFailure(code), wishes, { ...someSettings(), ...settings }).map(({ model }) => model);

describe('the fallbacks of a group', () => {
  const fallbacks = { g: to('b', 'c'), '*': to('z'), 'gpt-4o': to('bare'), 'x/y': to('whole') };

  it.each<[string, string[], string[]]>([
    ['are its own, in order', ['g'], ['b', 'c']],
    ['are those of its name without the provider', ['openai/gpt-4o'], ['bare']],
    ['are those of its whole name before', ['x/y'], ['whole']],
    ['are those of the name asked for before', ['g', 'gpt-4o'], ['b', 'c']],
    ['are those of the group when the name asked for has none', ['alias', 'g'], ['b', 'c']],
    ['are everyone’s when it has none', ['other'], ['z']],
    ['are everyone’s for names that every object has', ['constructor', '__proto__', 'toString'], ['z']],
  ])('%s', (_title, names, expected) => expect(next(names, { fallbacks })).toEqual(expected));

  it('are none where none are configured', () => expect(next(['g'], {})).toEqual([]));

  it('keep what they change of the request', () => {
    const entry = { model: 'b', overrides: { temperature: 0 } };
    const settings = { ...someSettings(), fallbacks: { g: [entry] } };
    expect(fallbacksFor(['g'], aFailure(), {}, settings)).toEqual([entry]);
  });

  it.each<ErrorCode>(['GW_UPSTREAM_RATE_LIMITED', 'GW_NO_DEPLOYMENT_READY', 'GW_RATE_LIMITED'])(
    'are none after %s where rate limits are to reach the client',
    (code) => {
      expect(next(['g'], { fallbacks, fallbackOnRateLimit: false }, code)).toEqual([]);
      expect(next(['g'], { fallbacks, fallbackOnRateLimit: true }, code)).toEqual(['b', 'c']);
      expect(next(['g'], { fallbacks, fallbackOnRateLimit: false }, ERROR)).toEqual(['b', 'c']);
    },
  );
});

describe('what the caller wishes', () => {
  const fallbacks = { g: to('b') };

  it.each<[string, RoutingWishes, string[]]>([
    ['its own fallbacks stand for the configured ones', { fallbacks: to('x', 'y') }, ['x', 'y']],
    ['an empty list is a wish too', { fallbacks: [] }, []],
    ['no fallbacks', { disableFallbacks: true }, []],
    ['no fallbacks, not even its own', { disableFallbacks: true, fallbacks: to('x') }, []],
    ['nothing', {}, ['b']],
  ])('%s', (_title, wishes, expected) => expect(next(['g'], { fallbacks }, ERROR, wishes)).toEqual(expected));
});

describe.each<[string, ErrorCode, 'contextWindowFallbacks' | 'contentPolicyFallbacks']>([
  ['too long', TOO_LONG, 'contextWindowFallbacks'],
  ['refused', REFUSED, 'contentPolicyFallbacks'],
])('a prompt that is %s', (_title, code, key) => {
  const settings = { fallbacks: { g: to('general') }, [key]: { g: to('special'), other: to('x') } };

  it('has fallbacks of its own', () => expect(next(['g'], settings, code)).toEqual(['special']));

  it('has the general ones where there are none', () => {
    expect(next(['h'], { ...settings, fallbacks: { h: to('general') } }, code)).toEqual(['general']);
  });

  it.each<[string, RoutingWishes, string[]]>([
    ['that it wishes', { [key]: to('wish') }, ['wish']],
    ['that it wishes, before its general ones', { [key]: to('wish'), fallbacks: to('x') }, ['wish']],
    ['that are configured, before its general ones', { fallbacks: to('x') }, ['special']],
  ])('has those %s', (_name, wishes, expected) => expect(next(['g'], settings, code, wishes)).toEqual(expected));

  it('does not lend them to other failures', () => {
    expect(next(['g'], settings, ERROR)).toEqual(['general']);
    expect(next(['g'], settings, code === TOO_LONG ? REFUSED : TOO_LONG)).toEqual(['general']);
  });

  it('is told from others by having them', () => {
    const all = { ...someSettings(), ...settings };
    expect(specialFor(['g'], aFailure(code), {}, all)).toEqual(to('special'));
    expect(specialFor(['h'], aFailure(code), {}, all)).toBeUndefined();
    expect(specialFor(['g'], aFailure(ERROR), {}, all)).toBeUndefined();
  });
});
