import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aFolder, cleanUp } from '../test/house.js';
import { Cursor } from './cursor.js';
import { nodeFiles } from './files.js';

afterEach(cleanUp);

const load = (directory: string) => {
  const cursor = new Cursor(directory, nodeFiles);
  const position = cursor.load();
  cursor.close();
  return position;
};

const save = (directory: string, entries: number): void => {
  const cursor = new Cursor(directory, nodeFiles);
  cursor.save({ sequence: 3, offset: 1_000, entries });
  cursor.close();
};

describe('a cursor', () => {
  it('is what was saved last, in one small file', () => {
    const directory = aFolder();
    expect(load(directory)).toBeUndefined();
    save(directory, 1);
    save(directory, 12_345_678_901);
    expect(load(directory)).toEqual({ sequence: 3, offset: 1_000, entries: 12_345_678_901 });
    const { size, mode } = statSync(join(directory, 'cursor'));
    expect([size, mode & 0o777]).toEqual([36, 0o600]);
  });

  it('that is cut or damaged is none', () => {
    const directory = aFolder();
    save(directory, 1);
    const path = join(directory, 'cursor');
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 1) {
      writeFileSync(path, bytes.subarray(0, at));
      expect(load(directory)).toBeUndefined();
      const damaged = Buffer.from(bytes);
      damaged[at] = damaged[at]! ^ 0x20;
      writeFileSync(path, damaged);
      expect(load(directory)).toBeUndefined();
    }
  });
});
