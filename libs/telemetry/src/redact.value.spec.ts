import { afterEach, describe, expect, it } from '@jest/globals';
import { forgetSecrets, registerSecret } from './redact.text.js';
import { redactHeaders, redactValue } from './redact.value.js';

afterEach(forgetSecrets);

describe('redactValue', () => {
  it.each<[string, unknown, unknown]>([
    [
      'values of telling names',
      { api_key: 'a', nested: { Password: 5 } },
      { api_key: '***', nested: { Password: '***' } },
    ],
    [
      'whole objects and lists of telling names',
      { credentials: { a: 1 }, 'set-cookie': ['a'] },
      { credentials: '***', 'set-cookie': '***' },
    ],
    ['texts in lists', [['Bearer abcdef123']], [['Bearer ***']]],
    ['keys', { 'Bearer abcdef123': 1 }, { 'Bearer ***': 1 }],
    ['maps and sets', new Map([['token', 'a']]), { token: '***' }],
    ['sets', new Set(['Bearer abcdef123']), ['Bearer ***']],
    ['URLs', new URL('https://host/?key=a'), 'https://host/?key=***'],
    ['what toJSON gives', { toJSON: () => ({ secret: 'a' }) }, { secret: '***' }],
  ])('masks %s', (_, value, masked) => expect(redactValue(value)).toEqual(masked));

  it.each<[string, unknown, unknown]>([
    ['figures under the name of a token', { token: 512 }, { token: 512 }],
    [
      'the information that a secret is absent',
      { api_key: '', secret: null, password: false },
      { api_key: '', secret: null, password: false },
    ],
    ['dates', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['bigints', 12n, '12'],
    ['bytes', { body: new Uint8Array(3), buffer: new ArrayBuffer(2) }, { body: '[3 bytes]', buffer: '[2 bytes]' }],
    ['functions', () => 1, '[function]'],
    ['patterns', /a/g, '/a/g'],
    ['nothing', undefined, undefined],
  ])('keeps %s', (_, value, copy) => expect(redactValue(value)).toEqual(copy));

  it('masks errors, their causes and what they carry', () => {
    const cause = Object.assign(new TypeError('sent Bearer abcdef123'), { headers: { authorization: 'x' } });
    const masked = redactValue(new Error('failed', { cause })) as { cause: Record<string, unknown>; stack: string };
    expect(masked).toMatchObject({
      name: 'Error',
      message: 'failed',
      cause: { name: 'TypeError', message: 'sent Bearer ***', headers: { authorization: '***' } },
    });
    expect(masked.stack).toContain('Error: failed');
    expect(JSON.stringify(masked)).not.toContain('abcdef123');
  });

  it('masks the errors of an AggregateError', () => {
    expect(redactValue(new AggregateError([new Error('api_key=abc')], 'all failed'))).toMatchObject({
      errors: [{ message: 'api_key=***' }],
    });
  });

  it('cuts cycles, and only cycles', () => {
    const twice = { a: 1 };
    const value: Record<string, unknown> = { first: twice, second: twice };
    value['self'] = value;
    expect(redactValue(value)).toEqual({ first: twice, second: twice, self: '[circular]' });
  });

  it('cuts what is too deep or too large', () => {
    let deep: unknown = 'end';
    for (let level = 0; level < 50; level += 1) deep = [deep];
    expect(JSON.stringify(redactValue(deep))).toContain('[too deep]');
    const wide = redactValue(Array.from({ length: 100_000 }, () => 1)) as unknown[];
    expect(wide.length).toBeLessThanOrEqual(10_001);
    expect(wide.at(-1)).toBe('[truncated]');
  });

  it('survives getters, conversions and proxies that throw', () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const value = {
      get bad() {
        throw new Error('no');
      },
      json: {
        toJSON: () => {
          throw new Error('no');
        },
      },
      hostile,
    };
    expect(redactValue(value)).toEqual({ bad: '[unreadable]', json: '[unreadable]', hostile: '[unreadable]' });
  });

  it('leaves the original as it was', () => {
    const value = { api_key: 'a', list: ['Bearer abcdef123'] };
    redactValue(value);
    expect(value).toEqual({ api_key: 'a', list: ['Bearer abcdef123'] });
  });

  it('cannot be led to a prototype', () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}}') as object;
    expect(Object.getPrototypeOf(redactValue(value))).toBe(Object.prototype);
  });
});

describe('redactHeaders', () => {
  const masked = { authorization: '***', 'x-api-key': '***', accept: 'a/b', 'x-note': 'Bearer ***' };

  it('masks headers of telling names, and secrets in the others', () => {
    const headers = { authorization: 'a', 'x-api-key': ['a', 'b'], accept: 'a/b', 'x-note': 'Bearer abcdef123' };
    expect(redactHeaders(headers)).toEqual(masked);
  });

  it('takes Headers', () => {
    const headers = new Headers({ authorization: 'a', 'x-api-key': 'a', accept: 'a/b', 'x-note': 'Bearer abcdef123' });
    expect(redactHeaders(headers)).toEqual(masked);
  });
});

describe('a registered secret', () => {
  /** The same numbers on every run. */
  const seeded = (seed: number) => (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const ALPHABET = [...'abcXYZ019-_.~+/=$^*()[]{}|\\"\'`<>&?#%@:;, \t\nüß漢🔑'];

  it('survives in no nesting', () => {
    const random = seeded(7);
    const below = (limit: number): number => Math.floor(random() * limit);
    const aText = (length: number): string => Array.from({ length }, () => ALPHABET[below(ALPHABET.length)]).join('');
    const wrap: ((inner: unknown, secret: string) => unknown)[] = [
      (inner) => [aText(3), inner],
      (inner) => ({ [aText(4)]: inner, other: below(1_000) }),
      (inner, secret) => ({ [`${aText(2)}${secret}`]: inner }),
      (inner) => new Map([[aText(3), inner]]),
      (inner) => new Set([inner]),
      (inner, secret) => new Error(`${aText(5)}${secret}${aText(5)}`, { cause: inner }),
      (inner) => Object.assign(new Error(aText(5)), { facts: inner }),
      (inner) => new AggregateError([inner], aText(3)),
      (inner) => ({ toJSON: () => inner }),
      (inner) => JSON.stringify({ text: inner }),
      (inner, secret) => ({ url: `https://host/path?q=${encodeURIComponent(secret)}&n=1`, inner }),
    ];
    for (let round = 0; round < 1_000; round += 1) {
      forgetSecrets();
      const secret = `${aText(8 + below(30)).trim()}Kx7`.trim();
      if (secret.length < 6) continue;
      registerSecret(secret);
      let value: unknown = `${aText(below(20))}${secret}${aText(below(20))}`;
      for (let level = below(6); level >= 0; level -= 1) value = wrap[below(wrap.length)]!(value, secret);
      const written = JSON.stringify(redactValue(value));
      for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
        expect(written.includes(spelling)).toBe(false);
      }
    }
  });
});
