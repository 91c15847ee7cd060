// `--check` of the tools that write documents, on this checkout and on a copy with a stale page.
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

jest.setTimeout(30_000);

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const copy = mkdtempSync(join(tmpdir(), 'turnpike-docs-'));

/** What `tools/docs.mjs` reads and writes; the rest is linked. */
for (const path of ['tools/docs.mjs', 'tools/docs', 'docs', 'deploy/bundles']) {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  cpSync(join(ROOT, path), join(copy, path), { recursive: true });
}
for (const path of ['libs', 'plugins', 'node_modules', 'package.json']) symlinkSync(join(ROOT, path), join(copy, path));

afterAll(() => rmSync(copy, { recursive: true }));

const docs = (...args: string[]): { code: number | null; errors: string } => {
  const { status, stderr } = spawnSync(process.execPath, [join(copy, 'tools', 'docs.mjs'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  return { code: status, errors: stderr };
};

describe('npm run docs', () => {
  it('finds the pages of this checkout current', () => {
    expect(docs('--check')).toEqual({ code: 0, errors: '' });
  });

  it.each(['errors.md', 'providers.md'])('tells that %s is stale, and writes it anew', (page) => {
    const file = join(copy, 'docs', page);
    const current = readFileSync(file, 'utf8');
    appendFileSync(file, 'by hand\n');
    expect(docs('--check')).toEqual({ code: 1, errors: `docs/${page} is out of date. Run: npm run docs\n` });
    expect(docs().code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(current);
  });

  it('writes a page that is missing', () => {
    const file = join(copy, 'docs', 'errors.md');
    const current = readFileSync(file, 'utf8');
    rmSync(file);
    expect(docs('--check').code).toBe(1);
    docs();
    expect(readFileSync(file, 'utf8')).toBe(current);
    writeFileSync(file, current);
  });
});
