// The admin key: configured, or made once and kept in the data directory.
import type { GatewayConfig } from './canonical.js';
import { GatewayError } from '@turnpike/errors';
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MasterKey {
  key: string;
  /** Where it is kept when it was generated. */
  file?: string;
  /** It was made by this very start. */
  isNew: boolean;
}

/** @throws GW_CONFIG_INVALID when the data directory cannot be written */
export const masterKeyOf = (config: GatewayConfig): MasterKey => {
  if (config.auth.masterKey !== undefined) return { key: config.auth.masterKey, isNew: false };
  const file = join(config.server.dataDir, 'master-key');
  const known = read(file);
  if (known !== undefined) return { key: known, file, isNew: false };
  try {
    mkdirSync(config.server.dataDir, { recursive: true, mode: 0o700 });
    const key = `sk-${randomBytes(24).toString('base64url')}`;
    writeOnce(file, `${key}\n`);
    return { key, file, isNew: true };
  } catch (cause) {
    const other = read(file);
    if (other !== undefined) return { key: other, file, isNew: false };
    const problem = existsSync(file)
      ? `${file} is empty or cannot be read, so there is no admin key. Delete it`
      : `The data directory ${config.server.dataDir} cannot be written, so no admin key can be kept. Set LITELLM_MASTER_KEY`;
    throw new GatewayError('GW_CONFIG_INVALID', `${problem}, or choose another directory with --data-dir.`, { cause });
  }
};

/** Of several workers that start at once, one writes; the others find the whole text. @throws EEXIST */
const writeOnce = (file: string, text: string): void => {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    // Some mounted file systems have no links.
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } finally {
    rmSync(draft);
  }
};

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
};
