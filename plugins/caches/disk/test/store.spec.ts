// The folder as others see it: what stands there, how large it is, who may read it, and what becomes of it.
import { fakeHost, START_OF_TIME, type FakeHost } from '@turnpike/plugin-testkit';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import plugin from '../src/index.js';

const TTL_MS = 600_000;
const MIB = 1_048_576;
const { signal } = new AbortController();

const folders: string[] = [];
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-disk-'));
  folders.push(folder);
  return folder;
};

interface Opened {
  readonly folder: string;
  readonly host: FakeHost;
  get(key: string): Promise<string | undefined>;
  set(key: string, text: string | Buffer, ttlMs?: number): Promise<void>;
  delete(...keys: string[]): Promise<number>;
  flush(): Promise<void>;
  health(): Promise<{ status: string }>;
  /** Looks through the folder, as it does every minute. */
  survey(): Promise<void>;
  stop(): Promise<void>;
}

const open = async (settings: object = {}, folder = aFolder(), now = START_OF_TIME): Promise<Opened> => {
  const host = fakeHost();
  host.clock.set(now);
  const made = plugin.init(plugin.config.parse({ disk_cache_dir: folder, max_size_mb: 1, ...settings }), host);
  await made.start!(signal);
  const settle = async (): Promise<void> => made.stop!();
  await settle();
  const { responses } = made;
  stops.push(() => made.stop!());
  return {
    folder: join(folder, 'answers'),
    host,
    get: async (key) => {
      const entry = await responses.get(key, signal);
      return entry && Buffer.from(entry.value).toString();
    },
    set: (key, text, ttlMs = TTL_MS) =>
      responses.set(key, { value: Buffer.from(text), storedAt: host.clock.now() }, ttlMs, signal),
    delete: (...keys) => responses.delete(keys),
    flush: () => responses.flush(),
    health: () => made.health!(),
    survey: async () => {
      await made.start!(signal);
      await settle();
    },
    stop: () => made.stop!(),
  };
};

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const bytesIn = (folder: string): number => filesIn(folder).reduce((sum, file) => sum + statSync(file).size, 0);

describe('an answer on the disk', () => {
  it('is there after a restart, as long as it was to live', async () => {
    const first = await open();
    await first.set('k', 'text');
    await first.stop();
    const folder = join(first.folder, '..');
    expect(await (await open({}, folder, START_OF_TIME + TTL_MS - 1)).get('k')).toBe('text');
    expect(await (await open({}, folder, START_OF_TIME + TTL_MS)).get('k')).toBeUndefined();
    expect(filesIn(first.folder)).toEqual([]);
  });

  it('is for its owner alone', async () => {
    const { set, folder } = await open();
    await set('k', 'text');
    const modes = [folder, ...filesIn(folder)].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600]);
  });

  it('closes a folder that was open to others', async () => {
    const parent = aFolder();
    mkdirSync(join(parent, 'answers'), { mode: 0o755 });
    chmodSync(join(parent, 'answers'), 0o755);
    const { folder } = await open({}, parent);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('stands in the data directory of the gateway where no other is named', async () => {
    const host = fakeHost();
    const made = plugin.init(plugin.config.parse({}), host);
    await made.start!(signal);
    await made.responses.set('k', { value: Buffer.from('x'), storedAt: 0 }, TTL_MS, signal);
    await made.stop!();
    expect(filesIn(join(host.madeDataDir!, 'answers'))).toHaveLength(1);
    host.dispose();
  });

  it('tells nothing of its key in its name, and leaves its folder never', async () => {
    const { set, get, folder } = await open();
    for (const key of ['../../escaped', '/etc/passwd', '\u0000', 'ns:secret']) {
      await set(key, key);
      expect(await get(key)).toBe(key);
    }
    expect(filesIn(folder).every((file) => /\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(file.slice(folder.length)))).toBe(true);
    expect(filesIn(join(folder, '..')).length).toBe(4);
  });
});

describe('a file that is not what was written', () => {
  it.each<[string, (file: string) => void]>([
    ['is cut short', (file) => truncateSync(file, 40)],
    ['is empty', (file) => truncateSync(file, 0)],
    ['has another byte', (file) => writeFileSync(file, readFileSync(file).with(60, 0x58))],
    ['is something else', (file) => writeFileSync(file, 'something else')],
  ])('because it %s is a miss, and goes', async (_title, spoil) => {
    const { set, get, folder, host } = await open();
    await set('k', 'a text that is long enough to be spoilt in the middle of it');
    spoil(filesIn(folder)[0]!);
    expect(await get('k')).toBeUndefined();
    expect([filesIn(folder), host.counts['corrupted'], host.gauges['entries']]).toEqual([[], 1, 0]);
    await set('k', 'again');
    expect(await get('k')).toBe('again');
  });

  it('because it stands under another’s name is a miss', async () => {
    const { set, get, folder } = await open();
    await set('a', 'text of a');
    const [ofA] = filesIn(folder);
    await set('b', 'text of b');
    const ofB = filesIn(folder).find((file) => file !== ofA)!;
    writeFileSync(ofB, readFileSync(ofA!));
    expect(await get('b')).toBeUndefined();
  });
});

