// The ledger beside the gateway, as `turnpike` starts them: keys, budgets, spend, and what happens when it is away.
import { connectLedger, type LedgerClient, type VirtualKey } from '@turnpike/rpc';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Provider, COST_NANO, pay, PRICES, processesOf } from '../chaos/world.js';
import { freePort } from '../services/redis-server.js';
import { jsonOf, send } from './client.js';
import { eventually, MASTER_KEY, run, startGateway, type Gateway } from './harness.js';

jest.setTimeout(120_000);

const provider = await Provider.start();
const grpc = `127.0.0.1:${await freePort()}`;
const gateway = await startGateway({
  hasLedger: true,
  config: {
    model_list: ['paid', 'other'].map((model_name) => ({
      model_name,
      litellm_params: { model: 'openai/paid', api_base: provider.url, api_key: 'sk-upstream', ...PRICES },
    })),
  },
  env: { TURNPIKE_GRPC_ADDRESS: grpc },
  args: ['--num_workers', '4'],
});
const ledger: LedgerClient = connectLedger({ address: grpc, token: MASTER_KEY });
afterAll(() => {
  ledger.close();
  provider.stop();
});

type Made = { secret: string; key: VirtualKey };

const generate = (key: Parameters<LedgerClient['keys']['generateKey']>[0]['key'] = {}): Promise<Made> =>
  eventually(
    () =>
      ledger.keys.generateKey({ key }).catch((error: unknown) => {
        // It makes its tables first.
        if (String(error).includes('ECONNREFUSED')) return undefined;
        throw error;
      }),
    (made) => made?.key !== undefined,
    30_000,
  ) as Promise<Made>;

const call = (at: Gateway, key: string, model = 'paid'): Promise<Response> =>
  send(at, '/v1/chat/completions', { key, body: { model, messages: [{ role: 'user', content: 'x' }] } });

const statusOf = async (key: string, model?: string): Promise<number> => (await call(gateway, key, model)).status;

const spentOf = async ({ token }: VirtualKey): Promise<number> =>
  (await ledger.keys.getKey({ key: token })).key!.spendNanoUsd;

/** Each worker finds the ledger when it is up. */
beforeAll(async () => {
  const { secret } = await generate();
  await eventually(
    () => Promise.all(Array.from({ length: 24 }, () => statusOf(secret))),
    (all) => all.every((status) => status === 200),
  );
});

describe('a virtual key', () => {
  it('calls the models that it may, and sees no others', async () => {
    const { secret } = await generate({ models: ['paid'] });
    expect(await statusOf(secret)).toBe(200);
    const refused = await call(gateway, secret, 'other');
    expect([refused.status, (await jsonOf(refused)).error.type]).toEqual([403, 'key_model_access_denied']);
    const { data } = await jsonOf(await send(gateway, '/v1/models', { key: secret }));
    expect(data.map(({ id }: { id: string }) => id)).toEqual(['paid']);
  });

  it('that is not known is refused', async () => {
    await generate();
    expect(await statusOf('sk-nobody-knows-this-key')).toBe(401);
  });

  it('that is blocked is refused by every worker within a second, and let in again', async () => {
    const { secret, key } = await generate();
    for (let at = 0; at < 12; at += 1) expect(await statusOf(secret)).toBe(200);
    await ledger.keys.blockKey({ key: key.token, blocked: true });
    const from = Date.now();
    let lastAnswered = from;
    const ask = async (): Promise<number> => {
      const askedAt = Date.now();
      const status = await statusOf(secret);
      if (status === 200) lastAnswered = Math.max(lastAnswered, askedAt);
      return status;
    };
    await eventually(
      () => Promise.all(Array.from({ length: 12 }, ask)),
      (all) => all.every((status) => status === 401),
      5_000,
    );
    // A machine with other work is given some more; what is remembered without being told lasts a minute.
    expect(lastAnswered - from).toBeLessThan(3_000);
    await ledger.keys.blockKey({ key: key.token, blocked: false });
    await eventually(
      () => Promise.all(Array.from({ length: 12 }, () => statusOf(secret))),
      (all) => all.every((status) => status === 200),
      5_000,
    );
  });

  it('is told what its calls cost', async () => {
    const { secret, key } = await generate();
    await pay(gateway, secret, 50, 10);
    await eventually(
      () => spentOf(key),
      (spent) => spent === 50 * COST_NANO,
    );
  });

  it('has limits that hold across workers', async () => {
    const { secret } = await generate({ limits: { rpm: 20 } });
    // Within one minute of the clock.
    if (Date.now() % 60_000 > 50_000) await new Promise((resolve) => setTimeout(resolve, 10_500));
    const { answered, others } = await pay(gateway, secret, 60, 12);
    expect(answered.size).toBeLessThanOrEqual(20);
    expect(answered.size).toBeGreaterThanOrEqual(19);
    expect(new Set(others.values())).toEqual(new Set(['429 rate_limit_exceeded']));
  });
});

