import { AccessGroupRepository } from './access-group.repository.js';
import { AuditLogRepository } from './audit-log.repository.js';
import { BudgetRepository } from './budget.repository.js';
import { Changes } from './changes.js';
import { CredentialRepository } from './credential.repository.js';
import { CustomerRepository } from './customer.repository.js';
import { DeletedKeyRepository } from './deleted-key.repository.js';
import { DeprecatedKeyRepository } from './deprecated-key.repository.js';
import { KeyHolderRepository } from './key-holder.repository.js';
import { ModelRepository } from './model.repository.js';
import { OrganizationMembershipRepository } from './organization-membership.repository.js';
import { OrganizationRepository } from './organization.repository.js';
import { SettingRepository } from './setting.repository.js';
import { TagRepository } from './tag.repository.js';
import { TeamMembershipRepository } from './team-membership.repository.js';
import { TeamRepository } from './team.repository.js';
import { UserRepository } from './user.repository.js';
import { VirtualKeyRepository } from './virtual-key.repository.js';

/** None has state of its own, so that one of each is enough; `Changes` knows who listens. */
export const REPOSITORIES = [
  AccessGroupRepository,
  AuditLogRepository,
  BudgetRepository,
  Changes,
  CredentialRepository,
  CustomerRepository,
  DeletedKeyRepository,
  DeprecatedKeyRepository,
  KeyHolderRepository,
  ModelRepository,
  OrganizationMembershipRepository,
  OrganizationRepository,
  SettingRepository,
  TagRepository,
  TeamMembershipRepository,
  TeamRepository,
  UserRepository,
  VirtualKeyRepository,
];
