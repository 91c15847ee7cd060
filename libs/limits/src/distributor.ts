// The primary of a machine: gives its workers slices of what it has itself, gets unused ones back before it denies, and
// takes a dead worker's slots back.
import { byDimension, isNothing, type Amounts, type Authority, type Recall } from './authority.js';
import { Outbox, type Item, type LimitMessage } from './messages.js';
import { RecallRounds } from './recall-rounds.js';
import { DIMENSIONS, type Dimension, type LimitRule } from './rule.js';
import { Share } from './share.js';
import { partOfOne } from './slice.js';
import { SlicedStore } from './sliced-store.js';
import { WholeAuthority } from './whole-authority.js';

/** A worker that does not answer a recall is not waited for longer. */
const RECALL_MS = 40;
/** When to ask again, where the machine itself does not know: of slots that are kept for others, and otherwise. */
const KEPT_RETRY_MS = 1_000;
const RETRY_MS = 20;
/** Rounds of asking for one request before it gets what there is. */
const MAX_ROUNDS = 3;
const CLEAN_EVERY_MS = 60_000;

export interface DistributorOptions {
  /** Whom the machine's slices are had from. Absent: the machine is alone and counts for itself, exactly. */
  readonly authority?: Authority;
  /** The clock of this machine, epoch ms. */
  readonly now?: () => number;
}

interface Request {
  readonly holder: string;
  readonly ask: Item<'limit-request'>;
}

/** A key's share and those who ask for parts of it: one is served after the other. */
interface Counter {
  readonly share: Share;
  readonly queue: Request[];
  isServing: boolean;
}

export class Distributor {
  private readonly authority: Authority;
  private readonly now: () => number;
  private readonly store: SlicedStore;
  private readonly outboxes = new Map<string, Outbox>();
  private readonly counters = new Map<string, Counter>();
  private readonly rounds = new RecallRounds(RECALL_MS);
  private readonly degradedListeners = new Set<(isDegraded: boolean) => void>();
  private cleanedAt = 0;

  constructor({ authority, now = Date.now }: DistributorOptions = {}) {
    this.now = now;
    this.authority = authority ?? new WholeAuthority({ now });
    this.store = new SlicedStore({ authority: this.authority, now });
    this.store.onRoom = (key, cause) => {
      if (cause === 'news') this.tellNews(key);
    };
    this.store.onDegraded = (isDegraded) => this.tellDegraded(isDegraded);
    this.store.gather = (recall) => this.gather(recall);
  }

  /** Limits that should hold across machines hold on each one alone, since Redis is away. Workers are told. */
  get isDegraded(): boolean {
    return this.authority.isDegraded;
  }

  onDegraded(listener: (isDegraded: boolean) => void): void {
    this.degradedListeners.add(listener);
  }

  /**
   * A worker that may ask from now on.
   * @param holder unique among all workers, also those that are gone
   */
  connect(holder: string, send: (message: LimitMessage) => void): void {
    const outbox = new Outbox(send);
    this.outboxes.set(holder, outbox);
    if (this.isDegraded) outbox.post('limit-degraded', true);
  }

  /** What a worker sent. */
  receive(holder: string, message: LimitMessage): void {
    if (!this.outboxes.has(holder)) return;
    if (message.type === 'limit-request') for (const ask of message.items) this.asked(holder, ask);
    if (message.type === 'limit-return') for (const back of message.items) this.gotBack(holder, back);
  }

  /** It ended: its slots are free at once. Its requests and tokens of this minute count as used. */
  holderGone(holder: string): void {
    this.outboxes.delete(holder);
    for (const counter of this.counters.values()) {
      const parallel = counter.share.gone(holder)?.parallel ?? 0;
      if (parallel === 0) continue;
      const { account } = counter.share;
      this.store.deposit(account, account.toReturn({ parallel }));
      this.tellRoom(counter);
    }
    this.rounds.gone(holder);
  }

  /** Hands everything back that workers do not hold. */
  async close(): Promise<void> {
    this.rounds.close();
    await this.store.close();
  }

  private asked(holder: string, ask: Request['ask']): void {
    const counter = this.counterOf(ask.rule);
    counter.queue.push({ holder, ask });
    if (!counter.isServing) void this.serve(counter);
  }

  private counterOf(rule: LimitRule): Counter {
    let counter = this.counters.get(rule.key);
    if (!counter) {
      this.clean();
      counter = { share: new Share(this.store.account(rule, this.now())), queue: [], isServing: false };
      this.counters.set(rule.key, counter);
    }
    return counter;
  }

  private async serve(counter: Counter): Promise<void> {
    counter.isServing = true;
    for (let request; (request = counter.queue.shift()) !== undefined;) {
      await this.serveOne(counter.share, request);
    }
    counter.isServing = false;
    this.tellRoom(counter);
  }

  private async serveOne(share: Share, request: Request): Promise<void> {
    const { holder, ask } = request;
    share.denied.delete(holder);
    const account = this.store.account(ask.rule, this.now());
    // What comes in for this holder is not handed on to others who ask for it meanwhile.
    account.wait(ask.want, ask.calls);
    await this.replenish(share, request);
    account.unwait(ask.want, ask.calls);
    this.answer(share, request);
  }

