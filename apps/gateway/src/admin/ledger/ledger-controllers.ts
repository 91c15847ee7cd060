// LiteLLM's management API: every controller of it.
import { AccessGroupController } from './access-group.controller.js';
import { ActivityController } from './activity.controller.js';
import { AuditController } from './audit.controller.js';
import { BudgetController } from './budget.controller.js';
import { ConfigController } from './config.controller.js';
import { CredentialController } from './credential.controller.js';
import { CustomerController } from './customer.controller.js';
import { GlobalActivityController } from './global-activity.controller.js';
import { GlobalSpendController } from './global-spend.controller.js';
import { KeyController } from './key.controller.js';
import { ModelController } from './model.controller.js';
import { OrganizationController } from './organization.controller.js';
import { SpendReportController } from './spend-report.controller.js';
import { SpendController } from './spend.controller.js';
import { TagActivityController } from './tag-activity.controller.js';
import { TagController } from './tag.controller.js';
import { TeamController } from './team.controller.js';
import { UserController } from './user.controller.js';

export const LEDGER_CONTROLLERS = [
  KeyController,
  TeamController,
  UserController,
  BudgetController,
  CustomerController,
  OrganizationController,
  TagController,
  TagActivityController,
  AccessGroupController,
  ModelController,
  CredentialController,
  ConfigController,
  SpendController,
  GlobalSpendController,
  SpendReportController,
  GlobalActivityController,
  ActivityController,
  AuditController,
];
