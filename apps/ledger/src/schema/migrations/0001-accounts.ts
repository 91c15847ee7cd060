// Keys, teams, users, organisations, customers, and what they may; models and settings; the order of changes.
import type { Migration } from './migration.js';

/** The largest whole number that JavaScript counts exactly. */
const MOST = '9007199254740991';

const AUTHORED = `
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by text`;

const BOUNDED = `
  max_budget_nano bigint CHECK (max_budget_nano BETWEEN 0 AND ${MOST}),
  soft_budget_nano bigint CHECK (soft_budget_nano BETWEEN 0 AND ${MOST}),
  budget_duration text,
  max_parallel_requests integer CHECK (max_parallel_requests >= 0),
  tpm_limit bigint CHECK (tpm_limit BETWEEN 0 AND ${MOST}),
  rpm_limit bigint CHECK (rpm_limit BETWEEN 0 AND ${MOST}),${AUTHORED}`;

const list = (name: string): string => `${name} text[] NOT NULL DEFAULT '{}'`;
const object = (name: string): string => `${name} jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(${name}) = 'object')`;
const optionalObject = (name: string): string => `${name} jsonb CHECK (jsonb_typeof(${name}) = 'object')`;
const BUDGET_WINDOWS = `budget_windows jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(budget_windows) = 'array')`;

const BUDGETS = `CREATE TABLE turnpike.budgets (
  budget_id text PRIMARY KEY,
  ${object('model_terms')},
  ${list('allowed_models')},${BOUNDED}
)`;

const ORGANIZATIONS = `CREATE TABLE turnpike.organizations (
  organization_id text PRIMARY KEY,
  organization_alias text,
  budget_id text REFERENCES turnpike.budgets,
  ${object('model_terms')},
  ${list('models')},
  ${optionalObject('object_permission')},
  ${object('metadata')},${BOUNDED}
)`;

const ORGANIZATION_MEMBERSHIPS = `CREATE TABLE turnpike.organization_memberships (
  organization_id text NOT NULL REFERENCES turnpike.organizations ON DELETE CASCADE,
  user_id text NOT NULL,
  role text NOT NULL,
  budget_id text REFERENCES turnpike.budgets,${AUTHORED},
  PRIMARY KEY (organization_id, user_id)
)`;

const TEAMS = `CREATE TABLE turnpike.teams (
  team_id text PRIMARY KEY,
  team_alias text,
  organization_id text REFERENCES turnpike.organizations,
  ${object('model_terms')},
  ${BUDGET_WINDOWS},
  ${optionalObject('default_member_terms')},
  member_key_duration text,
  ${list('models')},
  ${object('model_aliases')},
  ${list('access_group_ids')},
  ${list('default_member_models')},
  ${list('member_permissions')},
  ${optionalObject('object_permission')},
  ${object('router_settings')},
  ${list('policies')},
  allow_guardrail_config boolean NOT NULL DEFAULT false,
  ${object('metadata')},
  blocked boolean NOT NULL DEFAULT false,${BOUNDED}
)`;

const TEAM_MEMBERSHIPS = `CREATE TABLE turnpike.team_memberships (
  team_id text NOT NULL REFERENCES turnpike.teams ON DELETE CASCADE,
  user_id text NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'user')),
  budget_id text REFERENCES turnpike.budgets,
  ${list('models')},${BOUNDED},
  PRIMARY KEY (team_id, user_id)
)`;

const USERS = `CREATE TABLE turnpike.users (
  user_id text PRIMARY KEY,
  user_alias text,
  user_email text,
  user_role text,
  sso_user_id text UNIQUE,
  password text,
  organization_id text REFERENCES turnpike.organizations,
  ${object('model_terms')},
  ${list('models')},
  ${list('allowed_cache_controls')},
  ${optionalObject('object_permission')},
  ${list('policies')},
  ${object('metadata')},${BOUNDED}
)`;

/** A key of a team that is not there would have no bounds at all: hence the references. Users need not be known. */
const VIRTUAL_KEYS = `CREATE TABLE turnpike.virtual_keys (
  token text PRIMARY KEY CHECK (token ~ '^[0-9a-f]{64}$'),
  key_name text NOT NULL,
  key_alias text UNIQUE,
  user_id text,
  team_id text REFERENCES turnpike.teams,
  organization_id text REFERENCES turnpike.organizations,
  project_id text,
  agent_id text,
  budget_id text REFERENCES turnpike.budgets,
  ${object('model_terms')},
  ${BUDGET_WINDOWS},
  ${list('models')},
  ${object('aliases')},
  ${list('access_group_ids')},
  ${list('allowed_routes')},
  ${list('allowed_cache_controls')},
  ${object('permissions')},
  ${optionalObject('object_permission')},
  ${object('config')},
  ${object('router_settings')},
  ${object('metadata')},
  blocked boolean NOT NULL DEFAULT false,
  expires timestamptz,
  last_active timestamptz,
  rotation_count integer NOT NULL DEFAULT 0 CHECK (rotation_count >= 0),
  auto_rotate boolean NOT NULL DEFAULT false,
  rotation_interval text,
  last_rotation_at timestamptz,
  key_rotation_at timestamptz,${BOUNDED}
)`;

/** When the active key is replaced as well, those before it stand for the newest. */
const DEPRECATED_KEYS = `CREATE TABLE turnpike.deprecated_keys (
  token text PRIMARY KEY CHECK (token ~ '^[0-9a-f]{64}$'),
  active_token_id text NOT NULL REFERENCES turnpike.virtual_keys ON UPDATE CASCADE ON DELETE CASCADE,
  revoke_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
)`;

