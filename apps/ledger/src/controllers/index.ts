import { AccessGroupController } from './access-group.controller.js';
import { AuditController } from './audit.controller.js';
import { BudgetController } from './budget.controller.js';
import { CredentialController } from './credential.controller.js';
import { CustomerController } from './customer.controller.js';
import { GatewayController } from './gateway.controller.js';
import { ImportController } from './import.controller.js';
import { KeyController } from './key.controller.js';
import { ModelController } from './model.controller.js';
import { OrganizationController } from './organization.controller.js';
import { SettingController } from './setting.controller.js';
import { SpendController } from './spend.controller.js';
import { TagController } from './tag.controller.js';
import { TeamController } from './team.controller.js';
import { UserController } from './user.controller.js';

export const CONTROLLERS = [
  AccessGroupController,
  AuditController,
  BudgetController,
  CredentialController,
  CustomerController,
  GatewayController,
  ImportController,
  KeyController,
  ModelController,
  OrganizationController,
  SettingController,
  SpendController,
  TagController,
  TeamController,
  UserController,
];
