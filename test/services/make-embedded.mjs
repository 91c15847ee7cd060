// Makes an embedded database in the folder that is named, as the built ledger's first start does.
import { openStorage } from '../../apps/ledger/dist/storage/storage.js';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };
const storage = await openStorage({ dataDir: process.argv[2], log: silent });
await storage.close();
