import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayConfig } from './canonical.js';
import { masterKeyOf } from './master-key.js';

const aConfig = (parts: object): GatewayConfig => parts as GatewayConfig;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'master-key-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const config = (masterKey?: string, dataDir = join(folder, 'data')) =>
  aConfig({ auth: { masterKey }, server: { dataDir } });

describe('the admin key', () => {
  it('is the configured one, and then nothing is kept', () => {
    expect(masterKeyOf(config('sk-configured'))).toEqual({ key: 'sk-configured', isNew: false });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is made once, for its owner alone to read', () => {
    const made = masterKeyOf(config());
    const file = join(folder, 'data', 'master-key');
    expect(made).toEqual({ key: expect.stringMatching(/^sk-[\w-]{32}$/), file, isNew: true });
    expect(readFileSync(file, 'utf8')).toBe(`${made.key}\n`);
    expect([statSync(file).mode & 0o777, statSync(join(folder, 'data')).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(masterKeyOf(config())).toEqual({ key: made.key, file, isNew: false });
    expect(readdirSync(join(folder, 'data'))).toEqual(['master-key']);
  });

  it('is another one elsewhere', () => {
    expect(masterKeyOf(config()).key).not.toBe(masterKeyOf(config(undefined, join(folder, 'other'))).key);
  });

  it('cannot be kept in a directory that is none, and the error says what to do', () => {
    writeFileSync(join(folder, 'data'), 'a file');
    expect(() => masterKeyOf(config())).toThrow(
      expect.objectContaining({
        code: 'GW_CONFIG_INVALID',
        message: expect.stringMatching(/data cannot be written.*LITELLM_MASTER_KEY.*--data-dir/),
      }),
    );
  });

  it('is not taken from an empty file, nor is that file written over', () => {
    const file = join(folder, 'data', 'master-key');
    mkdirSync(join(folder, 'data'));
    writeFileSync(file, ' \n');
    chmodSync(file, 0o600);
    expect(() => masterKeyOf(config())).toThrow(
      expect.objectContaining({ code: 'GW_CONFIG_INVALID', message: expect.stringContaining(`${file} is empty`) }),
    );
    expect(readdirSync(join(folder, 'data'))).toEqual(['master-key']);
  });
});
