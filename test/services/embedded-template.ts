// An embedded database as the ledger's first start leaves it, made once for a run of tests and copied for each: making
// one takes seconds of processor time.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAKER = fileURLToPath(new URL('make-embedded.mjs', import.meta.url));

/** Puts it where a ledger with this data directory looks for it. */
export const copyEmbedded = (dataDir: string): void => {
  const shared = process.env['TURNPIKE_TEST_RUN'];
  if (shared === undefined) throw new Error('test/run-folder.mjs sets up every run of tests.');
  const template = join(shared, 'embedded');
  if (!existsSync(template)) make(shared, template);
  cpSync(template, dataDir, { recursive: true });
};

const make = (shared: string, template: string): void => {
  const draft = mkdtempSync(join(shared, 'draft-'));
  execFileSync(process.execPath, [MAKER, draft], { env: { PATH: process.env['PATH'] } });
  try {
    renameSync(draft, template);
  } catch {
    // Another suite was faster.
    rmSync(draft, { recursive: true, force: true });
  }
};
