// A database as the LiteLLM proxy keeps it, for tests of the import: its tables, and rows as they are found in the wild.
import { createCipheriv, createHash, hkdfSync } from 'node:crypto';
import { Client } from 'pg';

/** What secrets in it are sealed with. */
export const OLD_SALT = 'sk-salt-of-the-old-one';

/** Columns by table, as its migrations make them; what a test has no use for is left out. */
const TABLES: Readonly<Record<string, string>> = {
  LiteLLM_BudgetTable: `budget_id text PRIMARY KEY, max_budget float8, soft_budget float8, max_parallel_requests int4,
    tpm_limit int8, rpm_limit int8, model_max_budget jsonb, budget_duration text, budget_reset_at timestamp(3),
    allowed_models text[] DEFAULT '{}', created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by text NOT NULL DEFAULT 'admin', updated_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_by text NOT NULL DEFAULT 'admin'`,
  LiteLLM_OrganizationTable: `organization_id text PRIMARY KEY, organization_alias text NOT NULL, budget_id text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}', models text[], spend float8 NOT NULL DEFAULT 0,
    model_spend jsonb NOT NULL DEFAULT '{}', object_permission_id text,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, created_by text NOT NULL DEFAULT 'admin',
    updated_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_by text NOT NULL DEFAULT 'admin'`,
  LiteLLM_ModelTable: `id serial PRIMARY KEY, aliases jsonb`,
  LiteLLM_TeamTable: `team_id text PRIMARY KEY, team_alias text, organization_id text, object_permission_id text,
    admins text[], members text[], members_with_roles jsonb NOT NULL DEFAULT '{}', metadata jsonb NOT NULL DEFAULT '{}',
    max_budget float8, soft_budget float8, spend float8 NOT NULL DEFAULT 0, models text[], max_parallel_requests int4,
    tpm_limit int8, rpm_limit int8, budget_duration text, budget_reset_at timestamp(3),
    blocked boolean NOT NULL DEFAULT false, created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, model_spend jsonb NOT NULL DEFAULT '{}',
    model_max_budget jsonb NOT NULL DEFAULT '{}', router_settings jsonb DEFAULT '{}',
    team_member_permissions text[] DEFAULT '{}', access_group_ids text[] DEFAULT '{}', policies text[] DEFAULT '{}',
    default_team_member_models text[] DEFAULT '{}', budget_limits jsonb, model_id int4,
    allow_team_guardrail_config boolean NOT NULL DEFAULT false`,
  LiteLLM_UserTable: `user_id text PRIMARY KEY, user_alias text, team_id text, sso_user_id text UNIQUE,
    organization_id text, object_permission_id text, password text, teams text[] DEFAULT '{}', user_role text,
    max_budget float8, spend float8 NOT NULL DEFAULT 0, user_email text, models text[],
    metadata jsonb NOT NULL DEFAULT '{}', max_parallel_requests int4, tpm_limit int8, rpm_limit int8,
    budget_duration text, budget_reset_at timestamp(3), allowed_cache_controls text[] DEFAULT '{}',
    policies text[] DEFAULT '{}', model_spend jsonb NOT NULL DEFAULT '{}', model_max_budget jsonb NOT NULL DEFAULT '{}',
    created_at timestamp(3) DEFAULT CURRENT_TIMESTAMP, updated_at timestamp(3) DEFAULT CURRENT_TIMESTAMP`,
  LiteLLM_ObjectPermissionTable: `object_permission_id text PRIMARY KEY, mcp_servers text[] DEFAULT '{}',
    vector_stores text[] DEFAULT '{}', mcp_tool_permissions jsonb`,
  LiteLLM_VerificationToken: `token text PRIMARY KEY, key_name text, key_alias text,
    soft_budget_cooldown boolean NOT NULL DEFAULT false, spend float8 NOT NULL DEFAULT 0, expires timestamp(3),
    models text[], aliases jsonb NOT NULL DEFAULT '{}', config jsonb NOT NULL DEFAULT '{}',
    router_settings jsonb DEFAULT '{}', user_id text, team_id text, agent_id text, project_id text,
    permissions jsonb NOT NULL DEFAULT '{}', max_parallel_requests int4, metadata jsonb NOT NULL DEFAULT '{}',
    blocked boolean, tpm_limit int8, rpm_limit int8, max_budget float8, budget_duration text,
    budget_reset_at timestamp(3), allowed_cache_controls text[] DEFAULT '{}', allowed_routes text[] DEFAULT '{}',
    policies text[] DEFAULT '{}', access_group_ids text[] DEFAULT '{}', model_spend jsonb NOT NULL DEFAULT '{}',
    model_max_budget jsonb NOT NULL DEFAULT '{}', budget_limits jsonb, budget_id text, organization_id text,
    object_permission_id text, created_at timestamp(3) DEFAULT CURRENT_TIMESTAMP, created_by text,
    updated_at timestamp(3) DEFAULT CURRENT_TIMESTAMP, updated_by text, last_active timestamp(3),
    rotation_count int4 DEFAULT 0, auto_rotate boolean DEFAULT false, rotation_interval text,
    last_rotation_at timestamp(3), key_rotation_at timestamp(3)`,
  LiteLLM_DeprecatedVerificationToken: `id text PRIMARY KEY DEFAULT gen_random_uuid()::text, token text NOT NULL,
    active_token_id text NOT NULL, revoke_at timestamp(3) NOT NULL,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP`,
  LiteLLM_EndUserTable: `user_id text PRIMARY KEY, alias text, spend float8 NOT NULL DEFAULT 0,
    allowed_model_region text, default_model text, budget_id text, object_permission_id text,
    blocked boolean NOT NULL DEFAULT false`,
  LiteLLM_TagTable: `tag_name text PRIMARY KEY, description text, models text[], model_info jsonb,
    spend float8 NOT NULL DEFAULT 0, budget_id text, created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by text, updated_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP`,
  LiteLLM_TeamMembership: `user_id text NOT NULL, team_id text NOT NULL, spend float8 NOT NULL DEFAULT 0,
    total_spend float8 NOT NULL DEFAULT 0, budget_id text, PRIMARY KEY (user_id, team_id)`,
  LiteLLM_OrganizationMembership: `user_id text NOT NULL, organization_id text NOT NULL, user_role text,
    spend float8 DEFAULT 0, budget_id text, created_at timestamp(3) DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (user_id, organization_id)`,
  LiteLLM_AccessGroupTable: `access_group_id text PRIMARY KEY, access_group_name text NOT NULL UNIQUE, description text,
    access_model_names text[] DEFAULT '{}', access_agent_ids text[] DEFAULT '{}', assigned_team_ids text[] DEFAULT '{}'`,
  LiteLLM_ProxyModelTable: `model_id text PRIMARY KEY, model_name text NOT NULL, litellm_params jsonb NOT NULL,
    model_info jsonb, blocked boolean NOT NULL DEFAULT false, created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by text NOT NULL DEFAULT 'admin', updated_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_by text NOT NULL DEFAULT 'admin'`,
  LiteLLM_CredentialsTable: `credential_id text PRIMARY KEY, credential_name text NOT NULL UNIQUE,
    credential_values jsonb NOT NULL, credential_info jsonb, created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by text NOT NULL DEFAULT 'admin', updated_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_by text NOT NULL DEFAULT 'admin'`,
  LiteLLM_Config: `param_name text PRIMARY KEY, param_value jsonb`,
  LiteLLM_PromptTable: `id text PRIMARY KEY, prompt_id text NOT NULL`,
  LiteLLM_SpendLogs: `request_id text PRIMARY KEY, call_type text NOT NULL, api_key text NOT NULL DEFAULT '',
    spend float8 NOT NULL DEFAULT 0, total_tokens int4 NOT NULL DEFAULT 0, prompt_tokens int4 NOT NULL DEFAULT 0,
    completion_tokens int4 NOT NULL DEFAULT 0, "startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL,
    "completionStartTime" timestamp(3), model text NOT NULL DEFAULT '', model_id text DEFAULT '',
    model_group text DEFAULT '', custom_llm_provider text DEFAULT '', api_base text DEFAULT '', "user" text DEFAULT '',
    metadata jsonb DEFAULT '{}', cache_hit text DEFAULT '', cache_key text DEFAULT '', request_tags jsonb DEFAULT '[]',
    team_id text, organization_id text, end_user text, requester_ip_address text, messages jsonb DEFAULT '{}',
    response jsonb DEFAULT '{}', session_id text, status text`,
  ...Object.fromEntries(
    [
      ['LiteLLM_DailyUserSpend', 'user_id'],
      ['LiteLLM_DailyTeamSpend', 'team_id'],
      ['LiteLLM_DailyEndUserSpend', 'end_user_id'],
      ['LiteLLM_DailyTagSpend', 'tag'],
    ].map(([table, entity]) => [
      table,
      `id text PRIMARY KEY DEFAULT gen_random_uuid()::text, ${entity} text, date text NOT NULL, api_key text NOT NULL,
       model text, model_group text, custom_llm_provider text, mcp_namespaced_tool_name text, endpoint text,
       prompt_tokens int8 NOT NULL DEFAULT 0, completion_tokens int8 NOT NULL DEFAULT 0,
       cache_read_input_tokens int8 NOT NULL DEFAULT 0, cache_creation_input_tokens int8 NOT NULL DEFAULT 0,
       spend float8 NOT NULL DEFAULT 0, api_requests int8 NOT NULL DEFAULT 0,
       successful_requests int8 NOT NULL DEFAULT 0, failed_requests int8 NOT NULL DEFAULT 0`,
    ]),
  ),
};

