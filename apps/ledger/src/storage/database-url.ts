// DATABASE_URL, in the forms that people have it in: libpq's, Prisma's and those that hosting services hand out.
import { GatewayError } from '@turnpike/errors';
import { parseDurationMs } from '@turnpike/config';
import { readTls, type DatabaseTls } from './database-tls.js';

/** Where the database is, and as whom. Holds the password: for a message take `describeAddress`. */
export interface DatabaseAddress {
  /** A name, an address, or the folder of a Unix socket. */
  host: string;
  port: number;
  username?: string;
  password?: string;
  database: string;
  tls: DatabaseTls;
  /** Connections at most. */
  poolSize?: number;
  connectTimeoutMs?: number;
  applicationName?: string;
  /** Sent to the server as they are: some services tell their tenants apart by them. */
  options?: string;
  channelBinding?: boolean;
  /** Where LiteLLM keeps its tables in this database. Ours are in a schema of their own. */
  schema?: string;
  /** Parameters that mean nothing here. */
  ignored: string[];
}

/** Prisma's and libpq's, about things that happen here anyway, or that other drivers do. */
const WITHOUT_EFFECT = new Set([
  'pgbouncer',
  'statement_cache_size',
  'prepared_statements',
  'socket_timeout',
  'single_use_connections',
  'pool_timeout',
  'target_session_attrs',
  'gssencmode',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'load_balance_hosts',
]);

const refuse = (why: string): GatewayError =>
  new GatewayError(
    'GW_CONFIG_INVALID',
    `DATABASE_URL cannot be used: ${why} It looks like postgresql://user:password@host:5432/database.`,
  );

/** A `%` that encodes nothing stands for itself, as it does in passwords that were never encoded. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** White space around it, and the quotes that env files leave. */
const bare = (text: string): string =>
  text
    .trim()
    .replace(/^(["'])(.*)\1$/s, '$2')
    .trim();

const parse = (text: string): URL => {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) throw refuse('it has no scheme.');
  if (scheme !== 'postgres' && scheme !== 'postgresql')
    throw refuse(`it is of ${scheme}, and only PostgreSQL is supported.`);
  if (/^[^/]*\/\/(?:[^@]*@)?[^/@]*,[^/@]*(?:\/|$)/.test(text)) throw refuse('it names several hosts; name one.');
  try {
    return new URL(text);
  } catch {
    throw refuse(
      'its host or port is not readable. In user and password, the characters / ? # @ : must be written as ' +
        '%2F %3F %23 %40 %3A.',
    );
  }
};

const wholeNumber = (parameters: URLSearchParams, name: string): number | undefined => {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw refuse(`${name} is not a whole number.`);
  return value;
};

const seconds = (parameters: URLSearchParams, name: string): number | undefined => {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  const value = /^\d+$/.test(text) ? Number(text) * 1_000 : parseDurationMs(text);
  if (value === undefined) throw refuse(`${name} is not a number of seconds.`);
  return value;
};

const READ = new Set([
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'connection_limit',
  'connect_timeout',
  'application_name',
  'options',
  'channel_binding',
  'schema',
  'sslmode',
  'ssl',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslpassword',
  'sslaccept',
]);

/**
 * @throws GatewayError GW_CONFIG_INVALID, which says what is wrong and never holds the password
 */
export const parseDatabaseUrl = (text: string): DatabaseAddress => {
  const url = parse(bare(text));
  const parameters = url.searchParams;
  const host = decode(url.hostname).replace(/^\[|\]$/g, '') || (parameters.get('host') ?? '');
  if (host === '') throw refuse('it names no host.');
  const database = decode(url.pathname.replace(/^\//, '')) || (parameters.get('dbname') ?? '');
  if (database === '') throw refuse('it names no database.');
  const port = url.port === '' ? (wholeNumber(parameters, 'port') ?? 5432) : Number(url.port);
  if (port < 1 || port > 65_535) throw refuse('its port is not between 1 and 65535.');
  const limit = wholeNumber(parameters, 'connection_limit');
  return {
    host,
    port,
    username: decode(url.username) || (parameters.get('user') ?? undefined),
    password: decode(url.password) || (parameters.get('password') ?? undefined),
    database,
    tls: readTls(parameters, refuse),
    poolSize: limit === 0 ? undefined : limit,
    connectTimeoutMs: seconds(parameters, 'connect_timeout'),
    applicationName: parameters.get('application_name') ?? undefined,
    options: parameters.get('options') ?? undefined,
    channelBinding: parameters.get('channel_binding') === 'require' ? true : undefined,
    schema: parameters.get('schema') ?? undefined,
    ignored: [...new Set(parameters.keys())].filter((name) => !READ.has(name) && !WITHOUT_EFFECT.has(name)),
  };
};

/** `app@db.example:5432/turnpike`, fit for messages. */
export const describeAddress = ({ host, port, username, database }: DatabaseAddress): string =>
  `${username === undefined ? '' : `${username}@`}${host}:${port}/${database}`;
