import type { CacheSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { aFront, anExchange, aSelection } from '../../test/doubles.js';
import type { Selection } from '../guarding/selection.js';
import type { Exchange, Principal } from '../pipeline/exchange.js';
import { CacheKeys } from './cache-key.js';

const principal = (changes: Partial<Principal> = {}): Principal => ({
  isAdmin: false,
  keyHash: 'hash-1',
  keyAlias: '',
  teamId: '',
  userId: '',
  ...changes,
});

const asked = (body: JsonObject, changes: Partial<Exchange> = {}, input: object = {}): Exchange =>
  anExchange({ body, model: 'm', principal: principal(), ...changes }, input);

const keys = (settings: Partial<CacheSettings> = {}): CacheKeys =>
  new CacheKeys({ shared: false, namespace: undefined, ...settings });

const BODY: JsonObject = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], temperature: 0 };

const key = (body: JsonObject, changes: Partial<Exchange> = {}, settings: Partial<CacheSettings> = {}): string =>
  keys(settings).keyOf(asked(body, changes), undefined);

describe('the key of an answer', () => {
  const usual = key(BODY);

  it.each<[string, JsonObject]>([
    ['the order of the fields', { temperature: 0, messages: [{ content: 'Hi', role: 'user' }], model: 'm' }],
    ['how it is sent', { ...BODY, stream: true, stream_options: { include_usage: true } }],
    ['who it is for', { ...BODY, user: 'u', metadata: { a: 1 }, litellm_metadata: { b: 2 } }],
    ['what is said to the gateway', { ...BODY, cache: { ttl: 5 }, timeout: 5, tags: ['a'], fallbacks: ['b'] }],
    ['what is dropped in silence', { ...BODY, mock_response: 'x', proxy_server_request: {} }],
    ['the name by which the client calls the model', { ...BODY, model: 'an alias' }],
    ['fields that say nothing', { ...BODY, top_p: null }],
  ])('does not depend on %s', (_title, body) => expect(key(body)).toBe(usual));

  it.each<[string, JsonObject]>([
    ['the messages', { ...BODY, messages: [{ role: 'user', content: 'Ho' }] }],
    ['a parameter', { ...BODY, temperature: 1 }],
    ['a parameter that only the provider knows', { ...BODY, top_k: 1 }],
    ['a field of a strange name', JSON.parse('{"__proto__": {"a": 1}, "messages": [], "model": "m"}') as JsonObject],
    ['fields that travel in extra_body', { ...BODY, extra_body: { temperature: 2 } }],
    ['headers for the provider', { ...BODY, extra_headers: { 'x-a': 'b' } }],
    ['parameters that are dropped', { ...BODY, additional_drop_params: ['temperature'] }],
    ['whose account it is', { ...BODY, api_key: 'sk-mine' }],
  ])('depends on %s', (_title, body) => expect(key(body)).not.toBe(usual));

  it('tells a field called __proto__ from none', () => {
    const strange = JSON.parse('{"__proto__": {"a": 1}, "model": "m"}') as JsonObject;
    expect(key(strange)).not.toBe(key({ model: 'm' }));
  });

  it('depends on the model that is meant, the kind of call, the dialect, and features that headers ask for', () => {
    const other = (input: object) => keys().keyOf(asked(BODY, {}, input), undefined);
    const all = [
      usual,
      key(BODY, { model: 'n' }),
      other({ front: aFront({ operation: 'completions' }) }),
      other({ front: aFront({ dialect: 'gemini' }) }),
      other({ headers: { 'anthropic-beta': 'a-feature' } }),
    ];
    expect(new Set(all).size).toBe(5);
    expect(other({ headers: { 'x-trace': '1' } })).toBe(usual);
  });

  it('depends on who looks at the call, and on what the client says to them', () => {
    const guarded = (asked?: Selection['asked']) => key(BODY, { guardrails: { ...aSelection('g'), asked } });
    expect(new Set([usual, guarded(), guarded(new Map([['g', { level: 1 }]]))]).size).toBe(3);
    expect(key(BODY, { guardrails: aSelection() })).toBe(usual);
  });

  it('keeps tenants apart: teams, keys without a team, and the master key', () => {
    const of = (changes: Partial<Principal>): string => key(BODY, { principal: principal(changes) });
    expect(of({ keyHash: 'hash-2' })).not.toBe(usual);
    expect(of({ teamId: 't', keyHash: 'hash-2' })).toBe(of({ teamId: 't', keyHash: 'hash-3' }));
    expect(of({ teamId: 'hash-1' })).not.toBe(usual);
    expect(of({ isAdmin: true, keyHash: 'a' })).not.toBe(of({ isAdmin: true, keyHash: 'b' }));
  });

  it('is shared by all where the operator wants that', () => {
    const of = (keyHash: string): string => key(BODY, { principal: principal({ keyHash }) }, { shared: true });
    expect(of('hash-1')).toBe(of('hash-2'));
  });

  it("is in the operator's namespace, and in the request's own", () => {
    expect(key(BODY, {}, { namespace: 'ns' })).toBe(`ns:${usual}`);
    const of = (namespace: string | undefined): string => keys().keyOf(asked(BODY), namespace);
    expect(new Set([of('a'), of('b'), usual]).size).toBe(3);
  });

  it('tells nothing of the prompt', () => expect(usual).toMatch(/^[0-9a-f]{64}$/));
});

describe('the keys of things that are asked about in one way', () => {
  const of = (body: JsonObject, things: (string | number[])[]) =>
    keys({ namespace: 'n' }).keysOf(asked(body), undefined, 'input', things);

  it('are those of each, whatever else is in the list', () => {
    const [a, b] = of({ input: ['a', 'b'], dimensions: 4 }, ['a', 'b']);
    expect(of({ dimensions: 4, input: 'b' }, ['b'])).toEqual([b]);
    expect(new Set([a, b, ...of({ input: 'a', dimensions: 5 }, ['a'])]).size).toBe(3);
    expect(a).toMatch(/^n:[0-9a-f]{64}$/);
  });

  it('tell texts from token ids', () => expect(of({}, ['[1]'])).not.toEqual(of({}, [[1]])));
});

it('a scope holds what may differ, and no more', () => {
  const of = (fields: JsonObject, changes: Partial<Exchange> = {}): string =>
    keys().scopeOf(asked(BODY, changes), undefined, fields);
  const usual = of({ temperature: 0 });
  expect(of({ temperature: 0 })).toBe(usual);
  expect(of({ temperature: 1 })).not.toBe(usual);
  expect(of({ temperature: 0 }, { model: 'n' })).not.toBe(usual);
  expect(of({ temperature: 0 }, { principal: principal({ teamId: 't' }) })).not.toBe(usual);
});
