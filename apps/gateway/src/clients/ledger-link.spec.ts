import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { EntryList } from '@turnpike/journal';
import {
  BudgetEvent,
  BudgetEvent_Kind,
  Change_Kind,
  LedgerError,
  SettleRequest,
  type Bounded,
  type CallOptions,
  type Change,
  type LedgerClient,
  type WatchResponse,
} from '@turnpike/rpc';
import { LedgerLink } from './ledger-link.js';

const NEWS: WatchResponse = { sequence: 1, changes: [], recalledAccounts: [], bounded: undefined, now: undefined };
const KEY: Change = { kind: Change_Kind.KEY, id: 'hash' };

/** A ledger whose watch says what the test says, and breaks when it says so. */
class FakeLedger {
  readonly watched: unknown[] = [];
  readonly asked: unknown[] = [];
  isClosed = false;
  private said: (WatchResponse | Error)[] = [];
  private wake: () => void = () => undefined;

  constructor(private readonly answers: Record<string, (encoded?: Buffer) => unknown> = {}) {}

  says(...said: (Partial<WatchResponse> | Error)[]): void {
    this.said.push(...said.map((one) => (one instanceof Error ? one : { ...NEWS, ...one })));
    this.wake();
  }

  get client(): LedgerClient {
    const answer =
      (name: string) =>
      async (request: unknown, { encoded }: CallOptions = {}) => {
        this.asked.push(encoded ? SettleRequest.decode(encoded) : request);
        return this.answers[name]?.(encoded);
      };
    return {
      gateway: {
        authorizeEach: answer('authorizeEach'),
        authorizeSubject: answer('authorizeSubject'),
        authorizeCustomer: answer('authorizeCustomer'),
        authorizeTag: answer('authorizeTag'),
        lease: answer('lease'),
        settle: answer('settle'),
        watch: (request: unknown, { signal }: { signal: AbortSignal }) => this.watch(request, signal),
      },
      close: () => (this.isClosed = true),
    } as unknown as LedgerClient;
  }

