import { afterEach, expect, it } from '@jest/globals';
import type { Logger } from '@turnpike/telemetry';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aDataDir, describeOnEachDatabase, silent } from '../../test/databases.js';
import { openSecrets } from './open-secrets.js';

describeOnEachDatabase('the key of stored secrets', (database) => {
  const storageOf = (kind: 'postgres' | 'pglite') => ({ dataSource: database().dataSource, kind });
  const sealedCheck = async (): Promise<unknown> =>
    await database().manager.query('SELECT * FROM turnpike.secret_check');

  afterEach(async () => {
    await database().manager.query('DELETE FROM turnpike.secret_check');
  });

  it('is checked at each start, and a wrong one changes nothing', async () => {
    const { dataDir, remove } = aDataDir();
    const { kind } = database();
    const box = await openSecrets(storageOf(kind), { saltKey: 'right', dataDir, log: silent });
    const before = await sealedCheck();
    await expect(openSecrets(storageOf(kind), { saltKey: 'wrong', dataDir, log: silent })).rejects.toThrow(
      'sealed with another key. Set LITELLM_SALT_KEY',
    );
    expect(await sealedCheck()).toEqual(before);
    const again = await openSecrets(storageOf(kind), { saltKey: 'right', dataDir, log: silent });
    expect(again.open(box.seal('secret', 'here'), 'here')).toBe('secret');
    remove();
  });

  it('is one, when many start at the same moment', async () => {
    const { dataDir, remove } = aDataDir();
    const opening = ['a', 'b', 'a', 'b', 'a', 'b'].map((saltKey) =>
      openSecrets(storageOf(database().kind), { saltKey, dataDir, log: silent }),
    );
    const results = await Promise.allSettled(opening);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    remove();
  });

  it('is made in the data directory of an embedded database, for its owner only, and found there again', async () => {
    const { dataDir, remove } = aDataDir();
    const file = join(dataDir, 'salt-key');
    const box = await openSecrets(storageOf('pglite'), { masterKey: 'sk-master', dataDir, log: silent });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(/^[\w-]{43}$/);
    const again = await openSecrets(storageOf('pglite'), { dataDir, log: silent });
    expect(again.open(box.seal('secret', 'here'), 'here')).toBe('secret');
    writeFileSync(file, '');
    await expect(openSecrets(storageOf('pglite'), { dataDir, log: silent })).rejects.toThrow('is empty');
    remove();
  });

  it('is the master key on PostgreSQL, with a warning, and must be given where there is none', async () => {
    const { dataDir, remove } = aDataDir();
    const warnings: string[] = [];
    const log: Logger = { ...silent, warn: (message) => void warnings.push(message) };
    await openSecrets(storageOf('postgres'), { masterKey: 'sk-master', dataDir, log });
    expect(warnings).toEqual([expect.stringContaining('LITELLM_SALT_KEY is not set')]);
    await expect(openSecrets(storageOf('postgres'), { dataDir, log })).rejects.toThrow('set LITELLM_SALT_KEY');
    remove();
  });
});
