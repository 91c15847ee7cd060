/**
 * Measures how long the event loop of the process that it is loaded into (`node --import`) is busy at a stretch. While
 * armed it takes part in every turn of the loop, so that what happens between two of its turns is one stretch; that
 * costs a full core, so it is armed only while blocks are looked for. A stretch is counted in processor time of the
 * loop's thread: on a machine with few cores the clock would count the time that others had the core.
 * SIGUSR2 arms it; the next SIGUSR2 disarms it and writes `$LOOP_PROBE_DIR/PID.json`: `[[endNs, lengthNs], …]`, the end
 * on the machine's monotonic clock.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadMicros } from './thread-time.mjs';

const SHORTEST_MICROS = 100;
const MOST_BLOCKS = 100_000;

/** @type {[endNs: number, lengthNs: number][]} */
let blocks = [];
let armed = false;
let last = 0;

function turn() {
  const now = threadMicros();
  const length = now - last;
  if (length >= SHORTEST_MICROS && blocks.length < MOST_BLOCKS) {
    blocks.push([Number(process.hrtime.bigint()), length * 1_000]);
  }
  last = now;
  if (armed) setImmediate(turn);
}

const file = join(process.env.LOOP_PROBE_DIR ?? '.', String(process.pid));

process.on('SIGUSR2', () => {
  armed = !armed;
  if (armed) {
    blocks = [];
    last = threadMicros();
    setImmediate(turn);
    return;
  }
  // Renamed into place, so that a reader never sees half of it.
  writeFileSync(`${file}.part`, JSON.stringify(blocks));
  renameSync(`${file}.part`, `${file}.json`);
});

// The signal would end a process that does not listen for it.
writeFileSync(`${file}.ready`, '');
