import { describe, expect, it } from '@jest/globals';
import { NOTHING, type Amounts, type Grant } from './authority.js';
import { WholeAuthority } from './whole-authority.js';

const MINUTE = 60_000;
const some = (amounts: Partial<Amounts>): Amounts => ({ ...NOTHING, ...amounts });

const anAuthority = () => {
  const clock = { now: 100 * MINUTE + 1_000 };
  const authority = new WholeAuthority({ now: () => clock.now });
  const ask = (key: string, want: Partial<Amounts>): Grant =>
    authority.ask({ rule: { key, rpm: 10, tpm: 100, maxParallel: 4 }, want: some(want), calls: 1 });
  return { clock, authority, ask };
};

describe('WholeAuthority', () => {
  it('gives all that is left of what is asked for, and says that there is no more', () => {
    const { ask } = anAuthority();
    expect(ask('k', { requests: 1, parallel: 1 })).toMatchObject({
      window: 100,
      endsAt: 101 * MINUTE,
      granted: { requests: 10, tokens: 0, parallel: 4 },
      dryUntil: { requests: 101 * MINUTE },
    });
    expect(ask('k', { requests: 1, tokens: 1 }).granted).toEqual({ requests: 0, tokens: 100, parallel: 0 });
    expect(ask('another', { requests: 1 }).granted.requests).toBe(10);
  });

  it('gives again what came back, in the same minute', () => {
    const { authority, ask } = anAuthority();
    ask('k', { requests: 1, tokens: 1, parallel: 1 });
    authority.giveBack({ key: 'k', window: 100, amounts: { requests: 3, tokens: -20, parallel: 1 } });
    expect(ask('k', { requests: 1, tokens: 1, parallel: 1 }).granted).toEqual({ requests: 3, tokens: 0, parallel: 1 });
  });

  it('ignores requests and tokens of a minute that is over, not slots', () => {
    const { clock, authority, ask } = anAuthority();
    ask('k', { requests: 1, tokens: 1, parallel: 1 });
    clock.now += MINUTE;
    ask('k', { requests: 1, tokens: 1 });
    authority.giveBack({ key: 'k', window: 100, amounts: { requests: 3, tokens: 20, parallel: 1 } });
    expect(ask('k', { requests: 1, tokens: 1, parallel: 1 }).granted).toEqual({ requests: 0, tokens: 0, parallel: 1 });
  });

  it('counts what another authority granted', () => {
    const { authority, ask } = anAuthority();
    authority.record('k', 100, some({ requests: 4, parallel: 3 }));
    expect(authority.held('k')).toEqual({ window: 100, requests: 4, tokens: 0, parallel: 3 });
    expect(ask('k', { requests: 1, parallel: 1 }).granted).toEqual({ requests: 6, tokens: 0, parallel: 1 });
  });

  it('forgets keys of which nothing is out and nothing counts any more', () => {
    const { clock, authority, ask } = anAuthority();
    ask('requests', { requests: 1 });
    ask('slots', { parallel: 1 });
    clock.now += 2 * MINUTE;
    ask('new', { requests: 1 });
    expect([...authority.entries()].map(([key]) => key)).toEqual(['slots', 'new']);
  });
});