  private async *watch(request: unknown, signal: AbortSignal): AsyncGenerator<WatchResponse> {
    this.watched.push(request);
    signal.addEventListener('abort', () => this.wake());
    while (!signal.aborted) {
      const next = this.said.shift();
      if (next instanceof Error) throw next;
      if (next) yield next;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
    throw new Error('cancelled');
  }
}

const links: LedgerLink[] = [];
afterEach(() => {
  links.splice(0).forEach((link) => link.close());
  jest.useRealTimers();
});

const linked = (ledger = new FakeLedger()) => {
  jest.useFakeTimers({ now: 1_000_000, doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
  const told = {
    changes: [] as Change[],
    bounded: [] as Bounded[],
    budgets: [] as BudgetEvent[],
    recalled: [] as string[],
    away: [] as (string | undefined)[],
  };
  const link = new LedgerLink({
    client: ledger.client,
    holder: 'me',
    now: () => Date.now(),
    events: {
      onChanges: (changes) => void told.changes.push(...changes),
      onBounded: (bounded) => void told.bounded.push(bounded),
      onBudgetEvents: (events) => void told.budgets.push(...events),
      onRecall: (accounts) => void told.recalled.push(...accounts),
      onAway: (reason) => void told.away.push(reason),
    },
  });
  links.push(link);
  link.start();
  return { link, ledger, told };
};

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('the watch', () => {
  it('tells of changes, recalls and who is bounded, and knows until when all is known', async () => {
    const { link, ledger, told } = linked();
    expect([link.isAway, link.confirmedAt]).toEqual([true, 0]);
    ledger.says({
      sequence: 7,
      changes: [KEY],
      recalledAccounts: ['key:a'],
      bounded: { customers: true, tags: false },
    });
    await settled();
    expect(told).toEqual({
      changes: [KEY],
      bounded: [{ customers: true, tags: false }],
      budgets: [],
      recalled: ['key:a'],
      away: [undefined],
    });
    expect([link.isAway, link.confirmedAt]).toEqual([false, 1_000_000]);
    expect(ledger.watched).toEqual([{ since: 0, holder: 'me' }]);
  });

  it('tells the ledger’s time', async () => {
    const { link, ledger } = linked();
    expect(link.clock.now()).toBe(1_000_000);
    ledger.says({ now: new Date(1_600_000) });
    await settled();
    expect(link.clock.now()).toBe(1_600_000);
  });

  it('that breaks is opened anew from where it was, and that is told once', async () => {
    const { link, ledger, told } = linked();
    ledger.says({ sequence: 7 });
    await settled();
    ledger.says(new Error('broken'), new Error('broken again'));
    await settled();
    expect([link.isAway, told.away]).toEqual([true, [undefined, 'broken']]);
    await jest.advanceTimersByTimeAsync(100);
    await jest.advanceTimersByTimeAsync(200);
    ledger.says({ sequence: 8 });
    await settled();
    expect(ledger.watched.slice(1)).toEqual([
      { since: 7, holder: 'me' },
      { since: 7, holder: 'me' },
    ]);
    expect(told.away).toEqual([undefined, 'broken', undefined]);
  });

  it('that never begins is told of when the ledger is there and will not have it, once for each reason', async () => {
    const { ledger, told } = linked();
    const refused = new LedgerError('UNAVAILABLE', 'not believed', {}, true, {}, true);
    ledger.says(new LedgerError('UNAVAILABLE', 'nobody there'));
    await settled();
    expect(told.away).toEqual([]);
    for (const error of [refused, refused, new LedgerError('UNAUTHENTICATED', 'another token')]) {
      await jest.advanceTimersByTimeAsync(2_000);
      ledger.says(error);
      await settled();
    }
    expect(told.away).toEqual(['not believed', 'another token']);
    await jest.advanceTimersByTimeAsync(2_000);
    ledger.says({ sequence: 1 });
    await settled();
    expect(told.away).toEqual(['not believed', 'another token', undefined]);
  });

  it('that is silent for too long is opened anew', async () => {
    const { link, ledger } = linked();
    ledger.says({ sequence: 7 });
    await settled();
    await jest.advanceTimersByTimeAsync(12_000);
    await settled();
    expect(link.isAway).toBe(true);
    await jest.advanceTimersByTimeAsync(100);
    expect(ledger.watched).toHaveLength(2);
  });

  it('ends with the link', async () => {
    const { link, ledger } = linked();
    await settled();
    link.close();
    await settled();
    await jest.advanceTimersByTimeAsync(60_000);
    expect([ledger.watched.length, ledger.isClosed]).toEqual([1, true]);
  });
});

describe('a key', () => {
  it('that the ledger does not know is none', async () => {
    const { link } = linked(
      new FakeLedger({
        authorizeEach: () => {
          throw new LedgerError('NOT_FOUND', 'no such key');
        },
      }),
    );
    expect(await link.authorize('hash')).toBeUndefined();
  });

  it.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'UNAUTHENTICATED', 'INTERNAL'] as const)(
    'cannot be checked when the ledger answers %s',
    async (code) => {
      const { link } = linked(
        new FakeLedger({
          authorizeEach: () => {
            throw new LedgerError(code, 'no');
          },
        }),
      );
      await expect(link.authorize('hash')).rejects.toMatchObject({ code: 'GW_LEDGER_UNAVAILABLE' });
    },
  );
});

it('leases are asked for, and granted, in nano-dollars', async () => {
  const grant = {
    account: 'key:a',
    grantedNanoUsd: 5,
    maxNanoUsd: 100,
    spentNanoUsd: 90,
    resetAt: new Date(9),
    retryAfterMs: 2,
  };
  const ledger = new FakeLedger({ lease: () => ({ grants: [grant] }) });
  const { link } = linked(ledger);
  expect(await link.lease([{ account: 'key:a', needed: 7, returned: 1 }])).toEqual([
    { account: 'key:a', granted: 5, max: 100, spent: 90, resetAt: 9, retryAfterMs: 2 },
  ]);
  expect(ledger.asked).toEqual([{ holder: 'me', asks: [{ account: 'key:a', neededNanoUsd: 7, returnedNanoUsd: 1 }] }]);
});

it('finished calls are handed over, and marks that they reached are told', async () => {
  const event = BudgetEvent.fromPartial({ kind: BudgetEvent_Kind.SOFT_BUDGET, account: 'key:a' });
  const ledger = new FakeLedger({ settle: () => ({ budgetEvents: [event] }) });
  const { link, told } = linked(ledger);
  await link.settle('host/worker-1', EntryList.of([Buffer.from('{}')]), new AbortController().signal);
  expect(ledger.asked).toEqual([{ journal: 'host/worker-1', entries: [Buffer.from('{}')] }]);
  expect(told.budgets).toEqual([event]);
});

it('batches under way at the same time do not write over each other, nor over one that was not answered', async () => {
  const sent: Buffer[] = [];
  const answers: ((error?: Error) => void)[] = [];
  const settled = (encoded?: Buffer) =>
    new Promise((resolve, reject) => {
      sent.push(encoded!);
      answers.push((error) => (error ? reject(error) : resolve({ budgetEvents: [] })));
    });
  const { link } = linked(new FakeLedger({ settle: settled }));
  const settle = (text: string) =>
    link.settle('j', EntryList.of([Buffer.from(text)]), new AbortController().signal).catch(() => undefined);
  const first = [settle('a'), settle('b')];
  answers[0]!(new Error('no answer'));
  answers[1]!();
  await Promise.all(first);
  const second = [settle('c'), settle('d')];
  answers.slice(2).forEach((answer) => answer());
  await Promise.all(second);
  const [a, b, c, d] = sent.map((bytes) => bytes.buffer);
  expect(new Set([a, b, d]).size).toBe(3);
  expect(c).toBe(b);
  expect(SettleRequest.decode(sent[0]!).entries).toEqual([Buffer.from('a')]);
});

it.each<[string, (link: LedgerLink) => Promise<unknown>, object]>([
  ['an end user', (link) => link.authorizeCustomer('ada'), { customerId: 'ada' }],
  ['a tag', (link) => link.authorizeTag('red'), { tag: 'red' }],
])('%s is asked about, and cannot be checked when the ledger does not answer', async (_what, ask, request) => {
  const ledger = new FakeLedger();
  await ask(linked(ledger).link);
  expect(ledger.asked).toEqual([request]);
  const away = (): never => {
    throw new LedgerError('UNAVAILABLE', 'no');
  };
  const { link } = linked(new FakeLedger({ authorizeCustomer: away, authorizeTag: away }));
  await expect(ask(link)).rejects.toMatchObject({ code: 'GW_LEDGER_UNAVAILABLE' });
});

it('whom a token names is nobody where the ledger does not know them, and cannot be told where it is away', async () => {
  const answering = (error: LedgerError): LedgerLink => {
    const authorizeSubject = (): never => {
      throw error;
    };
    return linked(new FakeLedger({ authorizeSubject })).link;
  };
  expect(await answering(new LedgerError('NOT_FOUND', 'no')).authorizeSubject({ teamId: 'red' })).toBeUndefined();
  await expect(
    answering(new LedgerError('UNAVAILABLE', 'no')).authorizeSubject({ teamId: 'red' }),
  ).rejects.toMatchObject({
    code: 'GW_LEDGER_UNAVAILABLE',
  });
});
