// A machine as a process of its own: a primary that has its slices from Redis, and its workers.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Distributor } from '../../dist/index.js';
import { RedisAuthority } from '../../dist/redis.js';

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));

const start = async ({ options, workers }) => {
  const authority = await RedisAuthority.connect(options);
  const distributor = new Distributor({ authority });
  const reports = [];
  distributor.onDegraded((isDegraded) => process.send({ type: 'degraded', isDegraded }));
  const children = await Promise.all(
    Array.from(
      { length: workers },
      (_, index) =>
        new Promise((resolve) => {
          const child = fork(WORKER, { execArgv: [] });
          distributor.connect(`worker-${index}`, (message) => child.send({ type: 'limits', message }));
          child.on('exit', () => distributor.holderGone(`worker-${index}`));
          child.on('message', (message) => {
            if (message.type === 'ready') resolve(child);
            if (message.type === 'limits') distributor.receive(`worker-${index}`, message.message);
            if (message.type !== 'report') return;
            reports.push(message.report);
            if (reports.length === workers) process.send({ type: 'report', reports: reports.splice(0) });
          });
        }),
    ),
  );
  process.on('message', (message) => {
    if (message.type === 'hammer') for (const child of children) child.send(message);
  });
  process.send({ type: 'ready', isDegraded: authority.isDegraded });
};

process.on('message', (message) => {
  if (message.type === 'start') void start(message);
});
process.on('disconnect', () => process.exit());
