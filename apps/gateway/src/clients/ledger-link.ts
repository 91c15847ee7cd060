// This worker's link to the ledger: asks and tells, and hears of changes for as long as it lives.
import { GatewayError } from '@turnpike/errors';
import type { LeaseAsk, LeaseGrant } from '@turnpike/limits';
import {
  LedgerError,
  settleRequestBytes,
  type AuthorizeCustomerResponse,
  type AuthorizeSubjectRequest,
  type AuthorizeTagResponse,
  type Bounded,
  type BudgetEvent,
  type ByteRanges,
  type Change,
  type LedgerClient,
  type LoadConfigurationResponse,
  type PartialOf,
  type Principal,
} from '@turnpike/rpc';
import { LedgerClock } from './ledger-clock.js';

/** The ledger says that it is there every five seconds; a watch that is silent for longer is opened anew. */
const SILENT_MS = 12_000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;
/** A key is asked for while a client waits. */
const AUTHORIZE_MS = 2_000;
const LEASE_MS = 2_000;
const LOAD_MS = 5_000;

export interface LedgerEvents {
  /** What these are about is not what it was. */
  onChanges(changes: readonly Change[]): void;
  /** Whom calls name is worth asking about, or is not. */
  onBounded(bounded: Bounded): void;
  /** What is not used of the leases of these accounts is wanted back. */
  onRecall(accounts: readonly string[]): void;
  /** What was spent reached marks that somebody wants to hear of. Told once, to this worker. */
  onBudgetEvents(events: readonly BudgetEvent[]): void;
  /** The ledger went away, and why; or it is back. */
  onAway(reason: string | undefined): void;
}

export interface LedgerLinkOptions {
  readonly client: Pick<LedgerClient, 'gateway' | 'close'>;
  /** Unique among all gateway workers that there ever were. */
  readonly holder: string;
  readonly events: LedgerEvents;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export class LedgerLink {
  /** All changes until then are known here; epoch milliseconds. */
  confirmedAt = 0;
  /** True until the first news, too. */
  isAway = true;
  readonly clock: LedgerClock;
  private sequence = 0;
  private retryMs = FIRST_RETRY_MS;
  /** Why the two do not come together, as it was told last. */
  private mismatch: string | undefined;
  /** Of the last request to settle, for the next one. */
  private settleMemory: ArrayBuffer | undefined;
  private readonly end = new AbortController();
  /** Ends the pause before the next attempt. */
  private wake: () => void = () => undefined;

  constructor(private readonly options: LedgerLinkOptions) {
    this.clock = new LedgerClock(options.now);
  }

  get holder(): string {
    return this.options.holder;
  }

  /** Watches until `close`. */
  start(): void {
    void this.watch();
  }

  /** Undefined: there is no such key. @throws GW_LEDGER_UNAVAILABLE */
  async authorize(keyHash: string): Promise<Principal | undefined> {
    try {
      const { principal } = await this.options.client.gateway.authorizeEach({ keyHash }, { deadlineMs: AUTHORIZE_MS });
      return principal;
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'NOT_FOUND') return undefined;
      throw unanswered('key', error);
    }
  }

  /** Undefined: one of them is not known. @throws GW_LEDGER_UNAVAILABLE */
  async authorizeSubject(request: PartialOf<typeof AuthorizeSubjectRequest>): Promise<Principal | undefined> {
    try {
      const { gateway } = this.options.client;
      return (await gateway.authorizeSubject(request, { deadlineMs: AUTHORIZE_MS })).principal;
    } catch (error) {
      if (error instanceof LedgerError && ['NOT_FOUND', 'INVALID_ARGUMENT'].includes(error.code)) return undefined;
      throw unanswered('token', error);
    }
  }

  /** @throws GW_LEDGER_UNAVAILABLE */
  async authorizeCustomer(customerId: string): Promise<AuthorizeCustomerResponse> {
    try {
      return await this.options.client.gateway.authorizeCustomer({ customerId }, { deadlineMs: AUTHORIZE_MS });
    } catch (error) {
      throw unanswered('end user', error);
    }
  }

  /** @throws GW_LEDGER_UNAVAILABLE */
  async authorizeTag(tag: string): Promise<AuthorizeTagResponse> {
    try {
      return await this.options.client.gateway.authorizeTag({ tag }, { deadlineMs: AUTHORIZE_MS });
    } catch (error) {
      throw unanswered('tag', error);
    }
  }

