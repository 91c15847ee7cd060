import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aDataDir, silent } from '../../test/databases.js';
import { openStorage } from './storage.js';

const BUILT = new URL('../../dist/storage/storage.js', import.meta.url).href;

/** Opens the storage, then inserts one row after the other and says each once it is committed. */
const WRITER = `
  const { openStorage } = await import(${JSON.stringify(BUILT)});
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
  const storage = await openStorage({ dataDir: process.argv[1], log });
  console.log('open');
  for (let row = 1; ; row += 1) {
    await storage.dataSource.query('INSERT INTO turnpike.tags (tag_name) VALUES ($1)', [String(row)]);
    console.log(row);
  }`;

describe('the embedded database', () => {
  let folder: ReturnType<typeof aDataDir>;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = aDataDir();
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    folder.remove();
  });

  const open = () => openStorage({ dataDir: folder.dataDir, log: silent });

  /** @returns the process, with what it said; resolves when it said `until` */
  const aWriter = async (until: string): Promise<{ child: ChildProcess; said: () => string[] }> => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, folder.dataDir], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let text = '';
    const said = (): string[] => text.split('\n').slice(0, -1);
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    while (!said().includes(until)) {
      if (child.exitCode !== null) throw new Error('The writer ended.');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { child, said };
  };

  it('keeps what was committed, for its owner only', async () => {
    const first = await open();
    expect(first.kind).toBe('pglite');
    await first.dataSource.query(`INSERT INTO turnpike.tags (tag_name) VALUES ('kept')`);
    await first.close();
    await first.close();
    const second = await open();
    expect(await second.dataSource.query('SELECT tag_name FROM turnpike.tags')).toEqual([{ tag_name: 'kept' }]);
    expect(await second.dataSource.query('SHOW shared_buffers')).toEqual([{ shared_buffers: '16MB' }]);
    expect(statSync(join(folder.dataDir, 'ledger')).mode & 0o777).toBe(0o700);
    await second.close();
  }, 60_000);

  it('is refused to a second process, which is told the pid of the first', async () => {
    const { child } = await aWriter('open');
    await expect(open()).rejects.toThrow(`is in use by process ${child.pid} on`);
  }, 60_000);

  it('is refused a second time to the same process, and to be had again after it was closed', async () => {
    const storage = await open();
    await expect(open()).rejects.toThrow(`is in use by process ${process.pid} on`);
    await storage.close();
    expect(existsSync(join(folder.dataDir, 'ledger.pid'))).toBe(false);
    await (await open()).close();
  }, 60_000);

  it('is taken over from a process that was killed while it wrote, with every row that it had committed', async () => {
    const { child, said } = await aWriter('50');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const rows = said().filter((line) => line !== 'open');
    expect(JSON.parse(readFileSync(join(folder.dataDir, 'ledger.pid'), 'utf8'))).toMatchObject({ pid: child.pid });
    const storage = await open();
    const found = await storage.dataSource.query<{ tag_name: string }[]>('SELECT tag_name FROM turnpike.tags');
    expect(found.map(({ tag_name: name }) => name)).toEqual(expect.arrayContaining(rows));
    await storage.close();
  }, 60_000);

  it('says which folder it is that cannot be opened, and leaves the lock', async () => {
    const storage = await open();
    await storage.close();
    writeFileSync(join(folder.dataDir, 'ledger', 'PG_VERSION'), '9.6\n');
    await expect(open()).rejects.toThrow(`The database in ${join(folder.dataDir, 'ledger')} cannot be opened`);
    writeFileSync(join(folder.dataDir, 'ledger', 'PG_VERSION'), '18\n');
    await (await open()).close();
  }, 60_000);
});
