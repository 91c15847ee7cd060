// The authority of a process that is alone: it gives out whole limits, so that its one holder need not ask again. The
// book that it keeps of what is given out also says what a machine holds of the limits that Redis shares.
import { NOTHING, type Amounts, type Ask, type Authority, type Grant, type Return } from './authority.js';
import { MAX_KEYS, surplusKey } from './bounded-map.js';
import { DIMENSIONS, type Dimension, type LimitRule } from './rule.js';
import { WINDOW_MS, windowAt } from './window.js';

/** No slot comes free by waiting here, so this only bounds how long anything unforeseen can last. */
const DRY_SLOTS_MS = 1_000;
const CLEAN_EVERY_MS = 60_000;

/** What is given out of one key. */
export interface Book {
  window: number;
  requests: number;
  tokens: number;
  parallel: number;
}

const NO_BOOK: Book = Object.freeze({ window: -1, requests: 0, tokens: 0, parallel: 0 });

export interface WholeAuthorityOptions {
  /** Epoch ms. */
  readonly now?: () => number;
  /** Length of what rpm and tpm count in, ms. */
  readonly windowMs?: number;
}

const LIMITS = { requests: 'rpm', tokens: 'tpm', parallel: 'maxParallel' } as const;

export const limitIn = (rule: LimitRule, dimension: Dimension): number | undefined => rule[LIMITS[dimension]];

export class WholeAuthority implements Authority {
  readonly isDegraded = false;
  private readonly books = new Map<string, Book>();
  private readonly now: () => number;
  private readonly windowMs: number;
  private cleanedAt = 0;

  constructor({ now = Date.now, windowMs = WINDOW_MS }: WholeAuthorityOptions = {}) {
    this.now = now;
    this.windowMs = windowMs;
  }

  attach(): void {
    // There is nobody else who could want something back.
  }

  ask({ rule, want }: Ask): Grant {
    const now = this.now();
    const book = this.bookOf(rule.key, now);
    this.turn(book, windowAt(book.window, now, this.windowMs));
    const endsAt = (book.window + 1) * this.windowMs;
    const granted = { requests: 0, tokens: 0, parallel: 0 };
    for (const dimension of DIMENSIONS) {
      if (want[dimension] === 0) continue;
      granted[dimension] = Math.max(0, Math.floor(limitIn(rule, dimension) ?? 0) - book[dimension]);
      book[dimension] += granted[dimension];
    }
    const dryUntil = { requests: endsAt, tokens: endsAt, parallel: now + DRY_SLOTS_MS };
    return { key: rule.key, window: book.window, endsAt, granted, beyond: NOTHING, dryUntil };
  }

  giveBack({ key, window, amounts }: Return): void {
    const book = this.books.get(key);
    if (!book) return;
    book.parallel = Math.max(0, book.parallel - amounts.parallel);
    if (window !== book.window) return;
    book.requests -= amounts.requests;
    book.tokens -= amounts.tokens;
  }

  /** What another authority granted. */
  record(key: string, window: number, { requests, tokens, parallel }: Amounts): void {
    const book = this.bookOf(key, this.now());
    this.turn(book, window);
    book.requests += requests;
    book.tokens += tokens;
    book.parallel += parallel;
  }

  /** What is given out of a key. */
  held(key: string): Readonly<Book> {
    return this.books.get(key) ?? NO_BOOK;
  }

  /** Keys of which something is given out, or was in the last minute. */
  entries(): Iterable<readonly [string, Readonly<Book>]> {
    return this.books;
  }

  close(): void {
    this.books.clear();
  }

  private bookOf(key: string, now: number): Book {
    const known = this.books.get(key);
    if (known) return known;
    this.clean(now);
    const surplus = surplusKey(this.books, MAX_KEYS, ({ parallel }) => parallel === 0);
    if (surplus !== undefined) this.books.delete(surplus);
    const book = { ...NO_BOOK };
    this.books.set(key, book);
    return book;
  }

  private turn(book: Book, window: number): void {
    if (window === book.window) return;
    book.window = window;
    book.requests = book.tokens = 0;
  }

  private clean(now: number): void {
    if (Math.abs(now - this.cleanedAt) < CLEAN_EVERY_MS) return;
    this.cleanedAt = now;
    const current = Math.floor(now / this.windowMs);
    for (const [key, { window, parallel }] of this.books)
      if (parallel === 0 && Math.abs(current - window) > 1) this.books.delete(key);
  }
}
