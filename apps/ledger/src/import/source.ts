// The other gateway's database: opened, looked at as of one moment, and only read.
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type { JsonObject } from '@turnpike/domain';
import { Client, escapeIdentifier, type ClientConfig } from 'pg';
import { describeAddress, parseDatabaseUrl, type DatabaseAddress } from '../storage/database-url.js';
import { SourceRow } from './source-row.js';

const CONNECT_TIMEOUT_MS = 10_000;
const BATCH = 500;
const TABLES = `
  SELECT c.relname AS name, has_table_privilege(c.oid, 'SELECT') AS "isReadable"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relname LIKE 'LiteLLM\\_%'
  ORDER BY c.relname`;

export interface SourceQuery {
  /** `LiteLLM_VerificationToken` */
  readonly table: string;
  /** Rows to be read, of `t`, whose row as JSON is `r`. */
  readonly where?: string;
  readonly parameters?: readonly unknown[];
  /** Without it: the oldest first, where the table knows. */
  readonly order?: string;
  /** Only these columns, where there are many large ones; those that are not there are passed over. */
  readonly columns?: readonly string[];
  /** Instead of the table's rows: SQL that makes them, as `r`, given the table's name. */
  readonly rows?: (table: string) => string;
  /** Further columns, of a table that need not be there: the SQL that reads it, given its name. */
  readonly joined?: Readonly<Record<string, { table: string; select: (table: string) => string }>>;
}

export class SourceDatabase {
  private cursors = 0;

  private constructor(
    private readonly client: Client,
    private readonly schema: string,
    private readonly readable: ReadonlySet<string>,
    /** That are there, and may not be read. */
    readonly unreadable: readonly string[],
    /** `user@host:port/database`. */
    readonly name: string,
  ) {}

  /** @throws GW_INVALID_REQUEST when it cannot be reached, or has no such tables */
  static async open(databaseUrl: string): Promise<SourceDatabase> {
    const address = addressOf(databaseUrl);
    const client = await connect(address);
    try {
      // One moment for all tables, and a promise of the server's that nothing is written.
      await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const schema = address.schema ?? 'public';
      const { rows } = await client.query<{ name: string; isReadable: boolean }>(TABLES, [schema]);
      const name = describeAddress(address);
      if (rows.length === 0)
        throw invalidRequest(
          `There are no tables of LiteLLM's in the schema ${schema} of ${name}. Name another database, or another ` +
            'schema with ?schema=.',
          'database_url',
        );
      const named = (isReadable: boolean): string[] =>
        rows.filter((row) => row.isReadable === isReadable).map((row) => row.name);
      return new SourceDatabase(client, schema, new Set(named(true)), named(false), name);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw lost(error);
    }
  }

  /** All that may be read, also those that nobody asks for. */
  get tables(): ReadonlySet<string> {
    return this.readable;
  }

  async count({ table, where, parameters = [] }: SourceQuery): Promise<number> {
    const filter = where === undefined ? '' : ` CROSS JOIN LATERAL (SELECT to_jsonb(t) AS r) j WHERE ${where}`;
    const sql = `SELECT count(*) AS count FROM ${this.qualified(table)} t${filter}`;
    const [row] = await this.query<{ count: string }>(sql, parameters);
    return Number(row!.count);
  }

  async isEmpty(table: string): Promise<boolean> {
    const rows = await this.query(`SELECT FROM ${this.qualified(table)} LIMIT 1`);
    return rows.length === 0;
  }

  /** Some hundred rows at a time, however many there are. */
  async *batches(query: SourceQuery): AsyncGenerator<SourceRow[]> {
    this.cursors += 1;
    const cursor = `import_${this.cursors}`;
    await this.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${await this.select(query)}`, query.parameters);
    for (;;) {
      const rows = await this.query<{ r: JsonObject }>(`FETCH ${BATCH} FROM ${cursor}`);
      if (rows.length > 0) yield rows.map(({ r }) => new SourceRow(r));
      if (rows.length < BATCH) break;
    }
    await this.query(`CLOSE ${cursor}`);
  }

  async all(query: SourceQuery): Promise<SourceRow[]> {
    const rows: SourceRow[] = [];
    for await (const batch of this.batches(query)) rows.push(...batch);
    return rows;
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }

  /** As JSON a row has whatever columns its table has, numbers are exact, and times are not turned by this machine's zone. */
  private async select({ table, where = 'true', order, columns, rows, joined = {} }: SourceQuery): Promise<string> {
    if (rows) return rows(this.qualified(table));
    const there = columns && (await this.columnsOf(table)).filter((column) => columns.includes(column));
    const from = there
      ? `(SELECT ${there.map(escapeIdentifier).join(', ')} FROM ${this.qualified(table)})`
      : this.qualified(table);
    const further = Object.entries(joined)
      .filter(([, { table: other }]) => this.readable.has(other))
      .map(
        ([name, { table: other, select }]) => ` || jsonb_build_object('${name}', (${select(this.qualified(other))}))`,
      );
    return `
      SELECT r${further.join('')} AS r FROM ${from} t CROSS JOIN LATERAL (SELECT to_jsonb(t) AS r) j
      WHERE ${where} ORDER BY ${order ?? `r->>'created_at'`} NULLS FIRST`;
  }

  private async columnsOf(table: string): Promise<string[]> {
    const rows = await this.query<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2`,
      [this.schema, table],
    );
    return rows.map(({ name }) => name);
  }

  private qualified(table: string): string {
    return `${escapeIdentifier(this.schema)}.${escapeIdentifier(table)}`;
  }

  private async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.client.query<Row>(sql, [...parameters])).rows;
    } catch (error) {
      throw lost(error);
    }
  }
}

const addressOf = (databaseUrl: string): DatabaseAddress => {
  try {
    return parseDatabaseUrl(databaseUrl);
  } catch (error) {
    throw invalidRequest((error as Error).message.replace('DATABASE_URL', 'database_url'), 'database_url');
  }
};

const connect = async (address: DatabaseAddress): Promise<Client> => {
  try {
    if (address.tls !== 'prefer') return await connected(address, address.tls);
    return await connected(address, { rejectUnauthorized: false }).catch(() => connected(address, false));
  } catch (error) {
    throw invalidRequest(
      `The database ${describeAddress(address)} cannot be opened: ${(error as Error).message}`,
      'database_url',
    );
  }
};

const connected = async (address: DatabaseAddress, ssl: ClientConfig['ssl']): Promise<Client> => {
  const { host, port, username, password, database, connectTimeoutMs, options } = address;
  const client = new Client({
    host,
    port,
    user: username,
    password,
    database,
    ssl,
    options,
    application_name: 'turnpike-import',
    connectionTimeoutMillis: connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  // A connection that breaks between two statements is told by the next one.
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

/** Whatever goes wrong there is no fault of this ledger's. */
const lost = (cause: unknown): GatewayError =>
  cause instanceof GatewayError
    ? cause
    : new GatewayError(
        'GW_LEDGER_UNAVAILABLE',
        `The database that is read from failed: ${(cause as Error).message}. What was taken over so far stays; run it again.`,
        { cause, retryAfterMs: 1_000 },
      );
