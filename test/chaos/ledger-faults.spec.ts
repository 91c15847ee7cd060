// The ledger while its database fails it in every way that a database can: whoever asks is told what it is, nothing that
// was acknowledged is lost, and nothing is counted twice.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { LedgerClient } from '@turnpike/rpc';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { eventually } from '../e2e/harness.js';
import { PgBouncer } from '../services/pgbouncer.js';
import { PostgresServer } from '../services/postgres.js';
import {
  accountsOf,
  anEntry,
  failureOf,
  GATEWAY_TOKEN,
  LedgerProcess,
  MASTER_KEY,
  nameOf,
  Shipper,
  UNAVAILABLE,
} from './ledger-world.js';

jest.setTimeout(120_000);

const server = await PostgresServer.start();
// A database that promises what it has not written would be the one that loses.
await server.query('ALTER ROLE postgres SET synchronous_commit = on');
afterAll(() => server.remove());

interface World {
  ledger: LedgerProcess;
  database: string;
  admin: LedgerClient;
  gateway: LedgerClient;
  key: string;
}

const open = async (databaseUrl: string): Promise<World> => {
  const ledger = await LedgerProcess.start({ databaseUrl });
  const [admin, gateway] = [ledger.connect(MASTER_KEY), ledger.connect(GATEWAY_TOKEN)];
  const { key } = await admin.keys.generateKey({ key: { budget: { maxNanoUsd: 1e15 } } });
  return { ledger, admin, gateway, key: key!.token, database: nameOf(databaseUrl) };
};

const lease = ({ gateway, key }: World): Promise<unknown> =>
  gateway.gateway.lease({ holder: 'w', asks: [{ account: `key:${key}`, neededNanoUsd: 1, returnedNanoUsd: 0 }] });

/** Of every kind of call that writes: each says the same. */
const writes = (world: World): Record<string, () => Promise<unknown>> => ({
  settle: () => world.gateway.gateway.settle({ entries: [anEntry(world.key)] }),
  lease: () => lease(world),
  'make a key': () => world.admin.keys.generateKey({}),
  'block a key': () => world.admin.keys.blockKey({ key: world.key, blocked: false }),
  'make a team': () => world.admin.teams.createTeam({ team: {} }),
});
const reads = (world: World): Record<string, () => Promise<unknown>> => ({
  authorize: () => world.gateway.gateway.authorize({ keyHash: world.key }),
  'look at a key': () => world.admin.keys.getKey({ key: world.key }),
  'list keys': () => world.admin.keys.listKeys({}),
});

const outcomes = async (calls: Record<string, () => Promise<unknown>>): Promise<Record<string, unknown>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(calls).map(async ([name, call]) => [name, await failureOf(call())])),
  );

const all = (calls: object, outcome: unknown): object =>
  Object.fromEntries(Object.keys(calls).map((name) => [name, outcome]));

/** Ships calls of a key of its own while something happens, and then counts. */
const whileShipping = async ({ admin, gateway, database }: World, happen: () => Promise<void>): Promise<Shipper> => {
  const { key } = await admin.keys.generateKey({ key: { budget: { maxNanoUsd: 1e15 } } });
  const shipper = new Shipper(() => gateway, key!.token);
  const ships = async (): Promise<void> => {
    const before = shipper.shipped;
    await eventually(
      () => shipper.shipped,
      (shipped) => shipped > before + 50,
      60_000,
    );
  };
  try {
    await ships();
    await happen();
    await ships();
  } finally {
    await shipper.stop();
  }
  const { shipped } = shipper;
  expect(await accountsOf(server, database, key!.token)).toEqual([shipped, shipped, shipped]);
  return shipper;
};

