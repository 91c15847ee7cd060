// All that this worker has of the ledger: keys, budgets, the journal, and the link to it.
import type { GatewayConfig, JwtSettings, LedgerSettings } from '@turnpike/config';
import { adoptAbandoned, openJournal, type FaultKind, type FaultListeners, type Ship } from '@turnpike/journal';
import { Budgets } from '@turnpike/limits';
import {
  connectLedger,
  type AuthorizeSubjectRequest,
  type BudgetEvent,
  type PartialOf,
  type LedgerClient,
  type Principal as ToldPrincipal,
} from '@turnpike/rpc';
import type { Logger } from '@turnpike/plugin-sdk';
import type { Principal } from '../pipeline/exchange.js';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { LedgerClock } from '../clients/ledger-clock.js';
import { LedgerLink } from '../clients/ledger-link.js';
import { applyChanges } from '../keys/apply-changes.js';
import { AskedCache } from '../keys/asked-cache.js';
import type { SubjectName } from '../keys/jwt/tokens.js';
import { LiveModelCatalog } from '../keys/model-catalog.js';
import { Parties } from '../keys/parties.js';
import { principalOf, type TermsSettings } from '../keys/terms.js';
import type { CallerBook } from '../metrics/caller-book.js';
import type { LedgerPlace } from '../start-options.js';
import { CallJournal } from './call-journal.js';
import { steadyNow } from './clock.js';
import { concernsConfiguration, toStored, type Stored } from './stored-configuration.js';

/** How often it is looked for journals that nobody has. */
const ADOPT_EVERY_MS = 10_000;
/** Time for the last entries to reach the ledger; what does not stays in the journal. */
const SHIP_WITHIN_MS = 5_000;

/** As it is sent, and remembered by. */
type Asked = PartialOf<typeof AuthorizeSubjectRequest>;
/** Who is not known is made. */
type Upserts = Pick<JwtSettings, 'upsertUser' | 'upsertTeam'>;
/** Those that last until they are told to be over; that entries are not taken means that the ledger is away. */
const LASTING_FAULTS: ReadonlySet<FaultKind> = new Set(['write', 'sync', 'read', 'cursor', 'remove']);

export interface LedgerSideOptions {
  readonly config: GatewayConfig;
  readonly place: LedgerPlace;
  readonly log: Logger;
  /** Hears who calls, and how budgets stand. */
  readonly book: CallerBook;
  /** The ledger went away, or is back. */
  readonly onAway: (isAway: boolean) => void;
  readonly onBudgetEvents: (events: readonly BudgetEvent[]) => void;
  /** What is configured by API may have changed. */
  readonly onConfiguration: () => void;
}

export class LedgerSide {
  /** For management routes, which say on whose behalf they ask. */
  readonly client: LedgerClient;
  readonly keys: AskedCache<Principal>;
  readonly subjects: AskedCache<Principal>;
  readonly parties: Parties;
  readonly budgets: Budgets;
  readonly journal: CallJournal;
  /** Names of models, of the configuration in use. */
  readonly catalog = new LiveModelCatalog();
  /** Of the configuration that calls are made with. */
  private termsSettings: Omit<TermsSettings, 'catalog'> = {};
  private readonly link: LedgerLink;
  /** Faults of the journal that have not passed: `<journal> <kind>`. */
  readonly faults = new Set<string>();
  /** How often it was asked for a key. */
  keyQuestions = 0;
  private wasAway = false;
  private readonly adoption = new AbortController();
  /** Under way: a journal whose worker ended. */
  private adopting: Promise<unknown> | undefined;
  private readonly adoptTimer: NodeJS.Timeout;

