// The key of stored secrets, tried before anything is written with it.
import { GatewayError } from '@turnpike/errors';
import type { DataSource } from 'typeorm';
import { SecretCheckEntity } from '../schema/entities/secret-check.entity.js';
import { findSaltKey, type SaltKeyOptions } from './salt-key.js';
import { SecretBox } from './secret-box.js';
import type { Storage } from './storage.js';

const NAME = 'salt-key';
const PLACE = `secret_check/${NAME}`;
const KNOWN = 'This opens with the right key.';

/** The first who comes seals it; of many at the same moment, one. Later ones only read, as a standby lets them. */
const knownText = async ({ manager }: DataSource, box: SecretBox): Promise<string> => {
  const known = await manager.findOneBy(SecretCheckEntity, { name: NAME });
  if (known) return known.sealed;
  await manager
    .createQueryBuilder()
    .insert()
    .into(SecretCheckEntity)
    .values({ name: NAME, sealed: box.seal(KNOWN, PLACE) })
    .orIgnore()
    .execute();
  return (await manager.findOneByOrFail(SecretCheckEntity, { name: NAME })).sealed;
};

const checkKey = async (dataSource: DataSource, box: SecretBox): Promise<void> => {
  const sealed = await knownText(dataSource, box);
  try {
    if (box.open(sealed, PLACE) === KNOWN) return;
  } catch (cause) {
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      'The secrets in the database were sealed with another key. Set LITELLM_SALT_KEY to the one that they were made ' +
        'with (where none was set: the master key of that time, or the file salt-key in the data directory). ' +
        'Nothing was changed.',
      { cause },
    );
  }
};

/**
 * @throws GatewayError GW_CONFIG_INVALID when there is no key, or it is not the one that secrets here are sealed with
 */
export const openSecrets = async (
  { dataSource, kind }: Pick<Storage, 'dataSource' | 'kind'>,
  options: SaltKeyOptions,
): Promise<SecretBox> => {
  const box = new SecretBox(findSaltKey(kind, options));
  await checkKey(dataSource, box);
  return box;
};
