// A folder for what the suites of one run of tests share, gone when the run ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default () => {
  process.env.TURNPIKE_TEST_RUN ??= mkdtempSync(join(tmpdir(), 'turnpike-run-'));
  process.once('exit', () => rmSync(process.env.TURNPIKE_TEST_RUN, { recursive: true, force: true }));
};
