// A caller whose callback throws.
import { openJournal } from '../../dist/index.js';

const journal = openJournal({ directory: process.argv[2], ship: async () => undefined });
process.on('uncaughtException', (error) => console.log(`caught: ${error.message}`));
journal.append({ id: 1 }, () => {
  throw new Error('a bug');
});
journal.append({ id: 2 }, () => console.log('called'));
