import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Logger } from '@turnpike/telemetry';
import { DataSource } from 'typeorm';
import { PostgresServer } from '../../../../test/services/postgres.js';
import { aDataDir, describeOnEachDatabase, silent } from '../../test/databases.js';
import { ENTITIES } from '../schema/entities/index.js';
import { MIGRATIONS } from '../schema/migrations/index.js';
import { migrate } from './migrate.js';
import { openStorage, type Storage } from './storage.js';

/** As the database calls the types of columns. */
const TYPES: Readonly<Record<string, string>> = { timestamptz: 'timestamp with time zone' };

describeOnEachDatabase('the tables', (database) => {
  it.each(ENTITIES.map((entity) => [entity.name, entity] as const))('%s is mapped as it is', async (_, entity) => {
    const { columns, tableName } = database().dataSource.getMetadata(entity);
    const expected = columns.map(({ databaseName, type, isArray, isNullable }) => ({
      name: databaseName,
      type: isArray ? 'ARRAY' : (TYPES[String(type)] ?? type),
      nullable: isNullable ? 'YES' : 'NO',
    }));
    const found = await database().manager.query<typeof expected>(
      `SELECT column_name AS name, data_type AS type, is_nullable AS nullable
      FROM information_schema.columns WHERE table_schema = 'turnpike' AND table_name = $1`,
      [tableName],
    );
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
    expect(found.sort(byName)).toEqual(expected.sort(byName));
  });

  it('are numbered without gaps, and up to date after they were opened', async () => {
    expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
    const applied = await database().manager.query('SELECT number, title FROM turnpike.migrations ORDER BY number');
    expect(applied).toEqual(MIGRATIONS.map(({ number, title }) => ({ number, title })));
  });

  it('are refused when they are newer than this version, and stay as they are', async () => {
    const { dataSource, manager } = database();
    await manager.query(`INSERT INTO turnpike.migrations (number, title) VALUES (999, 'later')`);
    await expect(migrate(dataSource, MIGRATIONS, silent)).rejects.toThrow(
      `its tables are at step 999, and this version knows ${MIGRATIONS.length}`,
    );
    await manager.query('DELETE FROM turnpike.migrations WHERE number = 999');
  });

  it('change in one piece: a step that fails leaves nothing of itself', async () => {
    const { dataSource, manager } = database();
    const number = MIGRATIONS.length + 1;
    const broken = { number, title: 'broken', statements: ['CREATE TABLE turnpike.half ()', 'SELECT nothing'] };
    await expect(migrate(dataSource, [...MIGRATIONS, broken], silent)).rejects.toThrow('nothing');
    expect(await manager.query(`SELECT to_regclass('turnpike.half') AS half`)).toEqual([{ half: null }]);
    await expect(migrate(dataSource, MIGRATIONS, silent)).resolves.toBeUndefined();
  });
});

