import type { CallFinished } from '@turnpike/plugin-sdk';
import { aCallFinished, fakeHost, type FakeHost } from '@turnpike/plugin-testkit';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import plugin from '../src/index.js';

const root = mkdtempSync(join(tmpdir(), 'turnpike-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newFolder = (): string => mkdtempSync(join(root, 'of-'));

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of opened.splice(0)) await stop();
});

const open = (settings: object) => {
  const host: FakeHost = fakeHost();
  const instance = plugin.init(plugin.config.parse(settings), host);
  opened.push(() => instance.stop!());
  const signal = AbortSignal.timeout(5_000);
  return { host, ...instance, tell: (...calls: CallFinished[]) => instance.events.onSuccess!(calls, signal) };
};

const calls = (count: number, from = 0): CallFinished[] =>
  Array.from({ length: count }, (_, index) => aCallFinished({ callId: `call-${from + index}` }));

/** Ids of all calls in a folder's files. */
const idsIn = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { id: string }).id),
  );

describe('calls', () => {
  it('are lines of a file that its owner alone may read, in folders that are made', async () => {
    const path = join(newFolder(), 'new', 'calls.jsonl');
    const { tell, stop } = open({ path });
    await tell(...calls(2));
    await tell(...calls(1, 2));
    await stop!();
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { id: 'call-0', status: 'success', messages: [{ content: 'Hello' }] },
      { id: 'call-1' },
      { id: 'call-2' },
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('go on where the file was', async () => {
    const path = join(newFolder(), 'calls.jsonl');
    writeFileSync(path, '{"id":"before"}\n');
    await open({ path }).tell(...calls(1));
    expect(idsIn(join(path, '..'))).toEqual(['before', 'call-0']);
  });

  it('may follow a stop', async () => {
    const path = join(newFolder(), 'calls.jsonl');
    const { tell, stop } = open({ path });
    await tell(...calls(1));
    await stop!();
    await tell(...calls(1, 1));
    expect(idsIn(join(path, '..'))).toEqual(['call-0', 'call-1']);
  });
});

describe('a full file', () => {
  /** About eight calls. */
  const max_size_mb = 0.015;

  it('is put aside, and nothing is lost', async () => {
    const folder = newFolder();
    const { tell, host } = open({ path: join(folder, 'calls.jsonl'), max_size_mb, max_files: 100 });
    for (let from = 0; from < 100; from += 5) {
      await tell(...calls(5, from));
      host.clock.advance(1);
    }
    expect(readdirSync(folder).length).toBeGreaterThan(5);
    expect(new Set(idsIn(folder))).toEqual(new Set(calls(100).map(({ callId }) => callId)));
    for (const name of readdirSync(folder)) expect(name).toMatch(/^calls(-\d{8}T\d{9}Z-\d+)?\.jsonl$/);
  });

  it('goes when there are too many, and no other file does', async () => {
    const folder = newFolder();
    for (const name of ['calls-of-mine.jsonl', 'calls-20200101T000000000Z-1.txt', 'other.jsonl'])
      writeFileSync(join(folder, name), '');
    const { tell, host } = open({ path: join(folder, 'calls.jsonl'), max_size_mb, max_files: 2 });
    for (let from = 0; from < 100; from += 10) {
      await tell(...calls(10, from));
      host.clock.advance(1);
    }
    const names = readdirSync(folder);
    expect(names.filter((name) => /^calls-2026/.test(name))).toHaveLength(2);
    expect(names).toEqual(
      expect.arrayContaining(['calls-of-mine.jsonl', 'calls-20200101T000000000Z-1.txt', 'other.jsonl', 'calls.jsonl']),
    );
    expect(idsIn(folder)).toContain('call-99');
  });

  it('loses nothing of several processes', async () => {
    const folder = newFolder();
    const writer = fileURLToPath(new URL('./writer.mjs', import.meta.url));
    const children = ['a', 'b', 'c'].map((name) =>
      spawn(process.execPath, [writer, join(folder, 'calls.jsonl'), name], { stdio: 'inherit' }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
    expect(codes).toEqual([0, 0, 0]);
    const expected = ['a', 'b', 'c'].flatMap((name) => Array.from({ length: 300 }, (_, index) => `${name}-${index}`));
    expect(idsIn(folder).sort()).toEqual(expected.sort());
    expect(readdirSync(folder).length).toBeGreaterThan(3);
  });
});

describe('a file that cannot be written', () => {
  it('makes the batch come again', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'calls.jsonl'));
    await expect(open({ path: join(folder, 'calls.jsonl') }).tell(...calls(1))).rejects.toThrow('EISDIR');
  });

  it('is one that is gone: another is begun', async () => {
    const folder = newFolder();
    const { tell } = open({ path: join(folder, 'calls.jsonl') });
    await tell(...calls(1));
    rmSync(join(folder, 'calls.jsonl'));
    await tell(...calls(1, 1));
    expect(idsIn(folder)).toEqual(['call-1']);
  });

  it('may be none at all: a device', async () => {
    await open({ path: '/dev/null', max_size_mb: 0.000_001 }).tell(...calls(3));
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});
