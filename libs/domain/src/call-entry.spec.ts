// Which accounts a call is charged to.
import { describe, expect, it } from '@jest/globals';
import { accountsOf, type CallEntry } from './call-entry.js';

const anEntry = (members: Partial<CallEntry>): CallEntry => ({
  v: 1,
  id: '019aa5b2-6c1e-7000-80c4-1f0e9d2b7a55',
  startedAt: 0,
  endedAt: 0,
  status: 'success',
  cost: 1,
  attempts: [],
  ...members,
});

describe('accountsOf', () => {
  it.each<[Partial<CallEntry>, string[]]>([
    [{}, []],
    [{ key: 'k' }, ['key:k']],
    [{ user: 'u' }, ['user:u']],
    [{ user: 'u', team: 't' }, ['user:u', 'team:t', 'member:t:u']],
    [{ organization: 'o', customer: 'c' }, ['organization:o', 'customer:c']],
    [{ tags: ['a', 'b', 'a'] }, ['tag:a', 'tag:b']],
    [{ key: 'k', accounts: ['key:k|model:m', 'key:k'] }, ['key:k', 'key:k|model:m']],
  ])('of %j are the installation and %j', (members, accounts) => {
    expect(accountsOf(anEntry(members))).toEqual(['installation', ...accounts]);
  });
});
