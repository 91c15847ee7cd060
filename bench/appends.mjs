/**
 * What recording a call in the journal costs, without all the rest of a gateway. Forked; answers `{ ways }` to `{}`, and
 * `{ nanos }` of processor time an entry to `{ way, callsPerTurn, count, directory }`.
 */
import { rmSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { entryId, openJournal } from '@turnpike/journal';
import { threadMicros } from './thread-time.mjs';

/** @typedef {import('@turnpike/journal').Journal} Journal */
/** @typedef {{ way?: string, callsPerTurn: number, count: number, directory: string }} Order */

const DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const USAGE = { inputTokens: 812, outputTokens: 133, totalTokens: 945, cachedInputTokens: 512 };

/** About 800 bytes, as an entry is. */
const entryOf = () => ({
  id: entryId(),
  callId: 'chatcmpl-0190a5b26c1e7abc9def0123456789ab',
  startedAt: 1_767_225_600_123,
  endedAt: 1_767_225_601_456,
  status: 'success',
  statusCode: 200,
  keyHash: DIGEST,
  team: 'team-platform',
  user: 'user-42',
  organisation: null,
  endUser: null,
  tags: ['production', 'chat'],
  modelGroup: 'gpt-4o-mini',
  operation: 'chat',
  isStream: false,
  cache: 'miss',
  usage: USAGE,
  costNanoUsd: 201_500,
  attempts: [
    {
      deploymentId: DIGEST,
      provider: 'provider.a',
      status: 'success',
      durationMs: 1_290,
      usage: USAGE,
      costNanoUsd: 201_500,
    },
  ],
});

/** What stands for the last bytes of an answer. */
const answered = () => {};

/** @type {Record<string, (journal: Journal) => void>} */
const WAYS = {
  'JSON alone': () => void JSON.stringify(entryOf()),
  'append, one write a turn': (journal) => journal.append(entryOf(), answered),
  'append, a write each': (journal) => {
    journal.append(entryOf(), answered);
    journal.flush();
  },
  'append and ship': (journal) => journal.append(entryOf(), answered),
};

/** Taken at once, or never: then nothing is read back while it is measured. @param {string} way */
const shipOf = (way) => (way === 'append and ship' ? async () => {} : () => new Promise(() => {}));

process.on('message', async (/** @type {Order} */ order) => {
  process.send?.(order.way === undefined ? { ways: Object.keys(WAYS) } : { nanos: await measure(order.way, order) });
});

/** @param {string} way @param {Order} order @returns {Promise<number>} nanoseconds an entry */
async function measure(way, { callsPerTurn, count, directory }) {
  const call = WAYS[way];
  if (!call) throw new Error(`there is no way ${way}`);
  const journal = openJournal({ directory, ship: /** @type {() => Promise<void>} */ (shipOf(way)) });
  const turns = Math.ceil(count / callsPerTurn);
  await turn();
  const begin = threadMicros();
  for (let at = 0; at < turns; at += 1) {
    for (let made = 0; made < callsPerTurn; made += 1) call(journal);
    await turn();
  }
  const nanos = ((threadMicros() - begin) * 1_000) / (turns * callsPerTurn);
  await journal.close({ shipWithinMs: way === 'append and ship' ? 10_000 : 0 });
  rmSync(directory, { recursive: true });
  return nanos;
}