describe('PostgreSQL', () => {
  const { dataDir, remove } = aDataDir();
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 60_000);
  afterAll(async () => {
    await server.remove();
    remove();
  });

  const open = (databaseUrl: string, log: Logger = silent): Promise<Storage> =>
    openStorage({ databaseUrl, dataDir, poolSize: 2, log });

  const openAndClose = async (databaseUrl: string): Promise<void> => {
    await (await open(databaseUrl)).close();
  };

  const nameOf = (url: string): string => new URL(url).pathname.slice(1);

  it('is brought up to date once by ten who start at the same moment', async () => {
    const url = await server.createDatabase();
    const steps: string[] = [];
    const log: Logger = {
      ...silent,
      info: (_, fields) => {
        if (fields?.['step']) steps.push(String(fields['step']));
      },
    };
    const storages = await Promise.all(Array.from({ length: 10 }, () => open(url, log)));
    await Promise.all(storages.map((storage) => storage.close()));
    expect(steps).toHaveLength(MIGRATIONS.length);
    expect(steps[0]).toBe('0001-accounts');
  }, 60_000);

  it('shows our tables to psql when the database is ours alone', async () => {
    const url = await server.createDatabase();
    await openAndClose(url);
    expect(await server.query('SHOW search_path', nameOf(url))).toEqual([{ search_path: 'turnpike, "$user", public' }]);
    expect(await server.query('SELECT count(*) AS keys FROM virtual_keys', nameOf(url))).toHaveLength(1);
  });

  it.each([
    ['where others have tables', 'CREATE TABLE public.theirs (id integer)'],
    ['where the role has a search path', 'ALTER ROLE postgres IN DATABASE %s SET search_path = theirs'],
  ])('is left as it is %s', async (_, sql) => {
    const url = await server.createDatabase();
    await server.query(sql.replace('%s', nameOf(url)), nameOf(url));
    const before = await server.query('SHOW search_path', nameOf(url));
    await openAndClose(url);
    expect(await server.query('SHOW search_path', nameOf(url))).toEqual(before);
  });

  it('tells a role that may make no schema what its administrator must run; that is enough', async () => {
    const url = await server.createDatabase();
    const role = `"it's ${nameOf(url)}"`;
    await server.query(`CREATE ROLE ${role} LOGIN`);
    const theirs = url.replace('postgres@', `${encodeURIComponent(role.slice(1, -1))}@`);
    const refusal = await open(theirs).catch((error: unknown) => (error as Error).message);
    const [, statement] = /(CREATE SCHEMA .*;)/.exec(String(refusal))!;
    expect(statement).toBe(`CREATE SCHEMA turnpike AUTHORIZATION ${role};`);
    await server.query(statement!, nameOf(url));
    await openAndClose(theirs);
    expect(
      await server.query('SELECT tableowner FROM pg_tables WHERE schemaname = $$turnpike$$ LIMIT 1', nameOf(url)),
    ).toEqual([{ tableowner: role.slice(1, -1) }]);
  });

  it('tells a role that may make no tables in the schema whose it must be', async () => {
    const url = await server.createDatabase();
    const role = `guest_${nameOf(url)}`;
    await server.query(`CREATE ROLE ${role} LOGIN`);
    await server.query('CREATE SCHEMA turnpike', nameOf(url));
    await expect(open(url.replace('postgres@', `${role}@`))).rejects.toThrow(
      `ALTER SCHEMA turnpike OWNER TO "${role}";`,
    );
  });

  it('serves a role that may only read and write rows, once it is up to date', async () => {
    const url = await server.createDatabase();
    await openAndClose(url);
    const role = `clerk_${nameOf(url)}`;
    await server.query(`CREATE ROLE ${role} LOGIN`);
    await server.query(
      `GRANT USAGE ON SCHEMA turnpike TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA turnpike TO ${role}`,
      nameOf(url),
    );
    const storage = await open(url.replace('postgres@', `${role}@`));
    await storage.dataSource.manager.query(`INSERT INTO turnpike.tags (tag_name) VALUES ('clerk')`);
    await storage.close();
  });

  it('keeps nothing in its sessions that a transaction pooler would lose', async () => {
    const url = await server.createDatabase();
    const storage = await open(url);
    const [state] = await storage.dataSource.query<Record<string, unknown>[]>(
      `SELECT (SELECT count(*) FROM pg_prepared_statements) AS prepared,
        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks,
        (SELECT count(*) FROM pg_listening_channels()) AS channels`,
    );
    await storage.close();
    expect(state).toEqual({ prepared: 0, locks: 0, channels: 0 });
  });

  it('is taken without TLS under sslmode=prefer when it has none, and not under require', async () => {
    const url = await server.createDatabase();
    await openAndClose(`${url}?sslmode=prefer`);
    await expect(open(`${url}?sslmode=require`)).rejects.toThrow('does not support SSL');
  });

  it('names parameters of the address that mean nothing here, and logs no password', async () => {
    const lines: string[] = [];
    const write = (message: string, fields?: object): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const log: Logger = { ...silent, info: write, warn: write };
    const url = (await server.createDatabase()).replace('postgres@', 'postgres:hunter2@');
    await (await open(`${url}?colour=red`, log)).close();
    expect(lines.join('\n')).toContain('["colour"]');
    expect(lines.join('\n')).toContain(`postgres@127.0.0.1:${server.port}`);
    expect(lines.join('\n')).not.toContain('hunter2');
  });

  it('survives that the server restarts, in the fast way and by a crash', async () => {
    const storage = await open(await server.createDatabase());
    const { manager } = storage.dataSource;
    await manager.query(`INSERT INTO turnpike.tags (tag_name) VALUES ('kept')`);
    for (const how of ['fast', 'crash'] as const) {
      await server.restart(how);
      const seen = await Promise.all(
        Array.from({ length: 6 }, () => manager.query('SELECT tag_name FROM turnpike.tags')),
      );
      expect(seen).toEqual(Array.from({ length: 6 }, () => [{ tag_name: 'kept' }]));
    }
    await storage.close();
  }, 60_000);

  it('is closed twice without harm', async () => {
    const storage = await open(await server.createDatabase());
    await storage.close();
    await expect(storage.close()).resolves.toBeUndefined();
    expect(storage.dataSource).toBeInstanceOf(DataSource);
  });
});
