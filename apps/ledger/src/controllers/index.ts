import { BudgetController } from './budget.controller.js';
import { CustomerController } from './customer.controller.js';
import { GatewayController } from './gateway.controller.js';
import { ImportController } from './import.controller.js';
import { KeyController } from './key.controller.js';
import { OrganizationController } from './organization.controller.js';
import { TeamController } from './team.controller.js';
import { UserController } from './user.controller.js';

export const CONTROLLERS = [
  BudgetController,
  CustomerController,
  GatewayController,
  ImportController,
  KeyController,
  OrganizationController,
  TeamController,
  UserController,
];
