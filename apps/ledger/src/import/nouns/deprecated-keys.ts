import { DeprecatedKeyEntity } from '../../schema/entities/deprecated-key.entity.js';
import type { Noun } from '../noun.js';
import { UnfitRow } from '../source-row.js';
import { nameOfToken, tokenOf } from './token.js';

/** Secrets that were replaced and go on until a moment. Those that are over are of no use to anybody. */
export const deprecatedKeys: Noun<DeprecatedKeyEntity> = {
  name: 'deprecated_keys',
  source: {
    table: 'LiteLLM_DeprecatedVerificationToken',
    where: `(r->>'revoke_at')::timestamp > (now() AT TIME ZONE 'UTC')`,
  },
  entity: DeprecatedKeyEntity,
  primaryKey: ['token'],
  nameOf: nameOfToken,
  refersTo: (source) => ({ keys: [source.text('active_token_id') ?? ''] }),
  read: (source) => {
    const token = tokenOf(source);
    const revokeAt = source.time('revoke_at');
    if (!revokeAt) throw new UnfitRow('revoke_at is empty');
    const createdAt = source.time('created_at') ?? new Date();
    return [{ row: { token, activeTokenId: source.id('active_token_id'), revokeAt, createdAt } }];
  },
  needs: ({ activeTokenId }) => ({ keys: [activeTokenId] }),
  changeOf: ({ token: id }) => ({ kind: 'key', id }),
};