  /** Gets what is missing: from above, then from the other workers; again when there is news meanwhile. */
  private async replenish(share: Share, { holder, ask }: Request): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const missing = this.missing(share, holder, ask);
      if (isNothing(missing)) return;
      await this.store.fill(share.account, missing, ask.calls);
      const stillMissing = this.missing(share, holder, ask);
      const dimensions = DIMENSIONS.filter((dimension) => stillMissing[dimension] > 0);
      if (dimensions.length === 0) return;
      await this.recallUnused(share, dimensions, holder);
      const now = this.now();
      if (dimensions.every((dimension) => share.account[dimension].isDry(now))) return;
    }
  }

  private async recallUnused(share: Share, lacking: readonly Dimension[], asker: string): Promise<void> {
    const dimensions = share.recallable(lacking);
    if (dimensions.length === 0) return;
    const before = byDimension((dimension) => share.account[dimension].free);
    await this.recall(share.account.key, dimensions, share.holdersOf(dimensions, asker));
    for (const dimension of dimensions)
      if (share.account[dimension].free <= before[dimension]) share.exhausted(dimension);
  }

  private missing(share: Share, holder: string, { rule, want }: Request['ask']): Amounts {
    const now = this.now();
    share.account = this.store.account(rule, now);
    return share.missing(want, holder, now);
  }

  /** Resolves when these holders have handed back what they do not use, or took too long. */
  private async recall(key: string, dimensions: readonly Dimension[], holders: readonly string[]): Promise<void> {
    if (holders.length === 0) return;
    const { id, done } = this.rounds.open(holders);
    for (const holder of holders) this.outboxes.get(holder)?.post('limit-recall', { id, key, dimensions, owe: 0 });
    await done;
  }

  private answer(share: Share, { holder, ask: { id, rule, want, calls } }: Request): void {
    const outbox = this.outboxes.get(holder);
    if (!outbox) return;
    const now = this.now();
    const account = (share.account = this.store.account(rule, now));
    const granted = share.draw(want, calls, holder, now);
    const short = byDimension((dimension) => Math.max(0, want[dimension] - granted[dimension]));
    const holders = share.activeHolders(now);
    outbox.post('limit-grant', {
      id,
      key: rule.key,
      window: account.minute,
      endsInMs: Math.max(0, account.until - now),
      granted,
      beyond: byDimension((dimension) =>
        Math.floor(Math.max(0, account[dimension].free + account[dimension].beyond) / holders),
      ),
      dryForMs: byDimension((dimension) => {
        if (short[dimension] === 0) return 0;
        return account[dimension].dryForMs(now) || (dimension === 'parallel' ? KEPT_RETRY_MS : RETRY_MS);
      }),
    });
    if (!isNothing(short)) this.denied(share, holder, short, calls);
    this.collectDebts(share, now);
  }

  private denied(share: Share, holder: string, short: Amounts, calls: number): void {
    const oneOf = (dimension: Dimension): number => Math.min(1, short[dimension]);
    share.denied.set(holder, {
      requests: oneOf('requests'),
      tokens: partOfOne(short.tokens, calls),
      parallel: oneOf('parallel'),
    });
    const now = this.now();
    for (const dimension of DIMENSIONS)
      if (short[dimension] > 0 && share.account[dimension].isDry(now)) this.store.denied(share.account, dimension);
    if (short.parallel > 0) share.starve(holder, now);
  }

  /** Those with most slots hand some over to those with too few, when calls end. */
  private collectDebts(share: Share, now: number): void {
    for (let debtor; (debtor = share.debtor(now)) !== undefined;) {
      share.holdings.get(debtor)!.owed += 1;
      this.outboxes.get(debtor)?.post('limit-recall', { key: share.account.key, dimensions: ['parallel'], owe: 1 });
    }
  }

  private gotBack(holder: string, back: Item<'limit-return'>): void {
    const counter = this.counters.get(back.key);
    const account = this.store.peek(back.key);
    if (counter && account) {
      counter.share.account = account;
      counter.share.takeBack(holder, back.window, back.amounts);
      this.store.deposit(account, back);
    }
    if (back.id !== undefined) this.rounds.answered(back.id, holder);
    if (counter && !counter.isServing) this.tellRoom(counter);
  }

  /** Others than this machine's workers are in want. */
  private gather({ key, dimensions }: Recall): Promise<void> | undefined {
    const share = this.counters.get(key)?.share;
    if (!share) return undefined;
    this.collectDebts(share, this.now());
    return this.recall(key, dimensions, share.holdersOf(dimensions));
  }

  /** There is room: whoever was denied may ask again. */
  private tellRoom({ share }: Counter): void {
    for (const holder of share.takeHopeful(this.now()))
      this.outboxes.get(holder)?.post('limit-room', share.account.key);
  }

  /** There may be room. */
  private tellNews(key: string): void {
    const share = this.counters.get(key)?.share;
    if (!share) return;
    for (const holder of share.denied.keys()) this.outboxes.get(holder)?.post('limit-room', key);
    share.denied.clear();
  }

  private tellDegraded(isDegraded: boolean): void {
    for (const outbox of this.outboxes.values()) outbox.post('limit-degraded', isDegraded);
    for (const listener of this.degradedListeners) listener(isDegraded);
  }

  private clean(): void {
    const now = this.now();
    if (Math.abs(now - this.cleanedAt) < CLEAN_EVERY_MS) return;
    this.cleanedAt = now;
    for (const [key, { share, isServing }] of this.counters)
      if (!isServing && share.isIdle(now)) this.counters.delete(key);
  }
}
