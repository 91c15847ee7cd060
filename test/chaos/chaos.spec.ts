// Whatever is killed, and however often: every call that was answered is on record once, and the sums are right.
import { afterAll, expect, it, jest } from '@jest/globals';
import { connectLedger } from '@turnpike/rpc';
import { eventually, MASTER_KEY, sleep, startGateway } from '../e2e/harness.js';
import { freePort } from '../services/redis-server.js';
import { PostgresServer } from '../services/postgres.js';
import { COST_NANO, pay, PRICES, processesOf, Provider } from './world.js';

jest.setTimeout(300_000);

const CALLS = Number(process.env['CHAOS_CALLS'] ?? 20_000);
const CLIENTS = 64;
const PAUSE_MS = 1_200;

const postgres = await PostgresServer.start();
const provider = await Provider.start();
afterAll(async () => {
  provider.stop();
  await postgres.remove();
});

it(`${CALLS} paid calls, while workers, ledger and database are killed`, async () => {
  const databaseUrl = await postgres.createDatabase();
  // A database that promises what it has not written would be the one that loses.
  await postgres.query('ALTER ROLE postgres SET synchronous_commit = on');
  const grpc = `127.0.0.1:${await freePort()}`;
  const gateway = await startGateway({
    hasLedger: true,
    config: {
      model_list: [
        {
          model_name: 'paid',
          litellm_params: { model: 'openai/paid', api_base: provider.url, api_key: 'sk-upstream', ...PRICES },
        },
      ],
    },
    env: { DATABASE_URL: databaseUrl, TURNPIKE_GRPC_ADDRESS: grpc },
    args: ['--num_workers', '4'],
  });
  const ledger = connectLedger({ address: grpc, token: MASTER_KEY });
  // The ledger starts beside the gateway, and makes its tables first.
  const { secret, key, reason } = await eventually(
    () =>
      ledger.keys
        .generateKey({ key: { keyAlias: 'payer', budget: { maxNanoUsd: 9_000_000_000_000 } } })
        .then((made) => ({ ...made, reason: '' }))
        .catch((error: unknown) => ({ secret: '', key: undefined, reason: String(error) })),
    (made) => made.secret !== '' || !made.reason.includes('ECONNREFUSED'),
  );
  expect([reason, gateway.output()]).toEqual(['', expect.any(String)]);
  expect(key).toBeDefined();

  const kills: [what: string, at: number][] = [];
  const paying = { isOver: false };
  const killer = async (): Promise<void> => {
    for (let turn = 0; ; turn += 1) {
      await sleep(PAUSE_MS);
      if (paying.isOver) return;
      const { ledger: ledgerPid, workers } = processesOf(gateway);
      const what = (['worker', 'ledger', 'worker', 'database'] as const)[turn % 4]!;
      kills.push([what, performance.now()]);
      if (what === 'database') await postgres.restart('crash');
      else {
        const pid = what === 'ledger' ? ledgerPid : workers[turn % workers.length];
        if (pid) process.kill(pid, 'SIGKILL');
      }
    }
  };
  const killing = killer();
  const { answered, others, times } = await pay(gateway, secret, CALLS, CLIENTS);
  paying.isOver = true;
  await killing;
  for (const what of ['worker', 'ledger', 'database'])
    expect(kills.filter(([one]) => one === what).length).toBeGreaterThanOrEqual(2);
  expect(answered.size).toBeGreaterThan(CALLS * 0.8);

  // All that is on record arrives, also what dead workers left.
  const rows = (): Promise<{ call_id: string; status: string; cost: string }[]> =>
    postgres.query(
      'SELECT call_id, status, cost_nano::text AS cost FROM turnpike.spend_logs',
      databaseUrl.split('/').at(-1),
    );
  const settled = await eventually(
    rows,
    (now) => {
      const known = new Set(now.map(({ call_id }) => call_id));
      return [...answered].every((name) => known.has(name));
    },
    60_000,
  );
  const { code } = await gateway.stop();
  expect(code).toBe(0);
  const logged = await rows();
  expect(settled.length).toBeLessThanOrEqual(logged.length);

  const paidFor = logged.filter(({ status }) => status === 'success');
  const names = paidFor.map(({ call_id }) => call_id);
  expect(new Set(names).size).toBe(names.length);
  const unanswered = names.filter((name) => !answered.has(name));
  for (const name of unanswered) {
    const [from, to] = times.get(name)!;
    expect([name, provider.served.has(name)]).toEqual([name, true]);
    // It was under way when something was killed, and its client was told nothing of success.
    expect([name, others.has(name), kills.some(([, at]) => at >= from - 50 && at <= to + 50)]).toEqual([
      name,
      true,
      true,
    ]);
  }

  expect(paidFor.every(({ cost }) => cost === String(COST_NANO))).toBe(true);
  // A call whose client was told of a failure may have cost something, too.
  const total = logged.reduce((sum, { cost }) => sum + Number(cost), 0);
  const database = databaseUrl.split('/').at(-1);
  const [balance] = await postgres.query<{ spent: string }>(
    `SELECT spent_nano::text AS spent FROM turnpike.balances WHERE account = 'key:${key!.token}'`,
    database,
  );
  expect(balance?.spent).toBe(String(total));
  const [days] = await postgres.query<{ spent: string; successes: string }>(
    `SELECT sum(spend_nano)::text AS spent, sum(successes)::text AS successes FROM turnpike.daily_spend WHERE kind = ''`,
    database,
  );
  expect(days).toEqual({ spent: String(total), successes: String(paidFor.length) });
  ledger.close();
});
