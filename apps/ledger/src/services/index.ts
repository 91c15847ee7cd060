import { AccessGroupService } from './access-group.service.js';
import { AuditService } from './audit.service.js';
import { AuthorizeService } from './authorize.service.js';
import { BoundedParties } from './bounded-parties.js';
import { BudgetHolders } from './budget-holders.js';
import { BudgetService } from './budget.service.js';
import { CallbackSecrets } from './callback-secrets.js';
import { Chores } from './chores.js';
import { ConfigurationService } from './configuration.service.js';
import { CredentialService } from './credential.service.js';
import { CustomerService } from './customer.service.js';
import { GuaranteedLimits } from './guaranteed-limits.js';
import { Holders } from './holders.js';
import { ImportService } from './import.service.js';
import { KeyListService } from './key-list.service.js';
import { KeyWishes } from './key-wishes.js';
import { KeyService } from './key.service.js';
import { Keys } from './keys.js';
import { ModelService } from './model.service.js';
import { OrganizationMemberService } from './organization-member.service.js';
import { OrganizationService } from './organization.service.js';
import { Organizations } from './organizations.js';
import { People } from './people.js';
import { Recorder } from './recorder.js';
import { SealedDocuments } from './sealed-documents.js';
import { SettingService } from './setting.service.js';
import { SpendFilters } from './spend-filters.js';
import { SpendLogService } from './spend-log.service.js';
import { SpendNames } from './spend-names.js';
import { SpendReportService } from './spend-report.service.js';
import { SpendScopes } from './spend-scopes.js';
import { SpendService } from './spend.service.js';
import { Standings } from './standings.js';
import { Subjects } from './subjects.js';
import { TagService } from './tag.service.js';
import { TeamListService } from './team-list.service.js';
import { TeamMemberService } from './team-member.service.js';
import { TeamService } from './team.service.js';
import { Teams } from './teams.js';
import { TemporaryBudgets } from './temporary-budgets.js';
import { UserSyncs } from './user-sync.js';
import { UserListService } from './user-list.service.js';
import { UserService } from './user.service.js';
import { Users } from './users.js';

/** Those that Nest can make by itself. */
export const SERVICES = [
  AccessGroupService,
  AuditService,
  AuthorizeService,
  BoundedParties,
  BudgetHolders,
  BudgetService,
  CallbackSecrets,
  Chores,
  ConfigurationService,
  CredentialService,
  CustomerService,
  GuaranteedLimits,
  Holders,
  ImportService,
  KeyListService,
  KeyService,
  KeyWishes,
  Keys,
  ModelService,
  OrganizationMemberService,
  OrganizationService,
  Organizations,
  People,
  Recorder,
  SealedDocuments,
  SettingService,
  SpendFilters,
  SpendLogService,
  SpendNames,
  SpendReportService,
  SpendScopes,
  SpendService,
  Standings,
  Subjects,
  TagService,
  TeamListService,
  TeamMemberService,
  TeamService,
  Teams,
  TemporaryBudgets,
  UserListService,
  UserService,
  UserSyncs,
  Users,
];
