import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MINUTE, settle, startClock, stopClock } from '../test/house.js';
import { ChannelAuthority } from './channel-authority.js';
import { Distributor } from './distributor.js';
import { Limits } from './limits.js';
import type { LimitMessage } from './messages.js';
import { isDenial } from './rule.js';
import { WholeAuthority } from './whole-authority.js';

beforeEach(stopClock);
afterEach(startClock);

describe('a silent primary', () => {
  /** Everything that a worker says goes nowhere. */
  const deserted = (): { limits: Limits; hear: (message: LimitMessage) => void; said: LimitMessage[] } => {
    const said: LimitMessage[] = [];
    let hear: (message: LimitMessage) => void = () => undefined;
    const authority = new ChannelAuthority({
      send: (message) => said.push(message),
      onMessage: (listener) => {
        hear = listener;
      },
    });
    return { limits: new Limits({ authority }), hear: (message) => hear(message), said };
  };

  it('is waited for half a second, then calls are denied, and it is asked again', async () => {
    const { limits, said } = deserted();
    const rules = [{ key: 'k', rpm: 10 }];
    const outcome = Promise.resolve(limits.take(rules, 0));
    await jest.advanceTimersByTimeAsync(510);
    expect(await outcome).toMatchObject({ dimension: 'requests', limit: 10, retryAfterMs: expect.any(Number) });
    expect(limits.take(rules, 0)).not.toBeInstanceOf(Promise);
    await jest.advanceTimersByTimeAsync(110);
    expect(limits.take(rules, 0)).toBeInstanceOf(Promise);
    await settle();
    expect(said.filter(({ type }) => type === 'limit-request')).toHaveLength(2);
  });

  it('that answers too late gets back what it granted', async () => {
    const { limits, hear, said } = deserted();
    void limits.take([{ key: 'k', maxParallel: 10 }], 0);
    await settle();
    const [ask] = (said[0] as Extract<LimitMessage, { type: 'limit-request' }>).items;
    await jest.advanceTimersByTimeAsync(600);
    const granted = { requests: 0, tokens: 0, parallel: 4 };
    const rest = { window: 1, endsInMs: 60_000, beyond: granted, dryForMs: granted };
    hear({ type: 'limit-grant', items: [{ id: ask!.id, key: 'k', granted, ...rest }] });
    await settle();
    expect(said.at(-1)).toEqual({ type: 'limit-return', items: [{ key: 'k', window: 1, amounts: granted }] });
  });
});

describe('a worker whose clock differs from that of its primary', () => {
  it.each([
    ['ahead by an hour', 3_600_000],
    ['behind by half a minute', -30_000],
    ['behind by years', -1e11],
  ])('%s keeps to the minutes of the primary', async (_title, offsetMs) => {
    const distributor = new Distributor();
    let hear: (message: LimitMessage) => void = () => undefined;
    distributor.connect('w', (message) => hear(message));
    const now = (): number => Date.now() + offsetMs;
    const authority = new ChannelAuthority(
      {
        send: (message) => distributor.receive('w', message),
        onMessage: (listener) => {
          hear = listener;
        },
      },
      { now },
    );
    const limits = new Limits({ authority, now });
    const takeMany = async (times: number): Promise<number> => {
      const outcomes: boolean[] = [];
      for (let index = 0; index < times; index += 1) {
        const outcome = limits.take([{ key: 'k', rpm: 20 }], 0);
        await jest.advanceTimersByTimeAsync(1);
        outcomes.push(!isDenial(await outcome));
      }
      return outcomes.filter(Boolean).length;
    };
    jest.setSystemTime(MINUTE + 30_000);
    expect(await takeMany(40)).toBe(20);
    jest.setSystemTime(MINUTE + 59_900);
    expect(await takeMany(5)).toBe(0);
    jest.setSystemTime(MINUTE + 60_000);
    expect(await takeMany(40)).toBe(20);
  });
});

describe('a degraded machine', () => {
  it('tells its workers, also those that come later, and that it is over', async () => {
    const state = { isDegraded: true };
    let tell: (isDegraded: boolean) => void = () => undefined;
    const authority = Object.assign(new WholeAuthority(), {
      attach: (events: { degraded: (isDegraded: boolean) => void }) => {
        tell = (isDegraded) => {
          state.isDegraded = isDegraded;
          events.degraded(isDegraded);
        };
      },
    });
    Object.defineProperty(authority, 'isDegraded', { get: () => state.isDegraded });
    const distributor = new Distributor({ authority });
    const told = jest.fn();
    distributor.onDegraded(told);
    let hear: (message: LimitMessage) => void = () => undefined;
    distributor.connect('late', (message) => hear(message));
    const limits = new Limits({
      authority: new ChannelAuthority({
        send: () => undefined,
        onMessage: (listener) => {
          hear = listener;
        },
      }),
    });
    const changes: boolean[] = [];
    limits.onDegraded((isDegraded) => changes.push(isDegraded));
    await settle();
    expect(limits.isDegraded).toBe(true);
    tell(false);
    await settle();
    expect(limits.isDegraded).toBe(false);
    expect(changes).toEqual([true, false]);
    expect(told).toHaveBeenCalledWith(false);
  });
});