describe('the database', () => {
  let world: World;
  beforeAll(async () => {
    world = await open(await server.createDatabase());
  });
  afterAll(() => world.ledger.end());

  /** Settings of a database hold for new connections. */
  const set = async (setting: string): Promise<void> => {
    await server.query(`ALTER DATABASE ${world.database} SET ${setting}`);
    await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${world.database}'`);
  };

  it.each(['fast', 'crash'] as const)(
    'is restarted (%s): what is shipped meanwhile arrives, each call once',
    async (how) => {
      const { failures } = await whileShipping(world, () => server.restart(how));
      for (const { code, details } of failures) expect([code, details.errorCode]).toEqual(UNAVAILABLE.slice(0, 2));
    },
  );

  it('is away: every call says so, and when it is back all go on', async () => {
    await server.stop();
    const calls = { ...reads(world), ...writes(world) };
    expect(await outcomes(calls)).toEqual(all(calls, UNAVAILABLE));
    await server.start();
    await eventually(
      () => outcomes(calls),
      (told) => Object.values(told).every((outcome) => String(outcome) === 'OK'),
      30_000,
    );
  });

  it('takes no changes: keys are still let in, and what would change something says why it does not', async () => {
    await whileShipping(world, async () => {
      await set('default_transaction_read_only = on');
      await eventually(
        () => failureOf(lease(world)),
        ([code]) => code !== 'OK',
      );
      expect(await outcomes(reads(world))).toEqual(all(reads(world), ['OK']));
      expect(await outcomes(writes(world))).toEqual(all(writes(world), UNAVAILABLE));
      await expect(lease(world)).rejects.toThrow('takes no changes: it is read-only');
      // Another one starts on it, and lets keys in.
      const second = await LedgerProcess.start({ databaseUrl: server.url(world.database) });
      const gateway = second.connect(GATEWAY_TOKEN);
      expect(await failureOf(gateway.gateway.authorize({ keyHash: world.key }))).toEqual(['OK']);
      await second.end();
      await set('default_transaction_read_only = off');
    });
  });

  it('lets statements take no longer than so: whoever waits for a lock is told, and nothing of it is kept', async () => {
    await set(`statement_timeout = '200ms'`);
    const before = await accountsOf(server, world.database, world.key);
    const blocker = new Client({ connectionString: server.url(world.database) });
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query(`SELECT FROM turnpike.balances WHERE account = 'key:${world.key}' FOR UPDATE`);
    const entries = [anEntry(world.key)];
    const settle = (): Promise<unknown> => world.gateway.gateway.settle({ entries });
    await eventually(
      () => failureOf(settle()),
      ([code]) => code === 'UNAVAILABLE',
    );
    await expect(settle()).rejects.toThrow('took too long');
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect(await accountsOf(server, world.database, world.key)).toEqual(before);
    expect(await settle()).toMatchObject({ accepted: 1, repeated: 0 });
    expect(await settle()).toMatchObject({ accepted: 0, repeated: 1 });
    expect(await accountsOf(server, world.database, world.key)).toEqual(before.map((number) => number + 1));
    await set('statement_timeout = 0');
  });
});

describe('the database has no connection left', () => {
  it('whoever finds none is told so, and all go on when there are some', async () => {
    await server.query(`CREATE ROLE app LOGIN`);
    const databaseUrl = await server.createDatabase();
    await server.query(`ALTER DATABASE ${nameOf(databaseUrl)} OWNER TO app`);
    const world = await open(server.url(nameOf(databaseUrl), 'app'));
    const limit = (connections: number): Promise<unknown> =>
      server.query(`ALTER ROLE app CONNECTION LIMIT ${connections}`);
    await whileShipping(world, async () => {
      await limit(0);
      await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'`);
      const calls = { ...reads(world), ...writes(world) };
      await eventually(
        () => outcomes(calls),
        (told) => Object.values(told).every((outcome) => String(outcome) === String(UNAVAILABLE)),
        30_000,
      );
      await expect(lease(world)).rejects.toThrow(/has no connection left|cannot be reached/);
      await limit(-1);
    });
    expect(await world.ledger.end()).toBe(0);
  });
});

/** A disk that is full must be a real one; making one takes an administrator. */
const smallDisk = (): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=777', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
};
const disk = smallDisk();
afterAll(() => {
  if (!disk) return;
  execFileSync('umount', ['--lazy', disk]);
  rmSync(disk, { recursive: true, force: true });
});

