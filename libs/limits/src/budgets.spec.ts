import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Budgets, isBudgetDenial, type LeaseAsk, type LeaseGrant, type Reservation } from './budgets.js';

const open: Budgets[] = [];
afterEach(() => Promise.all(open.splice(0).map((budgets) => budgets.close())));

/** Keeps accounts as the ledger does: what is spent and what is leased never exceed the bound. */
class Keeper {
  readonly spent = new Map<string, number>();
  readonly leased = new Map<string, number>();
  readonly asked: LeaseAsk[][] = [];
  readonly holders: Budgets[] = [];
  isAway = false;
  private clock = 1_000_000;

  constructor(
    readonly max: number,
    private readonly slice = max,
  ) {}

  holder(options: { isOpenWhenAway?: boolean } = {}): Budgets {
    const budgets = new Budgets({ source: (asks) => this.lease(asks), now: () => this.clock, ...options });
    open.push(budgets);
    this.holders.push(budgets);
    return budgets;
  }

  settle(account: string, cost: number): void {
    this.spent.set(account, (this.spent.get(account) ?? 0) + cost);
    this.leased.set(account, Math.max(0, (this.leased.get(account) ?? 0) - cost));
  }

  passes(ms: number): void {
    this.clock += ms;
  }

  private lease(asks: readonly LeaseAsk[]): Promise<LeaseGrant[]> {
    this.clock += 1;
    if (this.isAway) return Promise.reject(new Error('away'));
    this.asked.push([...asks]);
    const short: string[] = [];
    const grants = asks.map(({ account, needed, returned }) => {
      const leased = Math.max(0, (this.leased.get(account) ?? 0) - returned);
      const spent = this.spent.get(account) ?? 0;
      const left = Math.max(0, this.max - spent - leased);
      const isLast = leased === 0 && left > 0;
      const most = Math.min(left, Math.max(needed, Math.min(this.slice, left)));
      const granted = returned > 0 && needed === 0 ? 0 : isLast ? Math.max(needed, most) : most;
      this.leased.set(account, leased + granted);
      if (granted < needed) short.push(account);
      return { account, granted, max: this.max, spent, retryAfterMs: granted < needed && leased > 0 ? 5 : 0 };
    });
    // Who waits for others has soon waited for long enough.
    if (short.length > 0) this.clock += 250;
    if (short.length > 0) for (const holder of this.holders) holder.recall(short);
    return Promise.resolve(grants);
  }
}

const reserved = async (budgets: Budgets, names: string[], estimate: number): Promise<Reservation> => {
  const outcome = await budgets.reserve(names, estimate);
  if (isBudgetDenial(outcome)) throw new Error(`denied by ${outcome.account}`);
  return outcome;
};

describe('a lease', () => {
  it('is asked for once, and spent without asking', async () => {
    const keeper = new Keeper(1_000);
    const budgets = keeper.holder();
    await reserved(budgets, ['a'], 100);
    for (let call = 0; call < 4; call += 1) expect(budgets.reserve(['a'], 100)).toHaveProperty('settle');
    expect(keeper.asked).toEqual([[{ account: 'a', needed: 100, returned: 0 }]]);
  });

  it('is asked for once by calls that come together, with what the first needs', async () => {
    const keeper = new Keeper(1_000);
    const budgets = keeper.holder();
    await Promise.all([100, 200, 300].map((estimate) => reserved(budgets, ['a'], estimate)));
    expect(keeper.asked).toEqual([[{ account: 'a', needed: 100, returned: 0 }]]);
  });

  it('is filled up before a call has to wait', async () => {
    const keeper = new Keeper(1_000, 100);
    const budgets = keeper.holder();
    await reserved(budgets, ['a'], 60);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(keeper.asked).toHaveLength(2);
    expect(budgets.reserve(['a'], 100)).toHaveProperty('settle');
  });

  it('gets back what a call did not cost, and not what it cost beyond', async () => {
    const keeper = new Keeper(100);
    const budgets = keeper.holder();
    const cheap = await reserved(budgets, ['a'], 60);
    cheap.settle(10);
    cheap.settle(10);
    expect(budgets.account('a').available).toBe(90);
    const dear = await reserved(budgets, ['a'], 50);
    dear.settle(500);
    expect([budgets.account('a').available, budgets.account('a').reserved]).toEqual([0, 0]);
  });

  it('is given back when nobody uses it, and heard of when somebody does', async () => {
    jest.useFakeTimers();
    const keeper = new Keeper(1_000);
    const budgets = keeper.holder();
    const tick = async (ms: number): Promise<void> => {
      keeper.passes(ms);
      await jest.advanceTimersByTimeAsync(5_000);
    };
    const waiting = reserved(budgets, ['a'], 100);
    await jest.advanceTimersByTimeAsync(1);
    const call = await waiting;
    await tick(20_000);
    expect(keeper.asked.at(-1)).toEqual([{ account: 'a', needed: 0, returned: 0 }]);
    call.settle(100);
    keeper.settle('a', 100);
    await tick(20_000);
    expect(keeper.asked.at(-1)).toEqual([{ account: 'a', needed: 0, returned: 900 }]);
    expect(keeper.leased.get('a')).toBe(0);
    jest.useRealTimers();
  });
});

it('a lease whose grant was lost on its way is given back once nothing is reserved', async () => {
  jest.useFakeTimers();
  const asked: LeaseAsk[] = [];
  const clock = { now: 1_000_000 };
  const budgets = new Budgets({
    source: (asks) => {
      asked.push(...asks);
      return asked.length === 1 ? Promise.reject(new Error('no answer')) : Promise.resolve([]);
    },
    now: () => clock.now,
  });
  const denied = budgets.reserve(['a'], 10);
  await jest.advanceTimersByTimeAsync(1);
  expect(await denied).toEqual({ account: 'a' });
  clock.now += 5_000;
  await jest.advanceTimersByTimeAsync(5_000);
  expect(asked.at(-1)).toEqual({ account: 'a', needed: 0, returned: Number.MAX_SAFE_INTEGER });
  jest.useRealTimers();
});