  /** @throws GW_CONFIG_INVALID when the journal cannot be kept */
  constructor({ config, place, log, book, onAway, onBudgetEvents, onConfiguration }: LedgerSideOptions) {
    const { ledger, database, server } = config;
    this.client = connectLedger(place);
    const holder = `${hostname()}/${randomUUID()}`;
    this.link = new LedgerLink({
      client: this.client,
      holder,
      now: steadyNow,
      events: {
        onChanges: (changes) => {
          applyChanges(changes, this);
          if (concernsConfiguration(changes)) onConfiguration();
        },
        onBounded: (bounded) => this.parties.told(bounded),
        onRecall: (accounts) => this.budgets.recall(accounts),
        onBudgetEvents,
        onAway: (reason) => {
          if (reason !== undefined)
            log.warn('the ledger is away: known keys go on, calls wait in the journal', { reason });
          else if (this.wasAway) log.info('the ledger is back');
          this.wasAway ||= reason !== undefined;
          onAway(reason !== undefined);
        },
      },
    });
    this.keys = this.remembering(ledger, 'key', async (keyHash) => {
      const told = await this.link.authorize(keyHash);
      this.keyQuestions += 1;
      if (told) book.learn(told);
      return told;
    });
    this.subjects = this.remembering(ledger, 'token', (name) => this.link.authorizeSubject(JSON.parse(name) as Asked));
    this.parties = this.partiesOf(config);
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
    this.journal = new CallJournal(openJournal({ ...shipping, maxBytes, whenFull, sync }), holder, this.link.clock);
    this.adoptTimer = setInterval(() => {
      this.adopting ??= adoptAbandoned({ ...shipping, signal: this.adoption.signal })
        .catch((error: unknown) => log.error('journals of ended workers cannot be taken over', { error }))
        .finally(() => (this.adopting = undefined));
    }, ADOPT_EVERY_MS).unref();
    this.link.start();
  }

  /** What calls are made with from now on. */
  use(config: GatewayConfig): void {
    this.catalog.use(config);
    const settings = {
      defaultMaxParallelRequests: config.limits.defaultKeyMaxParallelRequests,
      serviceAccountParams: config.callers.serviceAccountParams,
    };
    if (isDeepStrictEqual(settings, this.termsSettings)) return;
    this.termsSettings = settings;
    // Their terms were made by the former ones.
    this.keys.forgetAll();
    this.subjects.forgetAll();
  }

  /** A team or user that a token names. @throws GW_LEDGER_UNAVAILABLE */
  subject(
    { teamId, userId, userEmail, organizationId, sync }: SubjectName,
    { upsertUser, upsertTeam }: Upserts,
  ): Principal | undefined | Promise<Principal | undefined> {
    // Always in this order: the text is what it is remembered by.
    const name = { teamId, userId, userEmail, organizationId, upsertUser, upsertTeam, sync };
    return this.subjects.resolve(JSON.stringify(name));
  }

  /** Its time, as far as it was heard. */
  get clock(): LedgerClock {
    return this.link.clock;
  }

  get isAway(): boolean {
    return this.link.isAway;
  }

  /** All changes until then are known here; epoch milliseconds. */
  get confirmedAt(): number {
    return this.link.confirmedAt;
  }

  /** What is configured by API. Rejects when the ledger does not answer. */
  async loadStored(): Promise<Stored> {
    return toStored(await this.link.loadConfiguration());
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

  private remembering(
    { keyCacheMax, keyCacheTtlMs, keyStaleTtlMs }: LedgerSettings,
    what: string,
    ask: (id: string) => Promise<ToldPrincipal | undefined>,
  ): AskedCache<Principal> {
    return new AskedCache({
      what,
      ask: async (id) => {
        const told = await ask(id);
        return told && principalOf(told, { ...this.termsSettings, catalog: this.catalog });
      },
      confirmedAt: () => this.link.confirmedAt,
      max: keyCacheMax,
      ttlMs: keyCacheTtlMs,
      staleMs: keyStaleTtlMs,
      now: steadyNow,
    });
  }

  private partiesOf({ ledger, callers, database }: GatewayConfig): Parties {
    return new Parties({
      askCustomer: (id) => this.link.authorizeCustomer(id),
      askTag: (name) => this.link.authorizeTag(name),
      isCustomerCostIgnored: callers.isCustomerCostIgnored,
      isOpenWhenAway: database.allowRequestsWhenAway,
      confirmedAt: () => this.link.confirmedAt,
      max: ledger.keyCacheMax,
      ttlMs: ledger.keyCacheTtlMs,
      staleMs: ledger.keyStaleTtlMs,
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
