// What this worker knows of virtual keys, in bounded memory. The ledger is asked on a miss, and tells of changes.
import { GatewayError } from '@turnpike/errors';
import type { Principal } from '../pipeline/exchange.js';
import type { KeyResolver } from '../runtime/keys.js';

/** Unknown keys that are remembered, and for how long: a client that tries one again and again asks the ledger rarely. */
const MAX_UNKNOWN = 5_000;
const UNKNOWN_MS = 5_000;
/** The ledger did not answer: nobody asks it again before this. */
const AWAY_MS = 1_000;
/** Rounds of asking for a key that changes while it is asked for. */
const MAX_ROUNDS = 3;

export interface KeyCacheOptions {
  /** @throws GW_LEDGER_UNAVAILABLE when nobody can tell. Undefined: there is no such key. */
  readonly ask: (keyHash: string) => Promise<Principal | undefined>;
  /** When all that changed until then was known here last; epoch milliseconds. */
  readonly confirmedAt: () => number;
  /** Keys that are kept. */
  readonly maxKeys: number;
  /** Without news from the ledger, a key is asked for again after this. */
  readonly ttlMs: number;
  /** While the ledger is away, a key is good for so long after that; 0: not at all. */
  readonly staleMs: number;
  readonly now: () => number;
}

interface Known {
  readonly principal: Principal;
  readonly askedAt: number;
  /** Since the last look for one that can go. */
  wasUsed: boolean;
}

interface Question {
  readonly answer: Promise<Principal | undefined>;
  /** Something changed since it was asked. */
  isOutdated: boolean;
}

export class KeyCache implements KeyResolver {
  private readonly known = new Map<string, Known>();
  /** Until when each is taken for unknown. */
  private readonly unknown = new Map<string, number>();
  private readonly questions = new Map<string, Question>();
  private awayUntil = 0;

  constructor(private readonly options: KeyCacheOptions) {}

  get size(): number {
    return this.known.size;
  }

  /** @throws GW_LEDGER_UNAVAILABLE */
  resolve(keyHash: string): Principal | undefined | Promise<Principal | undefined> {
    const entry = this.known.get(keyHash);
    if (!entry) return this.resolveUnknown(keyHash);
    entry.wasUsed = true;
    const { now, ttlMs } = this.options;
    return now() - this.confirmedAt(entry) < ttlMs ? entry.principal : this.confirm(keyHash, entry);
  }

  /** This key is not what it was. */
  forget(keyHash: string): void {
    this.known.delete(keyHash);
    this.unknown.delete(keyHash);
    this.outdate();
  }

  /** Nor are those of which this is true. */
  forgetWhere(isConcerned: (principal: Principal) => boolean): void {
    for (const [keyHash, { principal }] of this.known) if (isConcerned(principal)) this.known.delete(keyHash);
    this.outdate();
  }

  forgetAll(): void {
    this.known.clear();
    this.unknown.clear();
    this.outdate();
  }

  private confirmedAt({ askedAt }: Known): number {
    return Math.max(askedAt, this.options.confirmedAt());
  }

  private resolveUnknown(keyHash: string): undefined | Promise<Principal | undefined> {
    const now = this.options.now();
    const until = this.unknown.get(keyHash);
    if (until !== undefined) {
      if (now < until) return undefined;
      this.unknown.delete(keyHash);
    }
    if (now < this.awayUntil) throw away();
    return this.ask(keyHash);
  }

  /** Nothing was heard of the ledger for a while. */
  private confirm(keyHash: string, entry: Known): Principal | Promise<Principal | undefined> {
    const { now, staleMs, ttlMs } = this.options;
    const isGood = now() - this.confirmedAt(entry) < ttlMs + staleMs;
    if (now() < this.awayUntil) {
      if (isGood) return entry.principal;
      throw away();
    }
    return this.ask(keyHash).catch((error: unknown) => {
      if (isGood) return entry.principal;
      throw error;
    });
  }

  /** Those who ask for one key at the same time ask once. */
  private ask(keyHash: string): Promise<Principal | undefined> {
    const asked = this.questions.get(keyHash);
    if (asked) return asked.answer;
    const question: Question = { answer: this.askUntilCurrent(keyHash), isOutdated: false };
    this.questions.set(keyHash, question);
    const done = (): void => void this.questions.delete(keyHash);
    question.answer.then(done, done);
    return question.answer;
  }

  private async askUntilCurrent(keyHash: string): Promise<Principal | undefined> {
    for (let round = 1; ; round += 1) {
      const askedAt = this.options.now();
      const principal = await this.askOnce(keyHash);
      const question = this.questions.get(keyHash);
      if (question?.isOutdated && round < MAX_ROUNDS) {
        question.isOutdated = false;
        continue;
      }
      // What may be outdated still is used for the calls that wait, and not kept.
      if (!question?.isOutdated) this.keep(keyHash, principal, askedAt);
      return principal;
    }
  }

  private async askOnce(keyHash: string): Promise<Principal | undefined> {
    try {
      return await this.options.ask(keyHash);
    } catch (error) {
      this.awayUntil = this.options.now() + AWAY_MS;
      throw error;
    }
  }

  private keep(keyHash: string, principal: Principal | undefined, askedAt: number): void {
    if (principal) {
      this.known.delete(keyHash);
      if (this.known.size >= this.options.maxKeys) this.makeRoom();
      this.known.set(keyHash, { principal, askedAt, wasUsed: false });
      return;
    }
    this.known.delete(keyHash);
    if (this.unknown.size >= MAX_UNKNOWN) this.unknown.delete(this.unknown.keys().next().value!);
    this.unknown.set(keyHash, askedAt + UNKNOWN_MS);
  }

  /** The oldest that was not used since it was last looked at goes; one that was gets another round. */
  private makeRoom(): void {
    for (const [keyHash, entry] of this.known) {
      this.known.delete(keyHash);
      if (!entry.wasUsed) return;
      entry.wasUsed = false;
      this.known.set(keyHash, entry);
    }
  }

  private outdate(): void {
    for (const question of this.questions.values()) question.isOutdated = true;
  }
}

const away = (): GatewayError =>
  new GatewayError('GW_LEDGER_UNAVAILABLE', 'The key cannot be checked right now: the ledger does not answer.', {
    retryAfterMs: AWAY_MS,
  });
