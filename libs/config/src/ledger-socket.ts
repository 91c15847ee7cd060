// Where the ledger listens when the command line runs it beside the gateway.
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The system takes no longer path for a socket; the last byte ends it. */
const MAX_PATH_BYTES = 107;

/** Both processes find the same one. In the data directory, or by a name made from it where that is too long. */
export const ledgerSocketIn = (dataDir: string): string => {
  const path = join(dataDir, 'ledger.sock');
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return join(tmpdir(), `turnpike-${digest}`, 'ledger.sock');
};