describe('the bound', () => {
  const LARGE = 'x'.repeat(100_000);

  it('holds for the files themselves, however many are written at once', async () => {
    const opened = await open();
    await Promise.all(Array.from({ length: 60 }, (_, index) => opened.set(`k${index}`, LARGE)));
    expect(bytesIn(opened.folder)).toBeLessThanOrEqual(MIB);
    expect(bytesIn(opened.folder)).toBeGreaterThan(MIB * 0.8);
    expect(opened.host.gauges['bytes']).toBe(bytesIn(opened.folder));
    expect(opened.host.counts['evicted']).toBe(60 - filesIn(opened.folder).length);
  });

  it('drives out what was not used for the longest, also of a time before the start', async () => {
    const first = await open();
    for (const key of 'abcdefghij') {
      first.host.clock.advance(1_000);
      await first.set(key, LARGE);
    }
    first.host.clock.advance(120_000);
    await first.get('a');
    await first.stop();
    const second = await open({}, join(first.folder, '..'), first.host.clock.now());
    await second.set('k', LARGE);
    const kept = await Promise.all([...'abcdefghijk'].map(async (key) => ((await second.get(key)) ? key : '')));
    expect(kept.join('')).toBe('acdefghijk');
  });

  it('lets no answer take more than an eighth, nor leaves what it was to replace', async () => {
    const { set, get, host } = await open();
    await set('k', 'small');
    await set('k', 'x'.repeat(MIB / 8));
    expect([await get('k'), host.counts['too_large']]).toEqual([undefined, 1]);
  });
});

describe('workers with one folder', () => {
  it('have each other’s answers, and count them', async () => {
    const one = await open();
    const other = await open({}, join(one.folder, '..'));
    await one.set('k', 'text');
    expect(await other.get('k')).toBe('text');
    expect(other.host.gauges['entries']).toBe(1);
    await other.delete('k');
    expect(await one.get('k')).toBeUndefined();
  });

  it('keep the bound together, as soon as they have looked around', async () => {
    const one = await open();
    const other = await open({}, join(one.folder, '..'));
    for (let index = 0; index < 8; index += 1) {
      await one.set(`one ${index}`, 'x'.repeat(100_000));
      await other.set(`other ${index}`, 'x'.repeat(100_000));
    }
    await one.survey();
    await other.survey();
    expect(bytesIn(one.folder)).toBeLessThanOrEqual(MIB);
  });

  it('never read half of what another writes', async () => {
    const one = await open({ max_size_mb: 48 });
    const other = await open({ max_size_mb: 48 }, join(one.folder, '..'));
    const texts = ['a', 'b'].map((letter) => letter.repeat(500_000));
    await one.set('k', texts[0]!);
    const writing = (async () => {
      for (let turn = 0; turn < 30; turn += 1) await one.set('k', texts[turn % 2]!);
    })();
    const seen = new Set<string | undefined>();
    for (let turn = 0; turn < 60; turn += 1) seen.add(await other.get('k'));
    await writing;
    expect([...seen].every((text) => texts.includes(text!))).toBe(true);
    expect(other.host.counts['corrupted']).toBeUndefined();
  });
});

describe('looking through the folder', () => {
  it('removes what is over, and what a process left half written', async () => {
    const opened = await open();
    await opened.set('k', 'text', 1_000);
    const [file] = filesIn(opened.folder);
    writeFileSync(`${file}.1.1`, 'half');
    await opened.survey();
    // It may still be written.
    expect(filesIn(opened.folder)).toHaveLength(2);
    opened.host.clock.advance(2_000);
    await opened.survey();
    expect(filesIn(opened.folder)).toEqual([`${file}.1.1`]);
  });

  it('leaves alone what is not ours', async () => {
    const opened = await open();
    const others = [join(opened.folder, 'notes.txt'), join(opened.folder, '..', 'mine.txt')];
    for (const other of others) writeFileSync(other, 'keep me');
    utimesSync(others[0]!, 0, 0);
    await opened.set('k', 'text');
    await opened.survey();
    await opened.flush();
    expect(filesIn(join(opened.folder, '..')).sort()).toEqual(others.sort());
  });
});

describe('a folder that', () => {
  it('cannot be made stops the start', async () => {
    const parent = aFolder();
    writeFileSync(join(parent, 'file'), '');
    await expect(open({}, join(parent, 'file'))).rejects.toThrow(/ENOTDIR/);
  });

  it('goes while it is in use makes writes fail and reads miss, and is no longer up', async () => {
    const opened = await open();
    await opened.set('k', 'text');
    rmSync(join(opened.folder, '..'), { recursive: true });
    writeFileSync(join(opened.folder, '..'), 'now a file');
    expect((await opened.health()).status).toBe('degraded');
    await expect(opened.set('k', 'text')).rejects.toThrow();
    rmSync(join(opened.folder, '..'));
  });
});