const DELETED_KEYS = `CREATE TABLE turnpike.deleted_keys (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token text NOT NULL,
  key_alias text,
  user_id text,
  team_id text,
  organization_id text,
  record jsonb NOT NULL,
  deleted_at timestamptz NOT NULL DEFAULT now(),
  deleted_by text
)`;

const CUSTOMERS = `CREATE TABLE turnpike.customers (
  customer_id text PRIMARY KEY,
  alias text,
  budget_id text REFERENCES turnpike.budgets,
  allowed_model_region text,
  default_model text,
  ${optionalObject('object_permission')},
  blocked boolean NOT NULL DEFAULT false,${BOUNDED}
)`;

const TAGS = `CREATE TABLE turnpike.tags (
  tag_name text PRIMARY KEY,
  description text,
  ${list('models')},
  ${object('model_info')},
  budget_id text REFERENCES turnpike.budgets,
  ${object('model_terms')},${BOUNDED}
)`;

const ACCESS_GROUPS = `CREATE TABLE turnpike.access_groups (
  access_group_id text PRIMARY KEY,
  name text NOT NULL UNIQUE,
  description text,
  ${list('models')},
  ${list('model_ids')},${AUTHORED}
)`;

const MODELS = `CREATE TABLE turnpike.models (
  model_id text PRIMARY KEY,
  model_name text NOT NULL,
  litellm_params text NOT NULL,
  ${object('model_info')},
  team_id text REFERENCES turnpike.teams ON DELETE CASCADE,
  team_public_model_name text,
  blocked boolean NOT NULL DEFAULT false,${AUTHORED}
)`;

const CREDENTIALS = `CREATE TABLE turnpike.credentials (
  credential_id text PRIMARY KEY,
  credential_name text NOT NULL UNIQUE,
  credential_values text NOT NULL,
  ${object('credential_info')},${AUTHORED}
)`;

const SETTINGS = `CREATE TABLE turnpike.settings (
  param_name text PRIMARY KEY,
  param_value text NOT NULL,${AUTHORED}
)`;

const AUDIT_LOG = `CREATE TABLE turnpike.audit_log (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  changed_by text,
  changed_by_api_key text,
  action text NOT NULL,
  table_name text NOT NULL,
  object_id text NOT NULL,
  ${optionalObject('before_value')},
  ${optionalObject('updated_values')}
)`;

const CHANGE_CLOCK = `CREATE TABLE turnpike.change_clock (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  sequence bigint NOT NULL,
  pruned_through bigint NOT NULL CHECK (pruned_through <= sequence)
)`;

const CHANGES = `CREATE TABLE turnpike.changes (
  sequence bigint PRIMARY KEY,
  kind text NOT NULL,
  id text NOT NULL,
  at timestamptz NOT NULL
)`;

const SECRET_CHECK = `CREATE TABLE turnpike.secret_check (
  name text PRIMARY KEY,
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
)`;

/** For every look-up that is not by primary key or unique name; lists begin with the newest. */
const INDEXES: readonly (readonly [table: string, ...columns: string[]])[] = [
  [
    'virtual_keys',
    'user_id',
    'team_id',
    'organization_id',
    'project_id',
    'budget_id',
    'created_by',
    'created_at',
    'key_rotation_at',
  ],
  ['deprecated_keys', 'active_token_id', 'revoke_at'],
  ['deleted_keys', 'token', 'key_alias', 'user_id', 'team_id', 'organization_id', 'deleted_at'],
  ['teams', 'team_alias', 'organization_id', 'created_at'],
  ['team_memberships', 'user_id', 'budget_id'],
  ['users', 'lower(user_email)', 'user_role', 'organization_id', 'created_at'],
  ['organizations', 'organization_alias', 'budget_id', 'created_at'],
  ['organization_memberships', 'user_id', 'budget_id'],
  ['customers', 'budget_id', 'created_at'],
  ['budgets', 'created_at'],
  ['tags', 'budget_id', 'created_at'],
  ['models', 'model_name', 'team_id', 'created_at'],
  ['audit_log', 'updated_at', 'object_id', 'changed_by', 'changed_by_api_key'],
  ['changes', 'at'],
];

const indexes = INDEXES.flatMap(([table, ...columns]) =>
  columns.map((column) => {
    const name = `${table}_${column.replace(/\W+/g, '_').replace(/_$/, '')}_idx`;
    return `CREATE INDEX ${name} ON turnpike.${table} (${column})`;
  }),
);

export const accounts: Migration = {
  number: 1,
  title: 'accounts',
  statements: [
    BUDGETS,
    ORGANIZATIONS,
    ORGANIZATION_MEMBERSHIPS,
    TEAMS,
    TEAM_MEMBERSHIPS,
    USERS,
    VIRTUAL_KEYS,
    DEPRECATED_KEYS,
    DELETED_KEYS,
    CUSTOMERS,
    TAGS,
    ACCESS_GROUPS,
    MODELS,
    CREDENTIALS,
    SETTINGS,
    AUDIT_LOG,
    CHANGE_CLOCK,
    CHANGES,
    SECRET_CHECK,
    ...indexes,
    'INSERT INTO turnpike.change_clock (sequence, pruned_through) VALUES (0, 0)',
  ],
};
