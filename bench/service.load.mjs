/**
 * Gateways of one ledger, as it sees them: over gRPC, from a process of their own. Forked; orders are
 * `{ address, token, settle: { calls, round } }`, answered `{ perSecond }`, and
 * `{ address, token, authorise: { keys, perSecond, seconds } }`, answered `{ latency, lateness, failures }` in
 * milliseconds.
 */
import { connectLedger } from '@turnpike/rpc';
import { callsOf, digest, WORKERS } from './ledger.entries.mjs';
import { summary } from './stats.mjs';

/** @typedef {{ address: string, token: string }} Place */
/** @typedef {{ calls: number, round: number }} Settle `round`: calls of another day each */
/** @typedef {{ keys: number, perSecond: number, seconds: number }} Authorise */
/** @typedef {ReturnType<typeof summary>} Summary */

/** Workers, each with a connection of its own. */
const CLIENTS = 4;
const DEADLINE_MS = 10_000;

process.on('message', async (/** @type {Place & { settle?: Settle, authorise?: Authorise }} */ order) => {
  const clients = Array.from({ length: CLIENTS }, () => connectLedger({ ...order, deadlineMs: DEADLINE_MS }));
  try {
    if (order.settle) process.send?.(await settle(clients, order.settle));
    if (order.authorise) process.send?.(await authorise(clients, order.authorise));
  } catch (error) {
    process.send?.({ failure: /** @type {Error} */ (error).stack });
  } finally {
    for (const client of clients) client.close();
  }
});

/** @typedef {ReturnType<typeof connectLedger>} LedgerClient */

/** @param {LedgerClient[]} clients @param {Settle} order @returns {Promise<{ perSecond: number }>} */
async function settle(clients, { calls, round }) {
  const batches = callsOf(round, calls);
  let accepted = 0;
  const begin = performance.now();
  const work = async (/** @type {LedgerClient | undefined} */ client) => {
    for (let entries = batches.shift(); entries; entries = batches.shift()) {
      const settled = await client?.gateway.settle({ entries });
      accepted += settled?.accepted ?? 0;
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, at) => work(clients[at % clients.length])));
  if (accepted !== calls) throw new Error(`${accepted} of ${calls} entries were accepted`);
  return { perSecond: calls / ((performance.now() - begin) / 1_000) };
}

/**
 * So many a second, whether or not the ones before are answered. Latency counts from when a call was due: what a slow
 * answer holds up is not left out.
 * @param {LedgerClient[]} clients
 * @param {Authorise} order
 * @returns {Promise<{ latency: Summary, lateness: Summary, failures: number }>}
 */
async function authorise(clients, { keys, perSecond, seconds }) {
  const calls = perSecond * seconds;
  const latencies = new Float64Array(calls);
  const lateness = new Float64Array(calls);
  let failures = 0;
  const begin = performance.now();
  /** @type {Promise<void>[]} */
  const open = [];
  const call = async (/** @type {number} */ at) => {
    const due = begin + (at * 1_000) / perSecond;
    lateness[at] = performance.now() - due;
    try {
      // A prime: every key comes once before any comes again.
      const keyHash = digest((at * 7_919) % keys, 'a');
      await clients[at % clients.length]?.gateway.authorizeEach({ keyHash });
    } catch {
      failures += 1;
    }
    latencies[at] = performance.now() - due;
  };
  for (let sent = 0; sent < calls;) {
    const due = Math.min(calls, Math.ceil(((performance.now() - begin) * perSecond) / 1_000));
    for (; sent < due; sent += 1) open.push(call(sent));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(open);
  return { latency: summary(latencies), lateness: summary(lateness), failures };
}
