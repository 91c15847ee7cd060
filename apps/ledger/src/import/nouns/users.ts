import { isRole } from '@turnpike/domain';
import { UserEntity } from '../../schema/entities/user.entity.js';
import { boundsOfUser, accountOfUser } from '../../services/users.js';
import { assertUser, PEOPLE_ROLES } from '../../services/user-checks.js';
import { fromUserEntity } from '../../services/user.mapper.js';
import { textOf } from '../../services/stored-terms.js';
import { authorshipOf } from '../authorship.js';
import { named, type Known, type Noun } from '../noun.js';
import type { SourceRow } from '../source-row.js';
import { boundColumnsOf, modelTermsOf } from '../source-terms.js';
import { metadataOf } from './metadata.js';
import { OBJECT_PERMISSION, objectPermissionOf } from './object-permission.js';
import { modelSpendsOf, spendOf } from './spends.js';

/** The row that counts for the whole installation there. */
export const INSTALLATION_USER = 'litellm-proxy-budget';

/** Who has no role that people have may look at what is their own, as there. */
const roleOf = (source: SourceRow): string | null => {
  const role = source.text('user_role');
  if (role === null || (isRole(role) && (PEOPLE_ROLES as readonly string[]).includes(role))) return role;
  source.note(`user_role ${role.slice(0, 40)} is no role of people: left out`);
  return null;
};

const addressOf = (source: SourceRow): string | null => {
  const address = source.text('user_email')?.trim() ?? null;
  if (address === null || /^[^\s@]+@[^\s@]+$/.test(address)) return address;
  source.note('user_email is no address: left out');
  return null;
};

const organizationOf = (source: SourceRow, { organizations }: Known): string | null => {
  const id = source.text('organization_id');
  if (id === null || organizations.has(id)) return id;
  source.note(`the organization ${id} is not there: left out`);
  return null;
};

export const users: Noun<UserEntity> = {
  name: 'users',
  source: {
    table: 'LiteLLM_UserTable',
    where: `r->>'user_id' <> '${INSTALLATION_USER}'`,
    joined: { object_permission: OBJECT_PERMISSION },
  },
  entity: UserEntity,
  primaryKey: ['userId'],
  nameOf: named('user_id'),
  refersTo: (source) => ({ organizations: [textOf(source.text('organization_id'))] }),
  read: (source, context) => {
    if (source.text('password') !== null) source.note('password cannot be taken over: set a new one');
    const row: UserEntity = {
      ...boundColumnsOf(source),
      ...authorshipOf(source),
      userId: source.id('user_id'),
      userAlias: source.text('user_alias'),
      userEmail: addressOf(source),
      userRole: roleOf(source),
      ssoUserId: source.text('sso_user_id'),
      password: null,
      organizationId: organizationOf(source, context.known),
      modelTerms: modelTermsOf(source),
      models: source.texts('models'),
      allowedCacheControls: source.texts('allowed_cache_controls'),
      objectPermission: objectPermissionOf(source),
      policies: source.texts('policies'),
      metadata: metadataOf(source),
    };
    assertUser(fromUserEntity(row, []));
    const account = accountOfUser(row.userId);
    return [{ row, spends: [spendOf(account, source, context), ...modelSpendsOf(account, source, row.modelTerms)] }];
  },
  unique: { property: 'ssoUserId', isOptional: true },
  kept: ['password'],
  boundsOf: boundsOfUser,
  changeOf: ({ userId: id }) => ({ kind: 'user', id }),
};
