import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { assertChosenSecret, hashSecret, keyNameOf, makeSecret, tokenOf } from './key-secret.js';

const token = 'A1'.repeat(32);

describe('a secret', () => {
  it('is made of 22 url-safe characters, never the same twice', () => {
    const made = new Set(Array.from({ length: 100 }, makeSecret));
    expect(made.size).toBe(100);
    for (const secret of made) expect(secret).toMatch(/^sk-[\w-]{22}$/);
  });

  it('is stored as SHA-256 of all of it, and shown by its end', () => {
    expect(hashSecret('sk-1234')).toBe(createHash('sha256').update('sk-1234').digest('hex'));
    expect(keyNameOf('sk-abcdefgh1234')).toBe('sk-...1234');
  });

  it.each<[string, string, RegExp | undefined]>([
    ['of 16 characters can be chosen', 'sk-1234567890abc', undefined],
    ['that is shorter cannot', 'sk-1234567890ab', /16 to 256/],
    ['that is too long cannot', `sk-${'a'.repeat(254)}`, /16 to 256/],
    ['without the prefix cannot', 'pk-1234567890abcdef', /starts with 'sk-'/],
    ['with a space cannot', 'sk-1234567890 abcdef', /no spaces/],
    ['with a line break cannot', 'sk-1234567890\nabcdef', /no spaces/],
    ['with other letters cannot', 'sk-1234567890äbcdef', /ASCII/],
  ])('%s', (_title, secret, refusal) => {
    if (refusal) expect(() => assertChosenSecret(secret)).toThrow(refusal);
    else expect(() => assertChosenSecret(secret)).not.toThrow();
  });
});

describe('a key', () => {
  it.each<[string, string, string]>([
    ['is named by its secret', 'sk-1234', hashSecret('sk-1234')],
    ['is named by its token', token.toLowerCase(), token.toLowerCase()],
    ['is named by its token in capitals', token, token.toLowerCase()],
  ])('%s', (_title, text, expected) => {
    expect(tokenOf(text)).toBe(expected);
  });

  it.each(['', 'abc', `${token}0`])('is not named by %j', (text) => {
    expect(() => tokenOf(text)).toThrow(/token/);
  });
});
