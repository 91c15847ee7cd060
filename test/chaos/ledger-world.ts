// A ledger as a process on a real PostgreSQL that is ill-treated, and gateways that ship finished calls to it all the while.
import { entryIds } from '@turnpike/journal';
import { LedgerError, type LedgerClient } from '@turnpike/rpc';
import { GATEWAY_TOKEN, LedgerProcess, MASTER_KEY } from '../../apps/ledger/test/process.js';
import type { PostgresServer } from '../services/postgres.js';

export { GATEWAY_TOKEN, LedgerProcess, MASTER_KEY };

export const COST_NANO = 1_000;
const BATCH = 25;
const PAUSE_MS = 20;
const nextId = entryIds({});

export const nameOf = (databaseUrl: string): string => new URL(databaseUrl).pathname.slice(1);

/** A finished call of this key that cost `COST_NANO`. */
export const anEntry = (key: string, members: object = {}): Buffer => {
  const endedAt = Date.now();
  const entry = {
    v: 1,
    id: nextId(),
    startedAt: endedAt - 1,
    endedAt,
    key,
    status: 'success',
    cost: COST_NANO,
    attempts: [],
  };
  return Buffer.from(JSON.stringify({ ...entry, ...members }));
};

/** Ships as a gateway's journal does: a batch that was not acknowledged is sent again, until it is. */
export class Shipper {
  shipped = 0;
  readonly failures: LedgerError[] = [];
  private isOver = false;
  private readonly work: Promise<void>;

  constructor(
    private readonly connect: () => LedgerClient,
    private readonly key: string,
  ) {
    this.work = this.run();
  }

  /** After the batch under way. @returns how many entries there were */
  async stop(): Promise<number> {
    this.isOver = true;
    await this.work;
    return this.shipped;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const entries = Array.from({ length: BATCH }, () => anEntry(this.key));
      await this.ship(entries);
      this.shipped += BATCH;
    }
  }

  private async ship(entries: Buffer[]): Promise<void> {
    for (;;) {
      try {
        await this.connect().gateway.settle({ entries }, { deadlineMs: 10_000 });
        return;
      } catch (error) {
        this.failures.push(error as LedgerError);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}

/** What the database knows of a key's calls: rows of the log, what its balance says, and what the day's sums say. */
export const accountsOf = async (server: PostgresServer, database: string, key: string): Promise<number[]> => {
  const [row] = await server.query<{ logged: string; spent: string; summed: string }>(
    `SELECT (SELECT count(*) FROM turnpike.spend_logs WHERE key_hash = '${key}') AS logged,
            (SELECT spent_nano FROM turnpike.balances WHERE account = 'key:${key}') AS spent,
            (SELECT sum(spend_nano) FROM turnpike.daily_spend WHERE key_hash = '${key}' AND kind = '') AS summed`,
    database,
  );
  return [Number(row!.logged), Number(row!.spent) / COST_NANO, Number(row!.summed) / COST_NANO];
};

/** What a call that fails is told: status, code, status over HTTP. */
export const failureOf = async (
  call: Promise<unknown>,
): Promise<[code: string, errorCode?: string, httpStatus?: number]> => {
  try {
    await call;
    return ['OK'];
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return [error.code, error.details.errorCode, error.details.httpStatus];
  }
};

export const UNAVAILABLE = ['UNAVAILABLE', 'GW_LEDGER_UNAVAILABLE', 503];
