// Adopts from a ledger that is away at first; nothing else keeps this process alive.
import { adoptAbandoned } from '../../dist/index.js';

let asked = 0;
const ship = async () => {
  if (++asked < 3) throw new Error('The ledger is away.');
};
console.log(JSON.stringify(await adoptAbandoned({ directory: process.argv[2], ship })));
