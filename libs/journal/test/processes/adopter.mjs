// Adopts what it finds when it is told to go, and notes each id that it ships before it acknowledges it.
// node adopter.mjs <directory> <file of ids>
import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { adoptAbandoned } from '../../dist/index.js';

const [directory, notes] = process.argv.slice(2);
const fd = openSync(notes, 'a');
const ship = async ({ entries }) => {
  await sleep(1);
  writeSync(fd, Array.from(entries, (bytes) => `${JSON.parse(bytes).id}\n`).join(''));
};
process.on('message', async () => {
  const adoptions = await adoptAbandoned({ directory, ship, batchEntries: 50 });
  process.send(adoptions);
  process.disconnect();
});
process.send('ready');
