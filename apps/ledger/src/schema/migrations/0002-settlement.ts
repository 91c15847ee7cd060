// What was spent: balances and leases, the log of calls, the sums of each day, and what was no call at all.
import type { Migration } from './migration.js';

/** "C": names are ordered by their bytes, the same on every server, and compared at the least cost. */
const NAME = `text COLLATE "C" NOT NULL`;

const STATEMENTS = [
  // Room is left in each page, so that a balance that grows stays in its page and no index is touched.
  `CREATE TABLE turnpike.balances (
    account text COLLATE "C" PRIMARY KEY,
    spent_nano bigint NOT NULL DEFAULT 0,
    total_nano bigint NOT NULL DEFAULT 0,
    max_nano bigint,
    duration text,
    period_start timestamptz,
    reset_at timestamptz
  ) WITH (fillfactor = 60)`,
  `CREATE INDEX balances_reset_at ON turnpike.balances (reset_at) WHERE reset_at IS NOT NULL`,

  `CREATE TABLE turnpike.leases (
    account ${NAME},
    holder ${NAME},
    outstanding_nano bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    recalled boolean NOT NULL DEFAULT false,
    PRIMARY KEY (account, holder)
  ) WITH (fillfactor = 60)`,
  `CREATE INDEX leases_recalled ON turnpike.leases (holder) WHERE recalled`,

  `CREATE TABLE turnpike.spend_logs (
    day date NOT NULL,
    id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    cost_nano bigint NOT NULL,
    input_tokens integer NOT NULL,
    output_tokens integer NOT NULL,
    total_tokens integer NOT NULL,
    cached_input_tokens integer NOT NULL,
    cache_write_tokens integer NOT NULL,
    status_code integer,
    is_cost_unknown boolean NOT NULL,
    is_stream boolean NOT NULL,
    status ${NAME},
    cache text COLLATE "C",
    operation text COLLATE "C",
    call_id text COLLATE "C",
    key_hash text COLLATE "C",
    key_alias text,
    user_id text COLLATE "C",
    team_id text COLLATE "C",
    organization_id text COLLATE "C",
    customer_id text COLLATE "C",
    session_id text COLLATE "C",
    requested_model text,
    model text COLLATE "C",
    model_group text COLLATE "C",
    provider text COLLATE "C",
    deployment_id text COLLATE "C",
    error_code text COLLATE "C",
    ip text,
    tags text[] NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (day, id)
  ) PARTITION BY RANGE (day)`,
  ...['key_hash', 'user_id', 'team_id', 'customer_id', 'session_id', 'call_id', 'error_code'].map(
    (column) =>
      `CREATE INDEX spend_logs_${column} ON turnpike.spend_logs (${column}, day, id) WHERE ${column} IS NOT NULL`,
  ),

  `CREATE TABLE turnpike.daily_spend (
    kind ${NAME},
    day date NOT NULL,
    id ${NAME},
    key_hash ${NAME},
    user_id ${NAME},
    team_id ${NAME},
    organization_id ${NAME},
    model ${NAME},
    model_group ${NAME},
    provider ${NAME},
    requests bigint NOT NULL,
    successes bigint NOT NULL,
    failures bigint NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cached_input_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    spend_nano bigint NOT NULL,
    PRIMARY KEY (kind, day, id, key_hash, user_id, team_id, organization_id, model, model_group, provider)
  ) WITH (fillfactor = 80)`,
  ...['key_hash', 'user_id', 'team_id'].map(
    (column) => `CREATE INDEX daily_spend_${column} ON turnpike.daily_spend (${column}, day) WHERE kind = ''`,
  ),

  `CREATE TABLE turnpike.refused_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refused_at timestamptz NOT NULL DEFAULT now(),
    digest bytea NOT NULL UNIQUE,
    reason text NOT NULL,
    entry text NOT NULL
  )`,
];

export const settlement: Migration = { number: 2, title: 'settlement', statements: STATEMENTS };
