// A worker as a process of its own, which calls as fast as it is let. Its parent is the primary.
import { ChannelAuthority, isDenial, Limits } from '../../dist/index.js';

const authority = new ChannelAuthority({
  // The primary may have ended just now.
  send: (message) => process.send({ type: 'limits', message }, () => undefined),
  onMessage: (listener) =>
    process.on('message', (message) => {
      if (message.type === 'limits') listener(message.message);
    }),
});
const limits = new Limits({ authority });

/** Comparable between processes of one machine. */
const monotonicMs = () => Number(process.hrtime.bigint() / 1_000n) / 1_000;
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const wakers = new Set();
limits.onRoom(() => {
  for (const wake of wakers) wake();
  wakers.clear();
});

/** Resolves when there may be room, or after a while. */
const room = (atMostMs) =>
  new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      wakers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, atMostMs);
    wakers.add(wake);
  });

/** `loops` callers at once, each holding what it takes for `holdMs` on average, for `forMs`. */
const hammer = async ({ rules, tokens = 0, forMs, loops, holdMs }) => {
  const calls = [];
  const denials = [];
  let longestWaitMs = 0;
  const until = Date.now() + forMs;
  const caller = async () => {
    while (Date.now() < until) {
      const asked = monotonicMs();
      const outcome = await limits.take(rules, tokens);
      const from = monotonicMs();
      longestWaitMs = Math.max(longestWaitMs, from - asked);
      if (isDenial(outcome)) {
        denials.push({ at: Date.now(), monotonicMs: from, dimension: outcome.dimension });
        await room(Math.min(outcome.retryAfterMs, 50));
        continue;
      }
      if (holdMs > 0) await sleep(holdMs * (0.5 + Math.random()));
      // The time by which it was let through, and a stretch that lies within the one that it was held.
      calls.push({ at: outcome.takenAt, from, to: monotonicMs() });
      outcome.release();
      if (holdMs === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: loops }, caller));
  return { calls, denials, longestWaitMs };
};

process.on('message', async (message) => {
  if (message.type !== 'hammer') return;
  process.send({ type: 'report', report: await hammer(message) });
});
process.on('disconnect', () => process.exit());
process.send({ type: 'ready' });
