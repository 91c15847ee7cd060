import { describe, expect, it } from '@jest/globals';
import { accountName, ownerOfAccount } from './account-name.js';

describe('the name of an account', () => {
  it.each<[Parameters<typeof accountName>, string]>([
    [['key', 'abc'], 'key:abc'],
    [['member', 'red', 'ada'], 'member:red:ada'],
    [['user', 'auth0|5f7c'], 'user:auth0%7C5f7c'],
    [['customer', 'ada|model:gpt-4o'], 'customer:ada%7Cmodel:gpt-4o'],
    [['tag', '||'], 'tag:%7C%7C'],
  ])('of %j is %s', (parts, name) => expect(accountName(...parts)).toBe(name));

  it.each<[string, ReturnType<typeof ownerOfAccount>]>([
    ['user:auth0%7C5f7c', { kind: 'user', id: 'auth0|5f7c' }],
    ['key:abc|model:gpt-4o', { kind: 'key', id: 'abc' }],
    ['team:red:1|window:1d', { kind: 'team', id: 'red:1' }],
    ['installation', undefined],
    ['installation|window:1d', undefined],
  ])('%s is of %j', (name, owner) => expect(ownerOfAccount(name)).toEqual(owner));
});
