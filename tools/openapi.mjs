// Writes docs/openapi.json from the built gateway. `--check` fails when the file is not what would be written.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePath, root } from './prepare.mjs';

const target = join(root, 'docs', 'openapi.json');
const folder = mkdtempSync(join(tmpdir(), 'turnpike-openapi-'));
const { status, stdout, stderr } = spawnSync(nodePath(), [join(root, 'apps/gateway/build/main.js')], {
  cwd: folder,
  env: { PATH: process.env.PATH, TURNPIKE_START: JSON.stringify({ flags: { dataDir: folder }, action: 'openapi' }) },
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
rmSync(folder, { recursive: true });
if (status !== 0) {
  console.error(stderr);
  process.exit(1);
}
if (process.argv.includes('--check')) {
  if (!existsSync(target) || readFileSync(target, 'utf8') !== stdout) {
    console.error('docs/openapi.json is out of date. Run: npm run openapi');
    process.exit(1);
  }
} else {
  writeFileSync(target, stdout);
}
