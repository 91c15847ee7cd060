// The mark below a bound of which somebody wants to hear.
import type { Migration } from './migration.js';

export const softBudgets: Migration = {
  number: 4,
  title: 'soft-budgets',
  statements: [
    'ALTER TABLE turnpike.balances ADD COLUMN soft_nano bigint',
    // Those that were given before. Accounts of entities that share a budget get theirs when the budget is changed.
    ...[
      ['key', 'virtual_keys', 'token'],
      ['team', 'teams', 'team_id'],
      ['user', 'users', 'user_id'],
      ['organization', 'organizations', 'organization_id'],
      ['customer', 'customers', 'customer_id'],
      ['tag', 'tags', 'tag_name'],
    ].map(
      ([kind, table, id]) =>
        `UPDATE turnpike.balances b SET soft_nano = t.soft_budget_nano FROM turnpike.${table} t
          WHERE t.soft_budget_nano IS NOT NULL AND b.account = ('${kind}:' || replace(t.${id}, '|', '%7C')) COLLATE "C"`,
    ),
  ],
};
