// Writes batches and deletes what is old. Connects with the first batch; `pg` is loaded then.
import { toCleanJson, type CallFinished, type PluginHost } from '@turnpike/plugin-sdk';
import type { Pool, QueryResult } from 'pg';
import { rowOf } from './rows.js';
import { DELETE_AT_ONCE, statementsFor, type Statements } from './statements.js';

const CONNECT_MS = 5_000;
/** Less than the hook has, so that what is given up does not go on behind it. */
const QUERY_MS = 8_000;
const CLOSE_MS = 2_000;

/** Classes of SQLSTATE that say something of the rows: data, and limits of what a row may be. */
const OF_THE_ROWS = /^(?:22|23|54)/;

export interface KeeperOptions {
  readonly url: string;
  readonly table: string;
  readonly host: Pick<PluginHost, 'log' | 'metrics'>;
}

export class Keeper {
  private pool: Promise<Pool> | undefined;
  private isMade = false;
  private isForgetting = false;
  private readonly statements: Statements;

  constructor(private readonly options: KeeperOptions) {
    this.statements = statementsFor(options.table);
  }

  /** All or none of them, unless some can never be written. @throws when another try may end otherwise */
  async keep(calls: readonly CallFinished[], signal: AbortSignal): Promise<void> {
    await letGo(this.write(calls.map(rowOf), signal), signal);
  }

  /** Never rejects. */
  async forget(days: number): Promise<void> {
    if (this.isForgetting) return;
    this.isForgetting = true;
    try {
      await this.prepare();
      for (let deleted = DELETE_AT_ONCE; deleted === DELETE_AT_ONCE;)
        deleted = (await this.query(this.statements.forget, [days])).rowCount ?? 0;
    } catch (error) {
      this.options.host.log.warn('old calls could not be deleted', { why: (error as Error).message });
    } finally {
      this.isForgetting = false;
    }
  }

  async close(): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    if (!pool) return;
    const ended = pool.then((open) => open.end()).catch(() => undefined);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
  }

  private async write(rows: readonly object[], signal: AbortSignal): Promise<void> {
    await this.prepare();
    try {
      await this.query(this.statements.insert, [toCleanJson(rows)]);
    } catch (error) {
      if (!(error instanceof DatabaseFailure) || !OF_THE_ROWS.test(error.state)) throw error;
      await this.writeOneByOne(rows, signal);
    }
  }

  /** One that cannot be written does not keep the others out. */
  private async writeOneByOne(rows: readonly object[], signal: AbortSignal): Promise<void> {
    const states: string[] = [];
    for (const row of rows) {
      signal.throwIfAborted();
      try {
        await this.query(this.statements.insert, [toCleanJson([row])]);
      } catch (error) {
        if (!(error instanceof DatabaseFailure) || !OF_THE_ROWS.test(error.state)) throw error;
        states.push(error.state);
      }
    }
    const { log, metrics } = this.options.host;
    metrics.count('refused', states.length);
    log.warn('the database refuses some calls, which are given up', { states });
  }

  /** Whoever may write to a table that is there need not be allowed to make one. */
  private async prepare(): Promise<void> {
    if (this.isMade) return;
    const { rows } = await this.query<{ isThere: boolean }>(this.statements.look);
    if (!rows[0]?.isThere) await this.query(this.statements.make);
    this.isMade = true;
  }

  private async query<Row extends object>(text: string, values?: unknown[]): Promise<QueryResult<Row>> {
    try {
      const pool = await (this.pool ??= this.open());
      return await pool.query<Row>(text, values);
    } catch (error) {
      const failure = failureOf(error);
      // The table was dropped.
      if (failure.state === '42P01') this.isMade = false;
      throw failure;
    }
  }

  private async open(): Promise<Pool> {
    const { default: pg } = await import('pg');
    const pool = new pg.Pool({
      connectionString: withLibpqTls(this.options.url),
      max: 2,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      statement_timeout: QUERY_MS,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      application_name: 'turnpike-callback',
    });
    // An idle connection that breaks is replaced when one is needed.
    pool.on('error', () => undefined);
    return pool;
  }
}

/** What the database said, without the rows that it may repeat. */
class DatabaseFailure extends Error {
  constructor(
    /** SQLSTATE, or the code of the connection's failure. */
    readonly state: string,
  ) {
    super(`The database could not be written to (${state}).`);
  }
}

const failureOf = (error: unknown): DatabaseFailure => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return new DatabaseFailure(code);
  return new DatabaseFailure(/timeout/i.test(String(message)) ? 'timeout' : 'connection');
};

/** `sslmode=require` as PostgreSQL's own programs read it: encrypted, with whatever certificate. */
const withLibpqTls = (url: string): string => {
  if (!/[?&]sslmode=/.test(url) || url.includes('uselibpqcompat=')) return url;
  return `${url}&uselibpqcompat=true`;
};

/** Rejects when the signal aborts; the work goes on until its own deadline, and nobody waits for it. */
const letGo = async (work: Promise<void>, signal: AbortSignal): Promise<void> => {
  work.catch(() => undefined);
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('The database took too long.'));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
};
