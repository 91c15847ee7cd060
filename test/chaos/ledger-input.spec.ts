// Whatever is sent to the ledger, over gRPC or through the gateway's management routes: it is kept as it is, or refused with
// what is wrong with it, and never understood as anything else.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import {
  connectLedger,
  Customer,
  LedgerError,
  Organization,
  SharedBudget,
  Team,
  User,
  VirtualKey,
  type LedgerClient,
} from '@turnpike/rpc';
import { jsonOf, send } from '../e2e/client.js';
import { eventually, MASTER_KEY, startGateway } from '../e2e/harness.js';
import { PostgresServer } from '../services/postgres.js';
import { freePort } from '../services/redis-server.js';
import { failureOf, nameOf } from './ledger-world.js';

jest.setTimeout(120_000);

const SQL = `x'); DROP TABLE turnpike.virtual_keys; SELECT pg_sleep(9) -- " \\ $1 :id %s {} 😀`;

const server = await PostgresServer.start();
const databaseUrl = await server.createDatabase();
const grpc = `127.0.0.1:${await freePort()}`;
const gateway = await startGateway({
  hasLedger: true,
  config: { model_list: [] },
  env: { DATABASE_URL: databaseUrl, TURNPIKE_GRPC_ADDRESS: grpc },
});
const ledger: LedgerClient = connectLedger({ address: grpc, token: MASTER_KEY });
afterAll(async () => {
  ledger.close();
  await gateway.kill();
  await server.remove();
});