/** What a database of early 2024 had of it. */
const EARLY_TABLES: Readonly<Record<string, string>> = {
  LiteLLM_BudgetTable: `budget_id text PRIMARY KEY, max_budget float8, budget_duration text, budget_reset_at timestamp(3)`,
  LiteLLM_TeamTable: `team_id text PRIMARY KEY, team_alias text, admins text[], members text[], max_budget float8,
    spend float8 NOT NULL DEFAULT 0, models text[], blocked boolean NOT NULL DEFAULT false`,
  LiteLLM_UserTable: `user_id text PRIMARY KEY, max_budget float8, spend float8 NOT NULL DEFAULT 0, user_email text,
    models text[]`,
  LiteLLM_VerificationToken: `token text PRIMARY KEY, spend float8 NOT NULL DEFAULT 0, expires timestamp(3), models text[],
    aliases jsonb NOT NULL DEFAULT '{}', user_id text, team_id text, max_budget float8, a_column_of_tomorrow jsonb`,
};

type Row = Readonly<Record<string, unknown>>;

export class LitellmDatabase {
  private constructor(
    readonly url: string,
    private readonly schema: string,
    private readonly client: Client,
  ) {}

  /** @param url of an empty database, as somebody who may make tables in it */
  static async make(
    url: string,
    { isEarly = false, schema = 'public' }: { isEarly?: boolean; schema?: string } = {},
  ): Promise<LitellmDatabase> {
    const client = new Client({ connectionString: url });
    // A server that ends before the test has closed this is no failure of the test.
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    for (const [table, columns] of Object.entries(isEarly ? EARLY_TABLES : TABLES))
      await client.query(`CREATE TABLE "${schema}"."${table}" (${columns})`);
    return new LitellmDatabase(url, schema, client);
  }

