// All that this worker has of the ledger: keys, budgets, the journal, and the link to it.
import type { GatewayConfig, LedgerSettings } from '@turnpike/config';
import type { ModelCatalog } from '@turnpike/domain';
import { adoptAbandoned, openJournal, type FaultKind, type FaultListeners, type Ship } from '@turnpike/journal';
import { Budgets } from '@turnpike/limits';
import { connectLedger, type LedgerClient } from '@turnpike/rpc';
import type { Logger } from '@turnpike/plugin-sdk';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { LedgerLink } from '../clients/ledger-link.js';
import { applyChanges } from '../keys/apply-changes.js';
import { KeyCache } from '../keys/key-cache.js';
import { principalOf } from '../keys/terms.js';
import type { CallerBook } from '../metrics/caller-book.js';
import { CallJournal } from './call-journal.js';
import { steadyNow } from './clock.js';

/** How often it is looked for journals that nobody has. */
const ADOPT_EVERY_MS = 10_000;
/** Time for the last entries to reach the ledger; what does not stays in the journal. */
const SHIP_WITHIN_MS = 5_000;

/** Those that last until they are told to be over; that entries are not taken means that the ledger is away. */
const LASTING_FAULTS: ReadonlySet<FaultKind> = new Set(['write', 'sync', 'read', 'cursor', 'remove']);

export interface LedgerSideOptions {
  readonly config: GatewayConfig;
  readonly address: string;
  readonly token: string;
  readonly log: Logger;
  /** Hears who calls, and how budgets stand. */
  readonly book: CallerBook;
}

export class LedgerSide {
  /** For management routes, which say on whose behalf they ask. */
  readonly client: LedgerClient;
  readonly keys: KeyCache;
  readonly budgets: Budgets;
  readonly journal: CallJournal;
  /** Names of models, of the configuration that calls are made with. */
  catalog: ModelCatalog | undefined;
  private readonly link: LedgerLink;
  /** Faults of the journal that have not passed: `<journal> <kind>`. */
  readonly faults = new Set<string>();
  /** How often it was asked for a key. */
  keyQuestions = 0;
  private wasAway = false;
  private readonly adoption = new AbortController();
  private adopting: Promise<unknown> = Promise.resolve();
  private readonly adoptTimer: NodeJS.Timeout;

  /** @throws GW_CONFIG_INVALID when the journal cannot be kept */
  constructor({ config, address, token, log, book }: LedgerSideOptions) {
    const { ledger, database, server } = config;
    this.client = connectLedger({ address, token });
    const holder = `${hostname()}/${randomUUID()}`;
    this.link = new LedgerLink({
      client: this.client,
      holder,
      now: steadyNow,
      events: {
        onChanges: (changes) => applyChanges(changes, this.keys, this.budgets),
        onRecall: (accounts) => this.budgets.recall(accounts),
        onAway: (reason) => {
          if (reason !== undefined)
            log.warn('the ledger is away: known keys go on, calls wait in the journal', { reason });
          else if (this.wasAway) log.info('the ledger is back');
          this.wasAway ||= reason !== undefined;
        },
      },
    });
    this.keys = this.keyCache(ledger, book);
    this.budgets = new Budgets({
      source: async (asks) => {
        const grants = await this.link.lease(asks);
        for (const grant of grants) book.granted(grant);
        return grants;
      },
      now: steadyNow,
      isOpenWhenAway: database.allowRequestsWhenAway,
    });
    const shipping = this.shipping(join(server.dataDir, 'journal'), log);
    const { maxBytes, whenFull, sync } = ledger.journal;
    this.journal = new CallJournal(openJournal({ ...shipping, maxBytes, whenFull, sync }), holder);
    this.adoptTimer = setInterval(() => {
      this.adopting = this.adopting.then(() => adoptAbandoned({ ...shipping, signal: this.adoption.signal }));
    }, ADOPT_EVERY_MS).unref();
    this.link.start();
  }

  get isAway(): boolean {
    return this.link.isAway;
  }

  /** All changes until then are known here; epoch milliseconds. */
  get confirmedAt(): number {
    return this.link.confirmedAt;
  }

  /** Calls have ended: what is on record leaves, as far as the ledger takes it. */
  async close(): Promise<void> {
    clearInterval(this.adoptTimer);
    this.adoption.abort();
    await this.adopting;
    await this.journal.close({ shipWithinMs: SHIP_WITHIN_MS });
    await this.budgets.close();
    this.link.close();
  }

  private keyCache({ keyCacheMax, keyCacheTtlMs, keyStaleTtlMs }: LedgerSettings, book: CallerBook): KeyCache {
    return new KeyCache({
      ask: async (keyHash) => {
        const told = await this.link.authorize(keyHash);
        this.keyQuestions += 1;
        if (told) book.learn(told);
        return told && principalOf(told, this.catalog!);
      },
      confirmedAt: () => this.link.confirmedAt,
      maxKeys: keyCacheMax,
      ttlMs: keyCacheTtlMs,
      staleMs: keyStaleTtlMs,
      now: steadyNow,
    });
  }

  private shipping(directory: string, log: Logger): { directory: string; ship: Ship } & FaultListeners {
    return {
      directory,
      ship: ({ worker, entries }, signal) => this.link.settle(`${hostname()}/${worker}`, entries, signal),
      onFault: ({ kind, worker, message }) => {
        if (LASTING_FAULTS.has(kind)) this.faults.add(`${worker} ${kind}`);
        log.warn(message, { journal: worker, fault: kind });
      },
      onRecovery: (kind, worker) => {
        this.faults.delete(`${worker} ${kind}`);
        log.info('the journal works again', { journal: worker, fault: kind });
      },
    };
  }
}
