import type { JsonObject, RouterSettings } from '@turnpike/domain';
import { NO_WISHES, type RoutingWishes } from '@turnpike/router';
import { describe, expect, it } from '@jest/globals';
import type { RuntimeSnapshot } from '../runtime/snapshot.js';
import { wishesOf } from './wishes.js';

interface Asked {
  headers?: Record<string, string>;
  settings?: Partial<RouterSettings>;
  /** What some deployment lets clients set. */
  clientParameters?: string[];
  allowClientCredentials?: boolean;
  tags?: string[];
  ofCaller?: JsonObject;
}

const wishes = (body: JsonObject, asked: Asked = {}): RoutingWishes => {
  const { headers = {}, settings = {}, clientParameters = [], allowClientCredentials = false } = asked;
  const snapshot = {
    config: { router: settings, auth: { allowClientCredentials } },
    clientParameters: new Set(clientParameters),
  };
  return wishesOf(headers, { model: 'm', ...body }, snapshot as unknown as RuntimeSnapshot, asked.tags, asked.ofCaller);
};

const refused = (param: string, code = 'GW_INVALID_REQUEST'): unknown =>
  expect.objectContaining({ code, facts: expect.objectContaining({ param }) });

describe('a request that asks nothing of the router', () => {
  it.each<[JsonObject]>([
    [{}],
    [{ num_retries: null, priority: null, fallbacks: null, allowed_model_region: null }],
    [{ disable_fallbacks: false, messages: [{ role: 'user', content: 'Hello' }] }],
  ])('costs nothing: %j', (body) => expect(wishes(body)).toBe(NO_WISHES));
});

describe('numbers', () => {
  it.each<[string, JsonObject, Asked, RoutingWishes]>([
    ['of retries', { num_retries: 2 }, {}, { numRetries: 2 }],
    ['of no retries', { num_retries: 0 }, {}, { numRetries: 0 }],
    [
      'of retries, the header first',
      { num_retries: 2 },
      { headers: { 'x-litellm-num-retries': '5' } },
      { numRetries: 5 },
    ],
    ['of the priority', { priority: -1 }, {}, { priority: -1 }],
    [
      'of the priority, before the configured one',
      { priority: 1 },
      { settings: { defaultPriority: 9 } },
      { priority: 1 },
    ],
    ['of the configured priority', {}, { settings: { defaultPriority: 9 } }, { priority: 9 }],
  ])('%s are read', (_title, body, asked, expected) => expect(wishes(body, asked)).toEqual(expected));

  it.each<[string, JsonObject, Record<string, string>?]>([
    ['num_retries', { num_retries: -1 }],
    ['num_retries', { num_retries: 1.5 }],
    ['num_retries', { num_retries: 'many' }],
    ['num_retries', { num_retries: '' }],
    ['num_retries', {}, { 'x-litellm-num-retries': 'x' }],
    ['priority', { priority: true }],
    ['priority', { priority: [1] }],
  ])('that are none are refused: %s in %j', (param, body, headers = {}) => {
    expect(() => wishes(body, { headers })).toThrow(refused(param));
  });
});