  /** What is configured by API. Rejects when the ledger does not answer. */
  async loadConfiguration(): Promise<LoadConfigurationResponse> {
    return await this.options.client.gateway.loadConfiguration({}, { deadlineMs: LOAD_MS });
  }

  /** Rejects when the ledger does not answer. */
  async lease(asks: readonly LeaseAsk[]): Promise<LeaseGrant[]> {
    const { client, holder } = this.options;
    const { grants } = await client.gateway.lease(
      {
        holder,
        asks: asks.map(({ account, needed, returned }) => ({
          account,
          neededNanoUsd: needed,
          returnedNanoUsd: returned,
        })),
      },
      { deadlineMs: LEASE_MS },
    );
    return grants.map(({ account, grantedNanoUsd, maxNanoUsd, spentNanoUsd, resetAt, retryAfterMs }) => ({
      account,
      granted: grantedNanoUsd,
      max: maxNanoUsd,
      spent: spentNanoUsd,
      resetAt: resetAt?.getTime(),
      retryAfterMs,
    }));
  }

  /** Resolves when the ledger keeps them. */
  async settle(journal: string, entries: ByteRanges, signal: AbortSignal): Promise<void> {
    const { client, events } = this.options;
    const encoded = settleRequestBytes(journal, entries, this.settleMemory);
    // Another journal's batch may be under way at the same time, and what was not answered may still be read.
    this.settleMemory = undefined;
    const settled = await client.gateway.settle({}, { encoded, signal, deadlineMs: 30_000 });
    this.settleMemory = encoded.buffer;
    if (settled.budgetEvents.length > 0) events.onBudgetEvents(settled.budgetEvents);
  }

  close(): void {
    this.end.abort();
    this.wake();
    this.options.client.close();
  }

  private async watch(): Promise<void> {
    const { signal } = this.end;
    while (!signal.aborted) {
      try {
        await this.watchOnce();
        this.went('the ledger ended the watch');
      } catch (error) {
        this.went(error instanceof Error ? error.message : String(error), isForGood(error));
      }
      await this.pause();
    }
  }

  private async watchOnce(): Promise<void> {
    const { client, holder, events, now } = this.options;
    const silence = new AbortController();
    const stop = (): void => silence.abort();
    this.end.signal.addEventListener('abort', stop, { once: true });
    let timer = setTimeout(stop, SILENT_MS);
    try {
      for await (const told of client.gateway.watch({ since: this.sequence, holder }, { signal: silence.signal })) {
        clearTimeout(timer);
        timer = setTimeout(stop, SILENT_MS);
        if (told.bounded) events.onBounded(told.bounded);
        if (told.changes.length > 0) events.onChanges(told.changes);
        if (told.recalledAccounts.length > 0) events.onRecall(told.recalledAccounts);
        if (told.now) this.clock.heard(told.now.getTime());
        this.sequence = told.sequence;
        this.confirmedAt = now();
        this.came();
      }
    } finally {
      clearTimeout(timer);
      this.end.signal.removeEventListener('abort', stop);
    }
  }

  private came(): void {
    this.retryMs = FIRST_RETRY_MS;
    this.mismatch = undefined;
    if (!this.isAway) return;
    this.isAway = false;
    this.options.events.onAway(undefined);
  }

  /** Told once; at the start only what time will not mend, as the two rarely start in one moment. */
  private went(reason: string, isMismatch = false): void {
    const isNews = !this.isAway || (isMismatch && this.mismatch !== reason);
    if (!isNews || this.end.signal.aborted) return;
    this.isAway = true;
    this.mismatch = isMismatch ? reason : undefined;
    this.options.events.onAway(reason);
  }

  private async pause(): Promise<void> {
    if (this.end.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.retryMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.retryMs = Math.min(2 * this.retryMs, MAX_RETRY_MS);
  }
}

/** It is there, and will not have us: other certificates or another token are needed. */
const isForGood = (error: unknown): boolean =>
  error instanceof LedgerError && (error.isMismatch || ['UNAUTHENTICATED', 'PERMISSION_DENIED'].includes(error.code));

const unanswered = (what: string, cause: unknown): GatewayError =>
  new GatewayError('GW_LEDGER_UNAVAILABLE', `The ${what} cannot be checked right now: the ledger does not answer.`, {
    retryAfterMs: 1_000,
    cause,
  });
