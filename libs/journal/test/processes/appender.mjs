// A worker that appends as fast as it can, and notes each id when `written` was called.
// node appender.mjs <directory> <file of ids> <segments: small | usual>
import { openSync, writeSync } from 'node:fs';
import { entryId, openJournal } from '../../dist/index.js';

const [directory, notes, size] = process.argv.slice(2);
const maxBytes = size === 'small' ? 8 * 64 * 1_024 : undefined;
const journal = openJournal({ directory, maxBytes, ship: () => new Promise(() => undefined) });
const fd = openSync(notes, 'a');
process.send?.(journal.worker);

const CALLS_A_TURN = 8;
const text = 'x'.repeat(300);
const turn = () => {
  for (let call = 0; call < CALLS_A_TURN && !journal.isFull; call += 1) {
    const id = entryId();
    // To a file and at once: what a caller was told survives the kill as well.
    journal.append({ id, text }, () => writeSync(fd, `${id}\n`));
  }
  setImmediate(turn);
};
turn();
