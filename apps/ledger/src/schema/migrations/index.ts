import { accounts } from './0001-accounts.js';
import { settlement } from './0002-settlement.js';
import { imports } from './0003-imports.js';
import type { Migration } from './migration.js';

export type { Migration } from './migration.js';

/** In order. A database that knows a later one is refused. */
export const MIGRATIONS: readonly Migration[] = [accounts, settlement, imports];
