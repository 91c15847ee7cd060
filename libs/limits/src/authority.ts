// Who gives out slices: the contract between a process that holds slices and whoever it has them from.
import type { Dimension, LimitRule } from './rule.js';

export type Amounts = Readonly<Record<Dimension, number>>;

/** @param amount gets the dimension and its place in DIMENSIONS */
export const byDimension = (amount: (dimension: Dimension, index: number) => number): Amounts => ({
  requests: amount('requests', 0),
  tokens: amount('tokens', 1),
  parallel: amount('parallel', 2),
});

export const isNothing = ({ requests, tokens, parallel }: Amounts): boolean =>
  requests === 0 && tokens === 0 && parallel === 0;

export const NOTHING: Amounts = Object.freeze({ requests: 0, tokens: 0, parallel: 0 });

/** A holder's wish for more of one key. */
export interface Ask {
  readonly rule: LimitRule;
  /** What would serve those who wait now; 0 where enough is at hand. The authority may give more, as a stock. */
  readonly want: Amounts;
  /** Calls that wait; 0 when it is about a stock. */
  readonly calls: number;
}

export interface Grant {
  readonly key: string;
  /** Number of the minute that requests and tokens are for. Unused ones are void when it ends. */
  readonly window: number;
  /** End of that minute by the holder's clock, epoch ms. */
  readonly endsAt: number;
  readonly granted: Amounts;
  /** What the holder may expect to get after this, so that one who gives slices in turn can size them. */
  readonly beyond: Amounts;
  /** Until when asking again is pointless unless `room` is told, epoch ms; 0: there may be more. */
  readonly dryUntil: Amounts;
}

/** A grant of nothing that says when to ask again, epoch ms. */
export const noGrant = (key: string, until: number): Grant => ({
  key,
  window: -1,
  endsAt: 0,
  granted: NOTHING,
  beyond: NOTHING,
  dryUntil: { requests: until, tokens: until, parallel: until },
});

/** Amounts that go back unused. Tokens below 0 are a charge: calls used so much more than they had reserved. */
export interface Return {
  readonly key: string;
  /** As granted; requests and tokens of a minute that is over are ignored. */
  readonly window: number;
  readonly amounts: Amounts;
}

/** Others are in want: what is unused shall come back. */
export interface Recall {
  readonly key: string;
  readonly dimensions: readonly Dimension[];
  /** So many slots shall come back even if they are in use now: as soon as they are released. */
  readonly owe: number;
}

/** What a holder hears from its authority. */
export interface AuthorityEvents {
  /** @returns what was unused; the authority books it as given back */
  recalled(recall: Recall): Return | Promise<Return>;
  /** There may be room again where there was none. */
  room(key: string): void;
  degraded(isDegraded: boolean): void;
}

export interface Authority {
  /** True while the limits that it stands for are kept less strictly than configured. */
  readonly isDegraded: boolean;
  /** To be called once, before anything else. */
  attach(events: AuthorityEvents): void;
  /** Answers at once where it can. Never throws or rejects, and answers within a second. One ask a key at a time. */
  ask(ask: Ask): Grant | Promise<Grant>;
  giveBack(back: Return): void;
  /** Stops timers and closes connections. */
  close(): void | Promise<void>;
}
