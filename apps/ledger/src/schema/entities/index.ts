import { AccessGroupEntity } from './access-group.entity.js';
import { AuditLogEntity } from './audit-log.entity.js';
import { BalanceEntity } from './balance.entity.js';
import { BudgetEntity } from './budget.entity.js';
import { ChangeEntity } from './change.entity.js';
import { ChangeClockEntity } from './change-clock.entity.js';
import { CredentialEntity } from './credential.entity.js';
import { CustomerEntity } from './customer.entity.js';
import { DeletedKeyEntity } from './deleted-key.entity.js';
import { DeprecatedKeyEntity } from './deprecated-key.entity.js';
import { ModelEntity } from './model.entity.js';
import { OrganizationEntity } from './organization.entity.js';
import { OrganizationMembershipEntity } from './organization-membership.entity.js';
import { RefusedEntryEntity } from './refused-entry.entity.js';
import { SecretCheckEntity } from './secret-check.entity.js';
import { SettingEntity } from './setting.entity.js';
import { TagEntity } from './tag.entity.js';
import { TeamEntity } from './team.entity.js';
import { TeamMembershipEntity } from './team-membership.entity.js';
import { UserEntity } from './user.entity.js';
import { VirtualKeyEntity } from './virtual-key.entity.js';

/** All tables that TypeORM maps. */
export const ENTITIES = [
  AccessGroupEntity,
  AuditLogEntity,
  BalanceEntity,
  BudgetEntity,
  ChangeEntity,
  ChangeClockEntity,
  CredentialEntity,
  CustomerEntity,
  DeletedKeyEntity,
  DeprecatedKeyEntity,
  ModelEntity,
  OrganizationEntity,
  OrganizationMembershipEntity,
  RefusedEntryEntity,
  SecretCheckEntity,
  SettingEntity,
  TagEntity,
  TeamEntity,
  TeamMembershipEntity,
  UserEntity,
  VirtualKeyEntity,
] as const;

export {
  AccessGroupEntity,
  AuditLogEntity,
  BalanceEntity,
  BudgetEntity,
  ChangeEntity,
  ChangeClockEntity,
  CredentialEntity,
  CustomerEntity,
  DeletedKeyEntity,
  DeprecatedKeyEntity,
  ModelEntity,
  OrganizationEntity,
  OrganizationMembershipEntity,
  RefusedEntryEntity,
  SecretCheckEntity,
  SettingEntity,
  TagEntity,
  TeamEntity,
  TeamMembershipEntity,
  UserEntity,
  VirtualKeyEntity,
};
export * from './columns.js';
