import { AuthorizeService } from './authorize.service.js';
import { BudgetHolders } from './budget-holders.js';
import { BudgetService } from './budget.service.js';
import { Chores } from './chores.js';
import { CustomerService } from './customer.service.js';
import { Holders } from './holders.js';
import { ImportService } from './import.service.js';
import { KeyListService } from './key-list.service.js';
import { KeyWishes } from './key-wishes.js';
import { KeyService } from './key.service.js';
import { Keys } from './keys.js';
import { OrganizationMemberService } from './organization-member.service.js';
import { OrganizationService } from './organization.service.js';
import { Organizations } from './organizations.js';
import { People } from './people.js';
import { Recorder } from './recorder.js';
import { Standings } from './standings.js';
import { TeamListService } from './team-list.service.js';
import { TeamMemberService } from './team-member.service.js';
import { TeamService } from './team.service.js';
import { Teams } from './teams.js';
import { TemporaryBudgets } from './temporary-budgets.js';
import { UserListService } from './user-list.service.js';
import { UserService } from './user.service.js';
import { Users } from './users.js';

/** Those that Nest can make by itself. */
export const SERVICES = [
  AuthorizeService,
  BudgetHolders,
  BudgetService,
  Chores,
  CustomerService,
  Holders,
  ImportService,
  KeyListService,
  KeyService,
  KeyWishes,
  Keys,
  OrganizationMemberService,
  OrganizationService,
  Organizations,
  People,
  Recorder,
  Standings,
  TeamListService,
  TeamMemberService,
  TeamService,
  Teams,
  TemporaryBudgets,
  UserListService,
  UserService,
  Users,
];
