import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { entryIds } from '@turnpike/journal';
import { Change_Kind, type LedgerClient, type WatchResponse } from '@turnpike/rpc';
import { hashSecret } from './services/key-secret.js';
import { PostgresServer } from '../../../test/services/postgres.js';
import { GATEWAY_TOKEN, LedgerProcess, MASTER_KEY } from '../test/process.js';

const START_MS = 60_000;
const NANO = 1e9;
const nextId = entryIds({});

describe.each(['postgres', 'pglite'] as const)('a ledger process on %s', (kind) => {
  let server: PostgresServer | undefined;
  let ledger: LedgerProcess | undefined;
  let gateway: LedgerClient;
  let admin: LedgerClient;

  beforeAll(async () => {
    server = kind === 'postgres' ? await PostgresServer.start() : undefined;
    ledger = await LedgerProcess.start({ databaseUrl: await server?.createDatabase() });
    gateway = ledger.connect(GATEWAY_TOKEN);
    admin = ledger.connect(MASTER_KEY);
  }, START_MS);

  afterAll(async () => {
    await ledger?.end();
    await server?.remove();
  }, START_MS);

  const generate = async (key: Parameters<LedgerClient['keys']['generateKey']>[0]['key'] = {}) => {
    const { secret, key: made } = await admin.keys.generateKey({ key });
    return { secret, token: made!.token };
  };

  const watch = async (holder: string) => {
    const heard: WatchResponse[] = [];
    const end = new AbortController();
    const reading = (async () => {
      for await (const told of gateway.gateway.watch({ since: 0, holder }, { signal: end.signal })) heard.push(told);
    })().catch(() => undefined);
    const hears = async (what: (told: WatchResponse) => boolean): Promise<number> => {
      const start = Date.now();
      while (!heard.some(what)) {
        if (Date.now() - start > 5_000) throw new Error(`not heard: ${JSON.stringify(heard)}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return Date.now() - start;
    };
    await hears(({ changes }) => changes.some(({ kind: told }) => told === Change_Kind.ALL));
    return { hears, stop: async () => (end.abort(), await reading) };
  };

  it('makes a key, lets it in, tells within a second that it was blocked, and refuses it', async () => {
    const { secret, token } = await generate({ keyAlias: `spec-${kind}`, models: ['gpt-4o'] });
    expect(secret).toMatch(/^sk-[\w-]{22}$/);
    expect(hashSecret(secret)).toBe(token);
    const { principal } = await gateway.gateway.authorize({ keyHash: token });
    expect(principal).toMatchObject({ refusal: '', modelAccess: [{ owner: 'key', models: ['gpt-4o'] }] });
    const watcher = await watch('w1');
    await admin.keys.blockKey({ key: secret, blocked: true });
    const isOfKey = ({ changes }: WatchResponse) =>
      changes.some(({ kind: told, id }) => told === Change_Kind.KEY && id === token);
    expect(await watcher.hears(isOfKey)).toBeLessThan(1_000);
    await watcher.stop();
    const { principal: blocked } = await gateway.gateway.authorize({ keyHash: token });
    expect(blocked!.refusal).toMatch(/^Key is blocked/);
  });

  it('does not know a key that nobody made', async () => {
    await expect(gateway.gateway.authorize({ keyHash: 'ab'.repeat(32) })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('leases a budget, settles what was spent of it, and grants no more than is left', async () => {
    const { token } = await generate({ budget: { maxNanoUsd: 10 * NANO, duration: '1d' } });
    const account = `key:${token}`;
    const { principal } = await gateway.gateway.authorize({ keyHash: token });
    expect(principal!.accounts).toEqual([{ account, maxNanoUsd: 10 * NANO, model: '', resetAt: expect.any(Date) }]);
    const lease = (neededNanoUsd: number) =>
      gateway.gateway.lease({ holder: 'w2', asks: [{ account, neededNanoUsd, returnedNanoUsd: 0 }] });
    expect((await lease(NANO)).grants[0]).toMatchObject({ account, maxNanoUsd: 10 * NANO, spentNanoUsd: 0 });
    const now = Date.now();
    const entry = {
      v: 1,
      id: nextId(),
      startedAt: now - 10,
      endedAt: now,
      holder: 'w2',
      key: token,
      status: 'success',
      cost: 10 * NANO,
      attempts: [],
    };
    const settle = () => gateway.gateway.settle({ journal: 'j', entries: [Buffer.from(JSON.stringify(entry))] });
    expect(await settle()).toMatchObject({ accepted: 1, repeated: 0, refused: 0 });
    expect(await settle()).toEqual({ accepted: 0, repeated: 1, refused: 0, budgetEvents: [] });
    expect((await lease(NANO)).grants[0]).toMatchObject({ grantedNanoUsd: 0, spentNanoUsd: 10 * NANO });
    expect((await admin.keys.getKey({ key: token })).key!.spendNanoUsd).toBe(10 * NANO);
  });

  it('tells who holds a lease that somebody else waits for it', async () => {
    const { token } = await generate({ budget: { maxNanoUsd: NANO } });
    const account = `key:${token}`;
    const watcher = await watch('holder');
    const lease = (holder: string, neededNanoUsd: number) =>
      gateway.gateway.lease({ holder, asks: [{ account, neededNanoUsd, returnedNanoUsd: 0 }] });
    await lease('holder', NANO);
    const { grants } = await lease('other', NANO / 2);
    expect(grants[0]).toMatchObject({ grantedNanoUsd: 0, retryAfterMs: expect.any(Number) });
    await watcher.hears(({ recalledAccounts }) => recalledAccounts.includes(account));
    await watcher.stop();
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a stranger', () => ledger!.connect('sk-nobody-knows-this-one').keys.listKeys({}), 'UNAUTHENTICATED'],
    ['a gateway that names nobody', () => gateway.keys.listKeys({}), 'PERMISSION_DENIED'],
    ['an admin who is no gateway', () => admin.gateway.authorize({ keyHash: '' }), 'PERMISSION_DENIED'],
    [
      'an admin on behalf of others',
      () => admin.keys.listKeys({}, { metadata: { 'x-turnpike-caller': hashSecret(MASTER_KEY) } }),
      'PERMISSION_DENIED',
    ],
  ])('refuses %s', async (_who, call, code) => {
    await expect(call()).rejects.toMatchObject({ code });
  });

  it('lets a gateway act for a key, within what the key may', async () => {
    const { token } = await generate({ userId: 'ann' });
    const metadata = { 'x-turnpike-caller': token };
    expect((await gateway.keys.getKey({}, { metadata })).key!.token).toBe(token);
    await expect(gateway.keys.generateKey({ key: { userId: 'bob' } }, { metadata })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { errorCode: 'GW_PERMISSION_DENIED', httpStatus: 403 },
    });
  });

  it('knows the installation’s master key by its hash', async () => {
    const metadata = { 'x-turnpike-caller': hashSecret(MASTER_KEY) };
    expect((await gateway.keys.listKeys({}, { metadata })).page!.totalCount).toBeGreaterThan(0);
  });
});

describe('a ledger process', () => {
  it(
    'ends in order when it is told to, and goes on with what it had',
    async () => {
      const server = await PostgresServer.start();
      try {
        const databaseUrl = await server.createDatabase();
        const first = await LedgerProcess.start({ databaseUrl });
        const { secret } = await first.connect(MASTER_KEY).keys.generateKey({});
        const watching = first.connect(GATEWAY_TOKEN).gateway.watch({ since: 0, holder: 'w' })[Symbol.asyncIterator]();
        await watching.next();
        const start = Date.now();
        expect(await first.end()).toBe(0);
        expect(Date.now() - start).toBeLessThan(5_000);
        const second = await LedgerProcess.start({ databaseUrl });
        const { key } = await second.connect(MASTER_KEY).keys.getKey({ key: secret });
        expect(key!.token).toBe(hashSecret(secret));
        await second.end();
      } finally {
        await server.remove();
      }
    },
    START_MS,
  );

  it(
    'says in one line what keeps it from starting',
    async () => {
      const ledger = await LedgerProcess.start({ databaseUrl: 'mysql://nobody@127.0.0.1/x' });
      expect(await ledger.end()).toBe(1);
      expect(ledger.log.trim().split('\n')).toHaveLength(1);
      expect(ledger.log).toMatch(/^GW_CONFIG_INVALID: /);
    },
    START_MS,
  );
});
