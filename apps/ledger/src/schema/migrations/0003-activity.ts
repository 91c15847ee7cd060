// Sums of days tell apart what was asked for, and count what caches answered.
import type { Migration } from './migration.js';

const STATEMENTS = [
  `ALTER TABLE turnpike.daily_spend
     ADD COLUMN operation text COLLATE "C" NOT NULL DEFAULT '',
     ADD COLUMN cache_hits bigint NOT NULL DEFAULT 0,
     ADD COLUMN cache_hit_output_tokens bigint NOT NULL DEFAULT 0`,
  'ALTER TABLE turnpike.daily_spend DROP CONSTRAINT daily_spend_pkey',
  `ALTER TABLE turnpike.daily_spend ADD PRIMARY KEY
     (kind, day, id, key_hash, user_id, team_id, organization_id, model, model_group, provider, operation)`,
];

export const activity: Migration = { number: 3, title: 'activity', statements: STATEMENTS };