describe('fallbacks', () => {
  it.each<[string, JsonObject, RoutingWishes]>([
    ['as names', { fallbacks: ['a', 'b'] }, { fallbacks: [{ model: 'a' }, { model: 'b' }] }],
    [
      'as names with what changes of the request',
      { fallbacks: [{ model: 'a', temperature: 0 }, { model: 'b' }] },
      { fallbacks: [{ model: 'a', overrides: { temperature: 0 } }, { model: 'b' }] },
    ],
    [
      'as configurations write them: those of this model and of all',
      { fallbacks: [{ m: ['a'] }, { other: ['b'] }, { '*': ['c'], other: ['d'] }] },
      { fallbacks: [{ model: 'a' }, { model: 'c' }] },
    ],
    ['as an empty list: none', { fallbacks: [] }, { fallbacks: [] }],
    [
      'for prompts that are too long',
      { context_window_fallbacks: ['a'] },
      { contextWindowFallbacks: [{ model: 'a' }] },
    ],
    ['for refused content', { content_policy_fallbacks: ['a'] }, { contentPolicyFallbacks: [{ model: 'a' }] }],
    ['switched off', { disable_fallbacks: true }, { disableFallbacks: true }],
  ])('are read %s', (_title, body, expected) => expect(wishes(body)).toEqual(expected));

  it.each<[string, JsonObject]>([
    ['fallbacks', { fallbacks: 'a' }],
    ['fallbacks', { fallbacks: Array<string>(21).fill('a') }],
    ['fallbacks[1]', { fallbacks: ['a', 5] }],
    ['fallbacks[0]', { fallbacks: [{}] }],
    ['fallbacks[0]', { fallbacks: [{ m: 'a' }] }],
    ['context_window_fallbacks[0]', { context_window_fallbacks: [{ m: [5] }] }],
  ])('that are none are refused: %s in %j', (param, body) => expect(() => wishes(body)).toThrow(refused(param)));

  const overriding = (overrides: JsonObject): JsonObject => ({ fallbacks: ['a', { model: 'b', ...overrides }] });

  it.each<[JsonObject, string]>([
    [{ api_base: 'http://elsewhere' }, 'fallbacks[1].api_base'],
    [{ extra_body: { api_key: 'k' } }, 'fallbacks[1].extra_body.api_key'],
  ])('may not say where a call goes, nor with whose key: %j', (overrides, param) => {
    const body = overriding(overrides);
    expect(() => wishes(body)).toThrow(refused(param, 'GW_FORBIDDEN_PARAMETER'));
    const allowed = { fallbacks: [{ model: 'a' }, { model: 'b', overrides }] };
    expect(wishes(body, { clientParameters: ['api_base', 'api_key'] })).toEqual(allowed);
    expect(wishes(body, { allowClientCredentials: true })).toEqual(allowed);
  });
});

describe('tags', () => {
  const settings = { enableTagFiltering: true };

  it('are the call’s own', () => {
    const headers = { 'user-agent': 'curl/8' };
    expect(wishes({}, { headers, settings, tags: ['a', 'b'] })).toEqual({ tags: ['a', 'b'], userAgent: 'curl/8' });
  });

  it('are none where the call has none: that is a wish too', () => {
    expect(wishes({}, { settings })).toEqual({ tags: [] });
  });

  it('are nothing to a router that does not go by them', () => {
    expect(wishes({}, { tags: ['a'] })).toBe(NO_WISHES);
  });
});

describe('a region', () => {
  it('is a text', () => expect(wishes({ allowed_model_region: 'eu' })).toEqual({ region: 'eu' }));

  it.each([5, '', ['eu']])('that is none is refused: %j', (region) => {
    expect(() => wishes({ allowed_model_region: region })).toThrow(refused('allowed_model_region'));
  });
});

describe('a conversation', () => {
  const body = { litellm_session_id: 's' };

  it('keeps to its deployment where the operator wants that', () => {
    expect(wishes(body, { settings: { sessionAffinity: true } })).toEqual({ affinityKey: 's' });
    expect(wishes(body)).toBe(NO_WISHES);
  });

  it('that has no key is as any other', () => {
    expect(wishes({}, { settings: { sessionAffinity: true } })).toBe(NO_WISHES);
  });
});

describe('what holds for a caller', () => {
  const ofCaller = { num_retries: 3, disable_fallbacks: true, fallbacks: ['b', { m: ['c'] }, { other: ['d'] }] };

  it('is asked for by requests that say nothing', () => {
    const expected = { numRetries: 3, disableFallbacks: true, fallbacks: [{ model: 'b' }, { model: 'c' }] };
    expect(wishes({}, { ofCaller })).toEqual(expected);
    expect(wishes({ num_retries: null, disable_fallbacks: null, fallbacks: null }, { ofCaller })).toEqual(expected);
  });

  it('gives way to what a request says', () => {
    expect(wishes({ num_retries: 0, disable_fallbacks: false, fallbacks: ['x'] }, { ofCaller })).toEqual({
      numRetries: 0,
      fallbacks: [{ model: 'x' }],
    });
    expect(wishes({}, { ofCaller, headers: { 'x-litellm-num-retries': '1' } })).toMatchObject({ numRetries: 1 });
  });
});
