// What the ledger takes for an entry, what it mends, and how it says what is wrong.
import { describe, expect, it } from '@jest/globals';
import { ENTRY_LIMITS, type JsonObject } from '@turnpike/domain';
import { readFileSync } from 'node:fs';
import { dayOfId, EntryFault, readEntry } from './read-entry.js';

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

const anEntry = (members: JsonObject = {}): JsonObject => ({
  v: 1,
  id: '019aa5b2-6c1e-7000-80c4-1f0e9d2b7a55',
  startedAt: 1_763_700_000_000,
  endedAt: 1_763_700_001_000,
  status: 'success',
  cost: 201_500,
  attempts: [],
  ...members,
});

const LONG = 'x'.repeat(2 * ENTRY_LIMITS.prompt);

const anAttempt = (members: JsonObject = {}): JsonObject => ({
  deployment: 'd1',
  provider: 'provider.openai',
  model: 'gpt-4o',
  status: 'success',
  startedMs: 0.5,
  durationMs: 123.4,
  ...members,
});

describe('readEntry', () => {
  it('reads an entry with all that it may have', () => {
    const whole = anEntry({
      callId: 'c',
      holder: 'h',
      key: 'k',
      alias: 'a',
      user: 'u',
      team: 't',
      organization: 'o',
      customer: 'e',
      tags: ['x', 'y'],
      model: 'asked',
      group: 'g',
      operation: 'chat',
      stream: true,
      statusCode: 200,
      cache: 'miss',
      costUnknown: true,
      usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7, cachedInputTokens: 2, webSearchRequests: 1 },
      usageSource: 'estimated',
      attempts: [
        anAttempt({ firstTokenMs: 20.1, cost: 5, usageSource: 'upstream', group: 'g' }),
        anAttempt({ status: 'failure', error: { code: 'GW_TIMEOUT', message: 'm' } }),
      ],
      error: { code: 'GW_TIMEOUT', message: 'm' },
      sessionId: 's',
      ip: '::1',
      metadata: { a: [1, { b: null }] },
      request: [{ role: 'user', content: 'x' }],
      response: 'cut …',
      accounts: ['key:k|model:m'],
    });
    expect(JSON.parse(JSON.stringify(readEntry(bytes(whole))))).toEqual(whole);
  });

  it('passes over what it does not know, and what is null', () => {
    expect(readEntry(bytes(anEntry({ later: { x: 1 }, user: null, usage: null })))).toEqual(
      readEntry(bytes(anEntry())),
    );
  });

  it.each<[unknown, string]>([
    ['', 'no JSON'],
    ['{"v":1', 'no JSON'],
    ['[]', 'an entry is a JSON object'],
    ['null', 'an entry is a JSON object'],
    [anEntry({ v: 2 }), 'v: only version 1'],
    [anEntry({ id: 'x' }), 'id: it must be a UUID'],
    [anEntry({ id: '019aa5b2-6c1e-4000-80c4-1f0e9d2b7a55' }), 'id: it must be a UUID of version 7'],
    [anEntry({ id: '00000000-0000-7000-8000-000000000000' }), 'id: its time must lie between'],
    [anEntry({ id: 'ffffffff-ffff-7000-8000-000000000000' }), 'id: its time must lie between'],
    [anEntry({ startedAt: 'now' }), 'startedAt: it must be in epoch milliseconds'],
    [anEntry({ endedAt: 1e300 }), 'endedAt: it must be in epoch milliseconds'],
    [anEntry({ status: 'fine' }), 'status: it must be one of success, failure, client_closed'],
    [anEntry({ status: null }), 'status: it is missing'],
    [anEntry({ cost: null }), 'cost: it is missing'],
    [anEntry({ cost: -1 }), 'cost: it must be a whole number'],
    [anEntry({ cost: 0.5 }), 'cost: it must be a whole number'],
    [anEntry({ cost: ENTRY_LIMITS.cost + 1 }), 'cost: it must be a whole number'],
    [anEntry({ key: 7 }), 'key: it must be a string'],
    [anEntry({ tags: 'x' }), 'tags: it must be a list'],
    [anEntry({ tags: ['a', 7] }), 'tags[1]: it must be a string'],
    [anEntry({ usage: [] }), 'usage: it must be an object'],
    [anEntry({ usage: { inputTokens: '3' } }), 'usage.inputTokens: it must be a number'],
    [anEntry({ attempts: {} }), 'attempts: it must be a list'],
    [anEntry({ attempts: [anAttempt(), anAttempt({ status: 'x' })] }), 'attempts[1].status: it must be one of'],
    [anEntry({ metadata: 'x' }), 'metadata: it must be an object'],
  ])('refuses %j: %s', (value, message) => {
    expect(() => readEntry(bytes(value))).toThrow(EntryFault);
    expect(() => readEntry(bytes(value))).toThrow(message);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(() => readEntry(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow('no JSON');
  });

  it('cuts long strings without halving a character, and long lists', () => {
    const tags = Array.from({ length: ENTRY_LIMITS.tags + 1 }, (_, index) => `t${index}`);
    const user = 'u'.repeat(ENTRY_LIMITS.name - 1) + '😀';
    const entry = readEntry(bytes(anEntry({ user, tags })));
    expect(entry.user).toBe('u'.repeat(ENTRY_LIMITS.name - 1) + '�');
    expect(entry.tags).toHaveLength(ENTRY_LIMITS.tags);
  });

  it.each([
    [-5, 0],
    [1.9, 1],
    [1e300, 2 ** 31 - 1],
  ])('bounds a count of %d to %d', (count, expected) => {
    const { usage } = readEntry(bytes(anEntry({ usage: { inputTokens: count, outputTokens: 0 } })));
    expect(usage?.inputTokens).toBe(expected);
    expect(usage?.totalTokens).toBe(expected);
  });

  it('leaves out what the database cannot keep', () => {
    const text = JSON.stringify(anEntry({ user: 'USER', metadata: { NAME: 'VALUE' } }))
      .replace('USER', 'a\\u0000b')
      .replace('NAME', 'n\\uD800')
      .replace('VALUE', 'v\\udc00w');
    const entry = readEntry(bytes(text));
    expect([entry.user, entry.metadata]).toEqual(['ab', { 'n�': 'v�w' }]);
  });

  it('leaves out metadata of more than its size', () => {
    const metadata = { text: 'x'.repeat(ENTRY_LIMITS.metadata) };
    expect(readEntry(bytes(anEntry({ metadata }))).metadata).toBeUndefined();
  });

  it('reads ids in capitals as the same ids', () => {
    const id = '019AA5B2-6C1E-7000-80C4-1F0E9D2B7A55';
    expect(readEntry(bytes(anEntry({ id }))).id).toBe(id.toLowerCase());
  });
});

it('takes the example of docs/journal.md, with every member that it names', () => {
  const page = readFileSync(new URL('../../../../docs/journal.md', import.meta.url), 'utf8');
  const [, text = ''] = /```json\n([\s\S]*?)\n```/.exec(page) ?? [];
  const named = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(
    ([, names = '']) => names.match(/\w+/g) ?? [],
  );
  const read = readEntry(bytes(text));
  expect(read).toMatchObject(JSON.parse(text) as object);
  expect(Object.keys(read).filter((member) => !named.includes(member))).toEqual([]);
});

describe('dayOfId', () => {
  it.each([
    [Date.UTC(2020, 0, 1), '2020-01-01'],
    [Date.UTC(2026, 10, 21, 23, 59, 59, 999), '2026-11-21'],
    [Date.UTC(2026, 10, 22), '2026-11-22'],
    [Date.UTC(2099, 11, 31), '2099-12-31'],
  ])('of a call at %d is %s', (time, day) => {
    const hex = time.toString(16).padStart(12, '0');
    expect(dayOfId(`${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`)).toBe(day);
  });
});

it.each(['request', 'response'])('a %s that is larger than any gateway makes is left out', (name) => {
  expect(readEntry(bytes(anEntry({ [name]: LONG })))).not.toHaveProperty(name, LONG);
  expect(readEntry(bytes(anEntry({ [name]: null })))).toHaveProperty(name, undefined);
});
