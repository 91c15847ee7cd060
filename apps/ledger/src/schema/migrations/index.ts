import { accounts } from './0001-accounts.js';
import { settlement } from './0002-settlement.js';
import { activity } from './0003-activity.js';
import { softBudgets } from './0004-soft-budgets.js';
import { imports } from './0005-imports.js';
import type { Migration } from './migration.js';

export type { Migration } from './migration.js';

/** In order. A database that knows a later one is refused. */
export const MIGRATIONS: readonly Migration[] = [accounts, settlement, activity, softBudgets, imports];
