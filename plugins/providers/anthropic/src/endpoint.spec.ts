import { describe, expect, it } from '@jest/globals';
import { betaHeader, versionedBase } from './endpoint.js';

describe('versionedBase', () => {
  it.each([
    ['https://api.anthropic.com', 'https://api.anthropic.com/v1'],
    ['https://api.anthropic.com/', 'https://api.anthropic.com/v1'],
    ['https://api.anthropic.com/v1', 'https://api.anthropic.com/v1'],
    ['https://api.anthropic.com/v1/messages', 'https://api.anthropic.com/v1'],
    ['https://host.example/anthropic', 'https://host.example/anthropic/v1'],
    ['https://host.example/anthropic/v1/messages/', 'https://host.example/anthropic/v1'],
  ])('finds in %s the base %s', (base, expected) => expect(versionedBase(base)).toBe(expected));
});

describe('betaHeader', () => {
  it.each([
    [[], undefined],
    [[[], undefined, ''], undefined],
    [[['a', 'b'], 'b, c', ['d']], 'a,b,c,d'],
  ])('joins %j to %p', (lists, expected) => expect(betaHeader(...lists)).toBe(expected));
});