describe('a budget', () => {
  it('is spent to the last call by four workers and fifty clients each, and not beyond', async () => {
    const calls = 600;
    const { secret, key } = await generate({ budget: { maxNanoUsd: calls * COST_NANO } });
    const { answered, others } = await pay(gateway, secret, 2 * calls, 200);
    expect(answered.size).toBeLessThanOrEqual(calls);
    expect(new Set(others.values())).toEqual(new Set(['429 429']));
    // Estimates are larger than what calls cost, so some were refused that would have had room: what is left was set aside
    // for others. One by one, and with time for what is set aside to come back, all is spent.
    let made = answered.size;
    const refused = await eventually(
      async () => {
        const response = await call(gateway, secret);
        if (response.status === 200) made += 1;
        return { response, text: await response.text() };
      },
      ({ text }) => text.includes('Budget has been exceeded'),
      60_000,
    );
    expect(made).toBe(calls);
    await eventually(
      () => spentOf(key),
      (spent) => spent === calls * COST_NANO,
    );
    const { error } = JSON.parse(refused.text);
    expect([refused.response.status, error.type, refused.response.headers.get('x-should-retry')]).toEqual([
      429,
      'budget_exceeded',
      'false',
    ]);
  });

  it('that is raised lets calls through again', async () => {
    const { secret, key } = await generate({ budget: { maxNanoUsd: COST_NANO } });
    expect(await statusOf(secret)).toBe(200);
    await eventually(
      () => statusOf(secret),
      (status) => status === 429,
    );
    await ledger.keys.updateKey({
      key: key.token,
      changes: { budget: { maxNanoUsd: 100 * COST_NANO } },
      updateMask: ['budget.max_nano_usd'],
    });
    await eventually(
      () => statusOf(secret),
      (status) => status === 200,
      5_000,
    );
  });
});

it('a budget that reaches a mark is told of once, by one of the workers', async () => {
  const { secret, key } = await generate({ budget: { maxNanoUsd: 1_000 * COST_NANO, softNanoUsd: 10 * COST_NANO } });
  await pay(gateway, secret, 30, 10);
  const told = new RegExp(`key:${key.token} has spent \\S+ USD, and reached its soft budget`, 'g');
  await gateway.waitForOutput(new RegExp(told.source));
  await eventually(
    () => spentOf(key),
    (spent) => spent === 30 * COST_NANO,
  );
  expect(gateway.output().match(told)).toHaveLength(1);
  const metrics = await (await send(gateway, '/metrics')).text();
  expect(metrics).toMatch(/^turnpike_budget_events_total\{event="soft_budget_crossed",event_group="key"\} 1$/m);
});

describe('while the ledger is away', () => {
  it('known keys go on, unknown ones are told to wait, and nothing is lost', async () => {
    const { secret, key } = await generate();
    const WARM = 60;
    // Every worker has seen it.
    await pay(gateway, secret, WARM, 30);
    const { ledger: pid } = processesOf(gateway);
    process.kill(pid, 'SIGSTOP');
    const answers = await Promise.all(Array.from({ length: 20 }, () => statusOf(secret)));
    expect(new Set(answers)).toEqual(new Set([200]));
    const unknown = await call(gateway, 'sk-of-somebody-who-is-new');
    expect([unknown.status, Number(unknown.headers.get('retry-after')) > 0]).toEqual([503, true]);
    process.kill(pid, 'SIGKILL');
    await eventually(
      () => spentOf(key).catch(() => -1),
      (spent) => spent === (WARM + 20) * COST_NANO,
      30_000,
    );
    expect(await statusOf('sk-of-somebody-who-is-new')).toBe(401);
  });
});

it('a second start in the same data directory is refused, gateway and all', async () => {
  const { code, stderr } = await run({
    folder: gateway.folder,
    args: ['--port', '0'],
    env: { LITELLM_MASTER_KEY: MASTER_KEY },
  });
  expect([code, stderr]).toEqual([1, expect.stringMatching(/data directory|in use/)]);
});

it('all of it ends with the command', async () => {
  const { code } = await gateway.stop();
  expect(code).toBe(0);
});
