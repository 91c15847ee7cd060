// Sums of days tell apart what was asked for, and count what caches answered; the log is found by price, size, deployment and
// failure, too.
import type { Migration } from './migration.js';

const STATEMENTS = [
  `ALTER TABLE turnpike.daily_spend
     ADD COLUMN operation text COLLATE "C" NOT NULL DEFAULT '',
     ADD COLUMN cache_hits bigint NOT NULL DEFAULT 0,
     ADD COLUMN cache_hit_output_tokens bigint NOT NULL DEFAULT 0`,
  'ALTER TABLE turnpike.daily_spend DROP CONSTRAINT daily_spend_pkey',
  `ALTER TABLE turnpike.daily_spend ADD PRIMARY KEY
     (kind, day, id, key_hash, user_id, team_id, organization_id, model, model_group, provider, operation)`,
  'CREATE INDEX spend_logs_cost_nano ON turnpike.spend_logs (cost_nano, day, id)',
  'CREATE INDEX spend_logs_total_tokens ON turnpike.spend_logs (total_tokens, day, id)',
  `CREATE INDEX spend_logs_deployment_id ON turnpike.spend_logs (deployment_id, day, id) WHERE deployment_id IS NOT NULL`,
  `CREATE INDEX spend_logs_unsuccessful ON turnpike.spend_logs (day, id) WHERE status <> 'success'`,
];

export const activity: Migration = { number: 3, title: 'activity', statements: STATEMENTS };
