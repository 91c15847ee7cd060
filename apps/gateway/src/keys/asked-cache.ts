// What this worker knows of keys, end users and tags, in bounded memory. The ledger is asked on a miss, and tells of changes.
import { GatewayError } from '@turnpike/errors';

/** Unknown ones that are remembered, and for how long: a client that tries one again and again asks the ledger rarely. */
const MAX_UNKNOWN = 5_000;
const UNKNOWN_MS = 5_000;
/** The ledger did not answer: nobody asks it again before this. */
const AWAY_MS = 1_000;
/** Rounds of asking for what changes while it is asked for. */
const MAX_ROUNDS = 3;

export interface AskedCacheOptions<T> {
  /** As errors name it: `key`. */
  readonly what: string;
  /** @throws GW_LEDGER_UNAVAILABLE when nobody can tell. Undefined: there is no such thing. */
  readonly ask: (id: string) => Promise<T | undefined>;
  /** When all that changed until then was known here last; epoch milliseconds. */
  readonly confirmedAt: () => number;
  /** How many are kept. */
  readonly max: number;
  /** Without news from the ledger, one is asked for again after this. */
  readonly ttlMs: number;
  /** While the ledger is away, one is good for so long after that; 0: not at all. */
  readonly staleMs: number;
  readonly now: () => number;
}

interface Known<T> {
  readonly value: T;
  readonly askedAt: number;
  /** Since the last look for one that can go. */
  wasUsed: boolean;
}

interface Question<T> {
  readonly answer: Promise<T | undefined>;
  /** Something changed since it was asked. */
  isOutdated: boolean;
}

export class AskedCache<T extends object> {
  private readonly known = new Map<string, Known<T>>();
  /** Until when each is taken for unknown. */
  private readonly unknown = new Map<string, number>();
  private readonly questions = new Map<string, Question<T>>();
  private awayUntil = 0;

  constructor(private readonly options: AskedCacheOptions<T>) {}

  get size(): number {
    return this.known.size;
  }

  /** @throws GW_LEDGER_UNAVAILABLE */
  resolve(id: string): T | undefined | Promise<T | undefined> {
    const entry = this.known.get(id);
    if (!entry) return this.resolveUnknown(id);
    entry.wasUsed = true;
    const { now, ttlMs } = this.options;
    return now() - this.confirmedAt(entry) < ttlMs ? entry.value : this.confirm(id, entry);
  }

  /** This one is not what it was. */
  forget(id: string): void {
    this.known.delete(id);
    this.unknown.delete(id);
    this.outdate();
  }

  /** Nor are those of which this is true. */
  forgetWhere(isConcerned: (value: T) => boolean): void {
    for (const [id, { value }] of this.known) if (isConcerned(value)) this.known.delete(id);
    this.outdate();
  }

  /** Who was unknown may be known now. */
  forgetUnknown(): void {
    this.unknown.clear();
    this.outdate();
  }

  forgetAll(): void {
    this.known.clear();
    this.unknown.clear();
    this.outdate();
  }

  private confirmedAt({ askedAt }: Known<T>): number {
    return Math.max(askedAt, this.options.confirmedAt());
  }

  private resolveUnknown(id: string): undefined | Promise<T | undefined> {
    const now = this.options.now();
    const until = this.unknown.get(id);
    if (until !== undefined) {
      if (now < until) return undefined;
      this.unknown.delete(id);
    }
    if (now < this.awayUntil) throw this.away();
    return this.ask(id);
  }

  /** Nothing was heard of the ledger for a while. */
  private confirm(id: string, entry: Known<T>): T | Promise<T | undefined> {
    const { now, staleMs, ttlMs } = this.options;
    const isGood = now() - this.confirmedAt(entry) < ttlMs + staleMs;
    if (now() < this.awayUntil) {
      if (isGood) return entry.value;
      throw this.away();
    }
    return this.ask(id).catch((error: unknown) => {
      if (isGood) return entry.value;
      throw error;
    });
  }

  /** Those who ask for one at the same time ask once. */
  private ask(id: string): Promise<T | undefined> {
    const asked = this.questions.get(id);
    if (asked) return asked.answer;
    const question: Question<T> = { answer: this.askUntilCurrent(id), isOutdated: false };
    this.questions.set(id, question);
    const done = (): void => void this.questions.delete(id);
    question.answer.then(done, done);
    return question.answer;
  }

  private async askUntilCurrent(id: string): Promise<T | undefined> {
    for (let round = 1; ; round += 1) {
      const askedAt = this.options.now();
      const value = await this.askOnce(id);
      const question = this.questions.get(id);
      if (question?.isOutdated && round < MAX_ROUNDS) {
        question.isOutdated = false;
        continue;
      }
      // What may be outdated still is used for the calls that wait, and not kept.
      if (!question?.isOutdated) this.keep(id, value, askedAt);
      return value;
    }
  }

  private async askOnce(id: string): Promise<T | undefined> {
    try {
      return await this.options.ask(id);
    } catch (error) {
      this.awayUntil = this.options.now() + AWAY_MS;
      throw error;
    }
  }

  private keep(id: string, value: T | undefined, askedAt: number): void {
    if (value) {
      this.known.delete(id);
      if (this.known.size >= this.options.max) this.makeRoom();
      this.known.set(id, { value, askedAt, wasUsed: false });
      return;
    }
    this.known.delete(id);
    if (this.unknown.size >= MAX_UNKNOWN) this.unknown.delete(this.unknown.keys().next().value!);
    this.unknown.set(id, askedAt + UNKNOWN_MS);
  }

  /** The oldest that was not used since it was last looked at goes; one that was gets another round. */
  private makeRoom(): void {
    for (const [id, entry] of this.known) {
      this.known.delete(id);
      if (!entry.wasUsed) return;
      entry.wasUsed = false;
      this.known.set(id, entry);
    }
  }

  private outdate(): void {
    for (const question of this.questions.values()) question.isOutdated = true;
  }

  private away(): GatewayError {
    return new GatewayError(
      'GW_LEDGER_UNAVAILABLE',
      `The ${this.options.what} cannot be checked right now: the ledger does not answer.`,
      { retryAfterMs: AWAY_MS },
    );
  }
}
