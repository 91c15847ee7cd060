// Keeps what a worker runs with as new as its files and the ledger say: one change after the other, a burst as one.
import { NOTHING_STORED, type GatewayConfig } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import type { Logger } from '@turnpike/plugin-sdk';
import { startFailure } from '../start-failure.js';
import type { Configuration } from './configuration.js';
import type { Stored } from './stored-configuration.js';

/** A start waits so long for a ledger that starts at the same time; then the models of the file serve. */
const FIRST_WAIT_MS = 5_000;
const RETRY_MS = 200;
const MAX_RETRY_MS = 2_000;
/** Changes that come within this time of another are taken over together. */
const GATHER_MS = 100;
/** Who waits for a change to be in place waits no longer. */
const SETTLED_WITHIN_MS = 1_000;

/** What readiness and metrics call it when something is not as it was configured. */
const AWAITED = 'stored_configuration_awaited';
const REFUSED = 'stored_configuration_refused';

const NOTHING: Stored = { ...NOTHING_STORED, undecryptable: [] };

export interface LiveConfigurationOptions {
  /** Reads the files. @throws GW_CONFIG_INVALID, GW_PLUGIN_* */
  readonly open: () => Promise<Configuration>;
  /** Asks the ledger for what is stored; absent: there is none. */
  readonly load: (() => Promise<Stored>) | undefined;
  /** Puts a configuration in place, or throws and leaves the one that runs. */
  readonly apply: (configuration: Configuration) => Promise<void>;
  readonly log: Logger;
}

export class LiveConfiguration {
  private files!: Configuration;
  private current: Stored = NOTHING;
  /** What is stored is not known yet. */
  private awaited = false;
  /** Why what is stored now could not be put in place. */
  private refusal: string | undefined;
  /** The last of all work, which is done one piece after the other. */
  private work: Promise<unknown> = Promise.resolve();
  private isOutdated = false;
  private isRefreshing = false;
  /** Told when what was stored at the time they asked is in place, or was refused. */
  private waiting: (() => void)[] = [];
  private readonly end = new AbortController();

  constructor(private readonly options: LiveConfigurationOptions) {}

  /** What is stored as it is in use. */
  get stored(): Stored {
    return this.current;
  }

  /** Whether what is stored counts here at all. */
  get isStoring(): boolean {
    return this.options.load !== undefined && this.files.config.database.storeModels;
  }

  /** A name that nobody has may be that of a stored model. */
  get isAwaited(): boolean {
    return this.awaited;
  }

  /** What is stored now could not be put in place. */
  get isRefused(): boolean {
    return this.refusal !== undefined;
  }

  /** For readiness. */
  get degraded(): string[] {
    const { undecryptable } = this.current;
    return [
      ...(this.awaited ? [`${AWAITED}: stored models come when the ledger answers; those of the file serve`] : []),
      ...(this.refusal === undefined ? [] : [`${REFUSED}: ${this.refusal}`]),
      ...(undecryptable.length === 0 ? [] : [`stored_secrets_unreadable: ${undecryptable.join(', ')}`]),
    ];
  }

  /** @throws what is wrong with the files; what is stored stops no start */
  async start(files: Configuration): Promise<void> {
    this.files = files;
    await this.inTurn(async () => {
      const first = this.isStoring ? await this.firstStored() : undefined;
      if (!first || !(await this.tryStored(first))) await this.options.apply(files);
      if (!this.isStoring) return;
      this.setAwaited(first === undefined);
      if (!first) this.changed();
    });
  }

  /** Reads the files anew. A failure leaves everything as it is. @throws GW_CONFIG_INVALID, GW_PLUGIN_* */
  async reload(): Promise<void> {
    await this.inTurn(async () => {
      const files = await this.options.open();
      const stored = this.options.load && files.config.database.storeModels ? this.current : NOTHING;
      await this.options.apply(joined(files, stored));
      this.files = files;
      this.current = stored;
      this.setRefusal(undefined);
    });
    if (this.isStoring) this.changed();
    else this.setAwaited(false);
  }

  /** Something that is stored is not what it was. */
  changed(): void {
    if (!this.isStoring || this.end.signal.aborted) return;
    this.isOutdated = true;
    if (!this.isRefreshing) void this.refreshAll();
  }

  /** Resolves when what is stored now is in place here or was refused, or after a second. */
  async settled(): Promise<void> {
    if (!this.isStoring) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, SETTLED_WITHIN_MS);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.changed();
    });
  }

  /** What the configuration would be with this stored, too. @throws GW_CONFIG_INVALID */
  readWith(stored: Partial<Stored>): GatewayConfig {
    return joined(this.files, { ...this.current, ...stored }).config;
  }

  close(): void {
    this.end.abort();
  }

  private async firstStored(): Promise<Stored | undefined> {
    const deadline = performance.now() + FIRST_WAIT_MS;
    for (;;) {
      try {
        return await this.options.load!();
      } catch (error) {
        if (performance.now() > deadline) {
          this.options.log.warn('stored models are not known yet: the ledger does not answer', { error });
          return undefined;
        }
        await pause(RETRY_MS);
      }
    }
  }

  private async refreshAll(): Promise<void> {
    this.isRefreshing = true;
    let retryMs = RETRY_MS;
    while (this.isOutdated && !this.end.signal.aborted) {
      this.isOutdated = false;
      const waiting = this.waiting.splice(0);
      const isKnown = await this.inTurn(() => this.refresh());
      for (const told of waiting) told();
      if (!isKnown) this.isOutdated = true;
      await pause(isKnown ? GATHER_MS : retryMs);
      retryMs = isKnown ? RETRY_MS : Math.min(2 * retryMs, MAX_RETRY_MS);
    }
    this.isRefreshing = false;
  }

  /** @returns false when the ledger does not answer: it is asked again */
  private async refresh(): Promise<boolean> {
    let stored: Stored;
    try {
      stored = await this.options.load!();
    } catch {
      return false;
    }
    const isNew = this.awaited;
    await this.tryStored(stored);
    if (isNew) this.options.log.info('stored models are here', { models: stored.models.length });
    return true;
  }

  /** @returns whether it is in place */
  private async tryStored(stored: Stored): Promise<boolean> {
    try {
      await this.options.apply(joined(this.files, stored));
      this.current = stored;
      this.setRefusal(undefined);
      return true;
    } catch (error) {
      const reason = error instanceof GatewayError ? startFailure(error) : 'it could not be put in place; see the log';
      this.options.log.error('what is stored was not taken over; what ran before goes on', { reason, error });
      this.setRefusal(reason);
      return false;
    } finally {
      this.setAwaited(false);
    }
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.work.then(work);
    this.work = done.catch(() => undefined);
    return await done;
  }

  private setAwaited(isAwaited: boolean): void {
    this.awaited = isAwaited;
  }

  private setRefusal(refusal: string | undefined): void {
    this.refusal = refusal;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const joined = (files: Configuration, stored: Stored): Configuration => ({ ...files, ...files.opened.read(stored) });
