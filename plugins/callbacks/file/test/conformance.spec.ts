import { callbackConformance, fakeHost, type FakeHost } from '@turnpike/plugin-testkit';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import plugin from '../src/index.js';

const linesOf = (host: FakeHost): number => {
  const file = join(host.dataDir(), 'calls.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').length : 0;
};

callbackConformance({
  plugin,
  config: {},
  badConfig: [{ path: '' }, { max_size_mb: 0 }, { max_files: 0 }, { max_files: 1.5 }],
  host: fakeHost,
  delivered: linesOf,
});