describe('the disk of the database is full', () => {
  (disk ? it : it.skip)('what writes is told so, what reads goes on, and with room nothing is missing', async () => {
    const folder = join(disk!, 'small');
    execFileSync('install', ['-d', '-m', '700', '-o', 'nobody', folder]);
    chmodSync(disk!, 0o777);
    await server.query(`CREATE TABLESPACE small LOCATION '${folder}'`);
    await server.query('CREATE DATABASE small TABLESPACE small');
    const world = await open(server.url('small'));
    const { shipped } = await whileShipping(world, async () => {
      await server.query('CREATE TABLE ballast (bytes bytea)', 'small');
      await server.query(`ALTER TABLE ballast ALTER bytes SET STORAGE EXTERNAL`, 'small');
      for (const size of [1_000_000, 8_000])
        for (;;) {
          const isFull = await server
            .query(`INSERT INTO ballast SELECT convert_to(repeat('x', ${size}), 'UTF8')`, 'small')
            .then(() => false)
            .catch((error: unknown) => String(error).includes('No space left'));
          if (isFull) break;
        }
      // There may be room in pages that tables have already.
      const entries = (): Buffer[] =>
        Array.from({ length: 400 }, () => anEntry(world.key, { metadata: { text: 'x'.repeat(4_000) }, cost: 0 }));
      await eventually(
        () => failureOf(world.gateway.gateway.settle({ entries: entries() })),
        (outcome) => String(outcome) === String(UNAVAILABLE),
        30_000,
      );
      await expect(world.gateway.gateway.settle({ entries: entries() })).rejects.toThrow('no room left on its disk');
      expect(await outcomes(reads(world))).toEqual(all(reads(world), ['OK']));
      await server.query('DROP TABLE ballast', 'small');
    });
    expect(shipped).toBeGreaterThan(100);
    expect(await world.ledger.end()).toBe(0);
    await server.query('DROP DATABASE small');
    await server.query('DROP TABLESPACE small');
  });
});

describe('behind a PgBouncer that lends connections for one transaction', () => {
  let bouncer: PgBouncer;
  beforeAll(async () => {
    bouncer = await PgBouncer.start(server, { connections: 4 });
  });
  afterAll(() => bouncer.remove());

  it('tables are made by several at once, calls are settled, leases granted, changes told, also when it is restarted', async () => {
    const database = nameOf(await server.createDatabase());
    const starts = await Promise.all([1, 2, 3].map(() => LedgerProcess.start({ databaseUrl: bouncer.url(database) })));
    for (const ledger of starts) expect(ledger.log).toContain('The ledger is ready.');
    await Promise.all(starts.map((ledger) => ledger.end()));

    const world = await open(bouncer.url(database));
    const heard: string[] = [];
    const end = new AbortController();
    const watching = (async () => {
      while (!end.signal.aborted)
        try {
          for await (const told of world.gateway.gateway.watch({ since: 0, holder: 'w' }, { signal: end.signal }))
            heard.push(...told.changes.map(({ id }) => id));
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
    })();
    await whileShipping(world, async () => {
      await Promise.all(Array.from({ length: 40 }, () => lease(world)));
      await world.admin.keys.blockKey({ key: world.key, blocked: true });
      await eventually(
        () => heard,
        (ids) => ids.includes(world.key),
      );
      await bouncer.stop();
      await bouncer.start();
    });
    const { key } = await world.admin.keys.generateKey({});
    await eventually(
      () => heard,
      (ids) => ids.includes(key!.token),
      20_000,
    );
    end.abort();
    await watching;
    expect(await world.ledger.end()).toBe(0);
  });
});

describe('the ledger', () => {
  it('is killed while it settles, again and again: each call is on record once', async () => {
    const databaseUrl = await server.createDatabase();
    const world = await open(databaseUrl);
    let { ledger, gateway } = world;
    const shipper = new Shipper(() => gateway, world.key);
    for (let kills = 0; kills < 4; kills += 1) {
      const before = shipper.shipped;
      await eventually(
        () => shipper.shipped,
        (shipped) => shipped > before + 50,
        30_000,
      );
      await ledger.end('SIGKILL');
      ledger = await LedgerProcess.start({ databaseUrl });
      gateway = ledger.connect(GATEWAY_TOKEN);
    }
    const shipped = await shipper.stop();
    expect(shipper.failures.length).toBeGreaterThan(0);
    expect(await accountsOf(server, world.database, world.key)).toEqual([shipped, shipped, shipped]);
    expect(await ledger.end()).toBe(0);
  });
});
