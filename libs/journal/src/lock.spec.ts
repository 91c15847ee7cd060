import { afterEach, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aFolder, cleanUp } from '../test/house.js';
import { tryLock } from './lock.js';

afterEach(cleanUp);

describe('a lock', () => {
  it('is given to one at a time, also within a process', () => {
    const path = join(aFolder(), 'lock');
    const lock = tryLock(path);
    expect(lock).toBeDefined();
    expect(tryLock(path)).toBeUndefined();
    lock?.release();
    const next = tryLock(path);
    expect(next).toBeDefined();
    next?.release();
  });

  it('leaves one empty file', () => {
    const folder = aFolder();
    const lock = tryLock(join(folder, 'lock'));
    expect(readdirSync(folder)).toEqual(['lock']);
    lock?.release();
    expect(readFileSync(join(folder, 'lock'))).toHaveLength(0);
  });

  it('says what is wrong where there can be none', () => {
    const path = join(aFolder(), 'missing', 'lock');
    expect(() => tryLock(path)).toThrow(`${path} cannot be locked: unable to open database file`);
    const other = join(aFolder(), 'lock');
    writeFileSync(other, 'something else'.repeat(100));
    expect(() => tryLock(other)).toThrow('cannot be locked');
  });
});