const tables = (): Promise<object[]> =>
  server.query(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'turnpike' AND tablename NOT LIKE 'spend_logs_%'`,
    nameOf(databaseUrl),
  );
let tablesBefore: object[];
beforeAll(async () => {
  await eventually(
    () => failureOf(ledger.keys.listKeys({})),
    ([code]) => code === 'OK',
    30_000,
  );
  tablesBefore = await tables();
});

type Fields = Record<string, unknown>;
type Made = Promise<Fields | undefined>;

/** Each kind of thing: how it is made, and what a message of it has. */
const NOUNS: Record<string, { empty: object; make: (fields: Fields) => Made; list: () => Promise<unknown> }> = {
  key: {
    empty: VirtualKey.fromPartial({}),
    make: async (key) => (await ledger.keys.generateKey({ key })).key as unknown as Fields,
    list: () => ledger.keys.listKeys({ page: { size: 100 } }),
  },
  team: {
    empty: Team.fromPartial({}),
    make: async (team) => (await ledger.teams.createTeam({ team })).team as unknown as Fields,
    list: () => ledger.teams.listTeams({ page: { size: 100 } }),
  },
  user: {
    empty: User.fromPartial({}),
    make: async (user) => (await ledger.users.createUser({ user })).user as unknown as Fields,
    list: () => ledger.users.listUsers({ page: { size: 100 } }),
  },
  organization: {
    empty: Organization.fromPartial({}),
    make: async (organization) =>
      (await ledger.organizations.createOrganization({ organization })).organization as unknown as Fields,
    list: () => ledger.organizations.listOrganizations({ page: { size: 100 } }),
  },
  customer: {
    empty: Customer.fromPartial({}),
    make: async (customer) =>
      (await ledger.customers.createCustomer({ customer: { customerId: `c-${Math.random()}`, ...customer } }))
        .customer as unknown as Fields,
    list: () => ledger.customers.listCustomers({ page: { size: 100 } }),
  },
  budget: {
    empty: SharedBudget.fromPartial({}),
    make: async (budget) => (await ledger.budgets.createBudget({ budget })).budget as unknown as Fields,
    list: () => ledger.budgets.listBudgets({ page: { size: 100 } }),
  },
};

/** Every field of text, list of texts, map or open object. */
const hostileFields = Object.entries(NOUNS).flatMap(([noun, { empty }]) =>
  Object.entries(empty as Fields).flatMap(([field, value]): [string, string, unknown][] => {
    if (typeof value === 'string') return [[noun, field, SQL]];
    if (Array.isArray(value)) return field === 'members' || field === 'budgetWindows' ? [] : [[noun, field, [SQL]]];
    if (/^(metadata|permissions|config|routerSettings|objectPermission)$/.test(field))
      return [[noun, field, { [SQL]: SQL }]];
    if (field === 'aliases' || field === 'modelAliases') return [[noun, field, { [SQL]: SQL }]];
    if (field === 'modelTerms') return [[noun, field, { [SQL]: { budget: { maxNanoUsd: 1 } } }]];
    return [];
  }),
);

describe('SQL', () => {
  it('is looked for in every noun', () => {
    expect(hostileFields.length).toBeGreaterThan(50);
  });

  it.each(hostileFields)('in a %s, as its %s, is kept as it is, or refused', async (noun, field, value) => {
    const { make, list } = NOUNS[noun]!;
    try {
      const made = await make({ [field]: value });
      // Those that only the ledger sets are not read.
      if (JSON.stringify(made?.[field] ?? null).includes('DROP TABLE'))
        expect({ [field]: made?.[field] }).toMatchObject({ [field]: value });
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      expect([error.code, error.details.httpStatus]).toEqual(['INVALID_ARGUMENT', 400]);
      expect(error.message).not.toMatch(/syntax error|relation|column/i);
    }
    await list();
    expect(await tables()).toEqual(tablesBefore);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a name that is looked up', () => ledger.teams.getTeam({ teamId: SQL })],
    ['a filter of a list', () => ledger.keys.listKeys({ keyAlias: SQL, userId: SQL, teamId: SQL })],
    ['a part of an alias', () => ledger.keys.listKeyAliases({ search: SQL })],
    ['what a list is sorted by', () => ledger.keys.listKeys({ page: { sortBy: SQL } })],
    ['what is deleted', () => ledger.users.deleteUsers({ userIds: [SQL] })],
    ['a field mask', () => ledger.teams.updateTeam({ changes: { teamId: SQL }, updateMask: [SQL] })],
  ])('as %s finds nothing, or is refused', async (_, call) => {
    const [code] = await failureOf(call());
    expect(['OK', 'NOT_FOUND', 'INVALID_ARGUMENT']).toContain(code);
    expect(await tables()).toEqual(tablesBefore);
  });
});

const INVALID = ['INVALID_ARGUMENT', 'GW_INVALID_REQUEST', 400];

describe('what cannot be meant', () => {
  beforeAll(async () => {
    await ledger.keys.generateKey({ key: { keyAlias: 'taken' } });
  });

  it.each<[string, () => Promise<unknown>, object, number, string | undefined]>([
    [
      'a negative budget',
      () => ledger.keys.generateKey({ key: { budget: { maxNanoUsd: -1 } } }),
      { max_budget: -1 },
      400,
      'max_budget',
    ],
    [
      'a negative limit',
      () => ledger.keys.generateKey({ key: { limits: { rpm: -1 } } }),
      { rpm_limit: -1 },
      400,
      'rpm_limit',
    ],
    [
      'a budget of words',
      () => ledger.keys.generateKey({ key: { budget: { duration: 'x' } } }),
      { max_budget: 'much' },
      400,
      'max_budget',
    ],
    [
      'a huge limit',
      () => ledger.keys.generateKey({ key: { limits: { tpm: 1e15 } } }),
      { tpm_limit: 1e15 },
      400,
      'tpm_limit',
    ],
    [
      'a duration that is none',
      () => ledger.keys.generateKey({ key: { budget: { maxNanoUsd: 1, duration: 'fortnight' } } }),
      { max_budget: 1, budget_duration: 'fortnight' },
      400,
      'budget_duration',
    ],
    ['a life that is none', () => ledger.keys.generateKey({ duration: '0d' }), { duration: '0d' }, 400, 'duration'],
    [
      'a life of a million years',
      () => ledger.keys.generateKey({ duration: '365000000d' }),
      { duration: '365000000d' },
      400,
      'duration',
    ],
    [
      'a secret without sk-',
      () => ledger.keys.generateKey({ secret: 'my-own-secret-key-0001' }),
      { key: 'my-own-secret-key-0001' },
      400,
      'key',
    ],
    ['a secret that is short', () => ledger.keys.generateKey({ secret: 'sk-1' }), { key: 'sk-1' }, 400, 'key'],
    [
      'a name of a million characters',
      () => ledger.keys.generateKey({ key: { keyAlias: 'x'.repeat(1_000_000) } }),
      { key_alias: 'x'.repeat(100_000) },
      400,
      'key_alias',
    ],
    ['a NUL', () => ledger.keys.generateKey({ key: { userId: 'a\0b' } }), { user_id: 'a\0b' }, 400, undefined],
    [
      'a team that is not there',
      () => ledger.keys.generateKey({ key: { teamId: 'none' } }),
      { team_id: 'none' },
      400,
      'team_id',
    ],
  ])('%s is refused, with the field, over both', async (_, call, body, httpStatus, param) => {
    expect(await failureOf(call())).toEqual(INVALID);
    const response = await send(gateway, '/key/generate', { body });
    const answer = await jsonOf(response);
    expect([response.status, answer.error.param]).toEqual([httpStatus, param ?? expect.anything()]);
    expect(answer.error.message).not.toMatch(/syntax|relation|constraint|pg_/i);
  });

  it('an alias that is taken is a conflict', async () => {
    expect(await failureOf(ledger.keys.generateKey({ key: { keyAlias: 'taken' } }))).toEqual([
      'ALREADY_EXISTS',
      'GW_ALREADY_EXISTS',
      409,
    ]);
    const response = await send(gateway, '/key/generate', { body: { key_alias: 'taken' } });
    expect([response.status, (await jsonOf(response)).error.param]).toEqual([409, 'key_alias']);
  });

  it.each(['NaN', '1e400', '{"max_budget": NaN}'])('%s in JSON is no number', async (text) => {
    const body = text.startsWith('{') ? text : `{"max_budget": ${text}}`;
    expect((await send(gateway, '/key/generate', { body })).status).toBe(400);
  });

  it('a number beyond those that are counted exactly is refused, and not rounded', async () => {
    // GenerateKeyRequest { key { budget { max_nano_usd: 2^60 } } }, by hand: no client of ours would send it.
    const varint = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]);
    const budget = Buffer.concat([Buffer.from([0x08]), varint]);
    const key = Buffer.concat([Buffer.from([0x52, budget.length]), budget]);
    const bytes = Buffer.concat([Buffer.from([0x0a, key.length]), key]);
    const client = new Client(grpc, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${MASTER_KEY}`);
    const error = await new Promise<ServiceError | null>((resolve) =>
      client.makeUnaryRequest(
        '/turnpike.ledger.v1.KeyService/GenerateKey',
        (raw: Buffer) => raw,
        (raw) => raw,
        bytes,
        metadata,
        (failure) => resolve(failure),
      ),
    );
    client.close();
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
  });
});

it('a database that is away is 503 with Retry-After over HTTP, and nothing of it is seen', async () => {
  await server.stop();
  const response = await eventually(
    () => send(gateway, '/key/generate', { body: {} }),
    (answer) => answer.status !== 200,
  );
  const { error } = await jsonOf(response);
  expect([response.status, Number(response.headers.get('retry-after')) > 0]).toEqual([503, true]);
  expect(error.message).not.toMatch(/ECONNREFUSED|127\.0\.0\.1|postgres/);
  await server.start();
  await eventually(
    () => send(gateway, '/key/generate', { body: {} }),
    (answer) => answer.status === 200,
    30_000,
  );
});