it('a call that comes while a lease is filled up in vain asks for itself', async () => {
  const keeper = new Keeper(1_000, 100);
  const answers: ((grants: LeaseGrant[]) => void)[] = [];
  const asked: LeaseAsk[] = [];
  const budgets = new Budgets({
    source: (asks) => (asked.push(...asks), new Promise((resolve) => answers.push(resolve))),
    now: () => 1_000_000,
  });
  open.push(budgets);
  const answered = async (granted: number): Promise<void> => {
    while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
    answers.shift()!([{ account: 'a', granted, max: keeper.max, spent: 0, retryAfterMs: 0 }]);
  };
  const first = reserved(budgets, ['a'], 80);
  await answered(100);
  await first;
  const second = budgets.reserve(['a'], 80);
  // The lease was to be filled up when the first call had taken most of it, and cannot be.
  await answered(0);
  await answered(100);
  expect(await second).toHaveProperty('settle');
  expect(asked.map(({ needed }) => needed)).toEqual([80, 0, 60]);
  const closed = budgets.close();
  await answered(0);
  await closed;
});

describe('of several accounts', () => {
  it('all have to have enough, or none gives anything', async () => {
    const keeper = new Keeper(100);
    const budgets = keeper.holder();
    await reserved(budgets, ['a'], 80);
    expect(await budgets.reserve(['b', 'a'], 50)).toMatchObject({ account: 'a' });
    expect(budgets.account('b')).toMatchObject({ available: 100, reserved: 0 });
  });
});

describe('an account', () => {
  it('that is spent denies, says how it stands, and is not asked for again for a second', async () => {
    const keeper = new Keeper(100);
    keeper.settle('a', 100);
    const budgets = keeper.holder();
    for (let call = 0; call < 3; call += 1)
      expect(await budgets.reserve(['a'], 1)).toMatchObject({ account: 'a', grant: { max: 100, spent: 100 } });
    expect(keeper.asked).toHaveLength(1);
    keeper.spent.set('a', 0);
    expect(await budgets.reserve(['a'], 1)).toHaveProperty('grant');
    budgets.renewed('a');
    expect(await budgets.reserve(['a'], 1)).toHaveProperty('settle');
    keeper.passes(1_000);
  });

  it('is asked for again after that second', async () => {
    const keeper = new Keeper(100);
    keeper.settle('a', 100);
    const budgets = keeper.holder();
    await budgets.reserve(['a'], 1);
    keeper.spent.set('a', 0);
    keeper.passes(1_000);
    expect(await budgets.reserve(['a'], 1)).toHaveProperty('settle');
  });

  it('lets nobody call for free when it has nothing', async () => {
    const keeper = new Keeper(100);
    keeper.settle('a', 100);
    expect(await keeper.holder().reserve(['a'], 0)).toMatchObject({ account: 'a' });
  });
});

describe('while nobody can be asked', () => {
  it('what is leased is spent, and then calls are denied without a reason in the account', async () => {
    const keeper = new Keeper(100);
    const budgets = keeper.holder();
    await reserved(budgets, ['a'], 50);
    keeper.isAway = true;
    expect(await budgets.reserve(['a'], 50)).toHaveProperty('settle');
    expect(await budgets.reserve(['a'], 50)).toEqual({ account: 'a' });
    keeper.isAway = false;
    keeper.settle('a', 0);
    keeper.leased.set('a', 0);
    keeper.passes(1_000);
    expect(await budgets.reserve(['a'], 50)).toHaveProperty('settle');
  });

  it('calls go on where that is wanted', async () => {
    const keeper = new Keeper(100);
    keeper.isAway = true;
    expect(await keeper.holder({ isOpenWhenAway: true }).reserve(['a'], 50)).toHaveProperty('settle');
  });
});

it('the last call may need more than is left, and leaves nothing of that to others', async () => {
  const keeper = new Keeper(100);
  const budgets = keeper.holder();
  keeper.settle('a', 90);
  const last = await reserved(budgets, ['a'], 500);
  expect(budgets.account('a')).toMatchObject({ available: 0, reserved: 500, beyond: 490 });
  last.settle(10);
  keeper.settle('a', 10);
  expect(await budgets.reserve(['a'], 10)).toMatchObject({ grant: { spent: 100 } });
  expect(keeper.leased.get('a')).toBe(0);
});

it.each([10, 700])(
  'four holders with fifty clients each spend nothing beyond, estimated at %i a call',
  async (estimate) => {
    const COST = 10;
    const keeper = new Keeper(20_000, 1_000);
    let calls = 0;
    const client = async (budgets: Budgets): Promise<void> => {
      for (;;) {
        const outcome = await budgets.reserve(['a', 'b'], estimate);
        if (isBudgetDenial(outcome)) return;
        await new Promise((resolve) => setImmediate(resolve));
        calls += 1;
        outcome.settle(COST);
        for (const account of ['a', 'b']) keeper.settle(account, COST);
      }
    };
    const holders = Array.from({ length: 4 }, () => keeper.holder());
    await Promise.all(holders.flatMap((budgets) => Array.from({ length: 50 }, () => client(budgets))));
    expect(calls).toBeLessThanOrEqual(keeper.max / COST);
    expect(calls).toBeGreaterThan((keeper.max - estimate * holders.length) / COST - 1);
    expect([keeper.spent.get('a'), keeper.spent.get('b')]).toEqual([calls * COST, calls * COST]);
  },
);
