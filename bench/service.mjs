/** One ledger as it is run beside gateways: a process of its own on a PostgreSQL of its own, asked over gRPC. */
import { rmSync } from 'node:fs';
import { runOn, startPostgres } from './ledger.postgres.mjs';
import { ask, commandLineOf, cpuSecondsOf, freePort, rssMibOf, startProcess, treeOf } from './processes.mjs';

/** @typedef {import('./service.load.mjs').Summary} Summary */

/**
 * @typedef {object} ServiceFigures
 * @property {number[]} perSecond entries that it settled, one figure a round
 * @property {{ latency: Summary, lateness: Summary, failures: number, cpuMicros: number }[]} authorise one a round:
 *   milliseconds from when a call was due, milliseconds that it was sent late, and processor time of the ledger a call
 * @property {number[]} memoryMib of the ledger, after each round
 */

/** @typedef {{ dataDir: string, postgresDir: string, rounds: number, calls: number, keys: number, perSecond: number, seconds: number }} Order */

const READY_MS = 60_000;
const MASTER_KEY = 'sk-bench-master-key';
const TOKEN = 'bench-gateway-token';

/**
 * What a call over HTTP/2 leaves behind survives collections of the young heap: with the usual size of that, each would
 * hold up the load generator for 20 ms.
 */
const LOAD_FLAGS = ['--max-semi-space-size=2'];

/** As many make them over the API: keys of users and teams, with budgets and limits. What is bounded has a balance. */
const MAKE_KEYS = [
  `INSERT INTO turnpike.organizations (organization_id, max_budget_nano) SELECT 'org-' || n, 9e15 FROM generate_series(0, 9) n`,
  `INSERT INTO turnpike.teams (team_id, organization_id, max_budget_nano, budget_duration, rpm_limit, models)
   SELECT 'team-' || n, 'org-' || n % 10, 9e14, '30d', 100000, '{group-0,group-1,group-2,group-3}' FROM generate_series(0, 99) n`,
  `INSERT INTO turnpike.users (user_id, user_role) SELECT 'user-' || n, 'internal_user' FROM generate_series(0, 1999) n`,
  `INSERT INTO turnpike.team_memberships (team_id, user_id, role, max_budget_nano)
   SELECT 'team-' || n % 100, 'user-' || n, 'user', 9e13 FROM generate_series(0, 1999) n`,
  `INSERT INTO turnpike.virtual_keys (token, key_name, key_alias, user_id, team_id, max_budget_nano, rpm_limit, tpm_limit, metadata)
   SELECT 'a' || lpad(to_hex(n), 63, '0'), 'sk-...' || n, 'key ' || n, 'user-' || n % 2000, 'team-' || n % 100, 9e12, 6000,
          1000000, '{"tags": ["production"]}' FROM generate_series(0, $1 - 1) n`,
  `INSERT INTO turnpike.balances (account, max_nano)
   SELECT 'key:' || token, max_budget_nano FROM turnpike.virtual_keys
   UNION ALL SELECT 'member:' || team_id || ':' || user_id, max_budget_nano FROM turnpike.team_memberships
   UNION ALL SELECT 'organization:' || organization_id, max_budget_nano FROM turnpike.organizations`,
  `INSERT INTO turnpike.balances (account, max_nano, duration, reset_at)
   SELECT 'team:' || team_id, max_budget_nano, budget_duration, date_trunc('month', now()) + '1 month' FROM turnpike.teams`,
  'ANALYZE',
];

/** @param {Order} order @returns {Promise<ServiceFigures>} */
export async function measureService(order) {
  const { postgresDir } = order;
  const postgres = await startPostgres(postgresDir);
  try {
    return await measureOn(postgres.url, order);
  } finally {
    await postgres.stop();
    rmSync(postgresDir, { recursive: true, force: true });
  }
}

/** @param {string} databaseUrl @param {Order} order @returns {Promise<ServiceFigures>} */
async function measureOn(databaseUrl, { dataDir, rounds, calls, keys, perSecond, seconds }) {
  const address = `127.0.0.1:${await freePort()}`;
  const command = startProcess(
    'ledger',
    ['apps/cli/dist/main.js', 'ledger', '--data-dir', dataDir, '--grpc-address', address],
    { env: { DATABASE_URL: databaseUrl, LITELLM_MASTER_KEY: MASTER_KEY, TURNPIKE_GATEWAY_TOKEN: TOKEN } },
  );
  const load = startProcess('gateways', [...LOAD_FLAGS, 'bench/service.load.mjs'], { messages: true });
  try {
    const pid = await readyLedger(command);
    await runOn(
      databaseUrl,
      MAKE_KEYS.map((sql) => [sql, sql.includes('$1') ? [keys] : []]),
    );
    /** @type {ServiceFigures} */
    const figures = { perSecond: [], authorise: [], memoryMib: [] };
    const place = { address, token: TOKEN };
    const authorise = { keys, perSecond, seconds };
    await told(ask(load, { ...place, authorise: { ...authorise, seconds: 2 } }));
    for (let round = 0; round < rounds; round += 1) {
      figures.perSecond.push((await told(ask(load, { ...place, settle: { calls, round } }))).perSecond);
      const before = cpuSecondsOf(pid);
      const answered = await told(ask(load, { ...place, authorise }));
      const cpuMicros = ((cpuSecondsOf(pid) - before) * 1e6) / (perSecond * seconds);
      figures.authorise.push({ ...answered, cpuMicros });
      figures.memoryMib.push(rssMibOf(pid));
    }
    return figures;
  } finally {
    await load.stop();
    await command.stop();
  }
}

/** @param {Promise<any>} answer @returns {Promise<any>} */
const told = async (answer) => {
  const { failure, ...figures } = await answer;
  if (failure) throw new Error(failure);
  return figures;
};

/** @param {import('./processes.mjs').Running} command @returns {Promise<number>} of the ledger itself */
async function readyLedger(command) {
  for (const until = Date.now() + READY_MS; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const pid = treeOf(command.pid).find((one) => commandLineOf(one).includes('apps/ledger/dist/main.js'));
    if (pid !== undefined && command.output().includes('The ledger is ready.')) return pid;
    if (!command.alive() || Date.now() > until) throw new Error(`the ledger did not start: ${command.output()}`);
  }
}