  /** Objects become JSON, lists of texts arrays. */
  async insert(table: string, ...rows: readonly Row[]): Promise<void> {
    for (const row of rows) {
      const columns = Object.keys(row).map((column) => `"${column}"`);
      const places = columns.map((_, index) => `$${index + 1}`);
      const values = Object.values(row).map((value) => (isDocument(value) ? JSON.stringify(value) : value));
      await this.client.query(
        `INSERT INTO "${this.schema}"."${table}" (${columns.join(', ')}) VALUES (${places.join(', ')})`,
        values,
      );
    }
  }

  async query<Result extends object = Row>(sql: string): Promise<Result[]> {
    return (await this.client.query<Result>(sql)).rows;
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

const isDocument = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !(value instanceof Date) &&
  (!Array.isArray(value) || value.some((item) => typeof item === 'object'));

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** As it seals values today: `v3:gcm:`, or `v2:gcm:`, which has the key unstretched. */
export const sealed = (text: string, version: 'v2' | 'v3' = 'v3', salt = OLD_SALT): string => {
  const key =
    version === 'v2'
      ? Buffer.from(hashOf(salt), 'hex')
      : Buffer.from(hkdfSync('sha256', salt, '', 'litellm-at-rest-v3', 32));
  const nonce = createHash('sha256').update(text).digest().subarray(0, 12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${version}:gcm:${bytes.toString('base64url')}`;
};
