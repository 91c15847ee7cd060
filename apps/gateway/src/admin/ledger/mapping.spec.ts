import { describe, expect, it } from '@jest/globals';
import { formatUsd } from '@turnpike/pricing';
import { Customer, Organization, SharedBudget, Tag, Team, User, VirtualKey } from '@turnpike/rpc';
import fc from 'fast-check';
import { BUDGET_FIELDS } from './budget.json.js';
import { CUSTOMER_FIELDS } from './customer.json.js';
import { emptyFields, readChanges, readNew, requestShape, writeFields, type FieldTable } from './fields.js';
import { KEY_FIELDS } from './key.json.js';
import { ORGANIZATION_FIELDS } from './organization.json.js';
import { TAG_FIELDS } from './tag.json.js';
import { TEAM_FIELDS } from './team.json.js';
import { USER_FIELDS } from './user.json.js';

const NOUNS = {
  key: KEY_FIELDS,
  team: TEAM_FIELDS,
  user: USER_FIELDS,
  budget: BUDGET_FIELDS,
  customer: CUSTOMER_FIELDS,
  organization: ORGANIZATION_FIELDS,
  tag: TAG_FIELDS,
};
const MESSAGES = {
  key: VirtualKey,
  team: Team,
  user: User,
  budget: SharedBudget,
  customer: Customer,
  organization: Organization,
  tag: Tag,
};
type Noun = keyof typeof NOUNS;
const nouns = Object.keys(NOUNS) as Noun[];

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
/** Beyond 8 million dollars a number does not hold every nano-dollar. */
const usd = fc.integer({ min: 0, max: 8e15 }).map((nano) => Number(formatUsd(nano)));
const count = fc.nat();
const texts = fc.array(name, { maxLength: 3 });
const open = fc.dictionary(name, fc.oneof(name, count, fc.boolean(), texts), { maxKeys: 3 });
const counts = fc.dictionary(name, count, { maxKeys: 3 });
const duration = fc.constantFrom('30s', '1d', '1mo');
const modelBudget = fc
  .record({ max: usd, duration, rpm: count, tpm: count })
  .map(({ max, duration: period, rpm, tpm }) => ({
    max_budget: max,
    budget_limit: max,
    budget_duration: period,
    time_period: period,
    rpm_limit: rpm,
    tpm_limit: tpm,
  }));
const limitType = fc.constantFrom('guaranteed_throughput', 'best_effort_throughput', 'dynamic');

/** What may be given by each name, whatever it is a field of. */
const VALUES: Record<string, fc.Arbitrary<unknown>> = {
  max_budget: usd,
  soft_budget: usd,
  team_member_budget: usd,
  temp_budget_increase: fc.double({ min: 0, max: 1000, noNaN: true }),
  rpm_limit: count,
  tpm_limit: count,
  max_parallel_requests: fc.nat(1_000),
  team_member_rpm_limit: count,
  team_member_tpm_limit: count,
  budget_duration: duration,
  team_member_budget_duration: duration,
  team_member_key_duration: duration,
  rotation_interval: duration,
  temp_budget_expiry: fc.constant('2030-01-31T00:00:00Z'),
  model_max_budget: fc.dictionary(name, modelBudget, { maxKeys: 3 }),
  budget_limits: fc.array(fc.record({ budget_duration: duration, max_budget: usd }), { maxLength: 3 }),
  model_rpm_limit: counts,
  model_tpm_limit: counts,
  rpm_limit_type: limitType,
  tpm_limit_type: limitType,
  aliases: fc.dictionary(name, name, { maxKeys: 3 }),
  model_aliases: fc.dictionary(name, name, { maxKeys: 3 }),
  blocked: fc.boolean(),
  auto_rotate: fc.boolean(),
  allow_team_guardrail_config: fc.boolean(),
  disable_global_guardrails: fc.boolean(),
  disable_fallbacks: fc.boolean(),
  allow_client_mock_response: fc.boolean(),
  user_role: fc.constantFrom('proxy_admin', 'internal_user'),
  allowed_model_region: fc.constantFrom('eu', 'us'),
  logging: fc.array(open, { maxLength: 2 }),
  ...Object.fromEntries(
    ['metadata', 'permissions', 'object_permission', 'config', 'router_settings', 'cache', 'spend_logs_metadata'].map(
      (one) => [one, open],
    ),
  ),
  max_budget_alert_emails: open,
  model_info: open,
  secret_manager_settings: open,
  ...Object.fromEntries(
    [
      ...['models', 'access_group_ids', 'allowed_routes', 'allowed_cache_controls', 'default_team_member_models'],
      ...['team_member_permissions', 'policies', 'tags', 'guardrails', 'prompts', 'enforced_params', 'allowed_tools'],
      ...['allowed_passthrough_routes', 'allowed_vector_store_indexes', 'allowed_models'],
    ].map((one) => [one, texts]),
  ),
  ...Object.fromEntries(
    [
      ...['key_alias', 'user_id', 'team_id', 'organization_id', 'project_id', 'agent_id', 'budget_id', 'team_alias'],
      ...['user_alias', 'user_email', 'sso_user_id', 'alias', 'default_model', 'organization_alias', 'description'],
    ].map((one) => [one, name]),
  ),
};

const bodies = (table: FieldTable): fc.Arbitrary<Record<string, unknown>> => {
  const writable = Object.keys(requestShape(table));
  for (const one of writable) if (!VALUES[one]) throw new Error(`what may ${one} be?`);
  return fc.record(Object.fromEntries(writable.map((one) => [one, VALUES[one]!])), { requiredKeys: [] });
};

const overWire = (noun: Noun, message: object): object => {
  const { fromPartial, encode, decode } = MESSAGES[noun] as typeof VirtualKey;
  return decode(encode(fromPartial(message)).finish());
};

/** The fields given, by their paths. */
const pathsOf = (noun: Noun, body: object): string[] => [
  ...new Set(Object.keys(body).map((one) => NOUNS[noun][one]!.path)),
];

describe.each(nouns)('a %s', (noun) => {
  const table: FieldTable = NOUNS[noun];

  it('is told as it was given, over the wire and back', () => {
    fc.assert(
      fc.property(bodies(table), (body) => {
        expect(writeFields(table, overWire(noun, readNew(table, body)))).toMatchObject(body);
      }),
    );
  });

  it('changes in what is given, and in nothing else', () => {
    fc.assert(
      fc.property(bodies(table), (body) => {
        expect(readChanges(table, body).updateMask.sort()).toEqual(pathsOf(noun, body).sort());
      }),
    );
  });

  it('has every field cleared by null', () => {
    const body = emptyFields(table);
    const { changes, updateMask } = readChanges(table, body);
    expect(changes).toEqual({});
    expect(updateMask.sort()).toEqual(pathsOf(noun, body).sort());
  });

  it('names no field that its message has not', () => {
    const fields = Object.keys((MESSAGES[noun] as typeof VirtualKey).fromPartial({}));
    const camelCase = (text: string): string => text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    for (const { path } of Object.values(table)) expect(fields).toContain(camelCase(path.split('.')[0]!));
  });

  it('is told with nothing made up where nothing was given', () => {
    const told = Object.values(writeFields(table, overWire(noun, {})));
    const nothing = ['null', 'false', '0', '[]', '{}'];
    expect(told.filter((value) => !nothing.includes(JSON.stringify(value)))).toEqual([]);
  });
});

describe('money', () => {
  it.each<[string | number, number]>([
    [0.1, 100_000_000],
    ['0.1', 100_000_000],
    [0.3, 300_000_000],
    [1e-9, 1],
    ['1e-3', 1_000_000],
    [12.34, 12_340_000_000],
    [100, 100_000_000_000],
    [0, 0],
  ])('%p dollars are %p nano-dollars', (sent, nano) => {
    expect(readNew<VirtualKey>(KEY_FIELDS, { max_budget: sent }).budget).toEqual({ maxNanoUsd: nano });
  });
});

describe('budgets by model', () => {
  const termsOf = (json: unknown): unknown =>
    readNew<VirtualKey>(KEY_FIELDS, { model_max_budget: { 'gpt-4o': json } }).modelTerms;

  it.each<[string, unknown, object]>([
    ['an amount alone', 5, { budget: { maxNanoUsd: 5e9 } }],
    ['an amount as a text', '0.5', { budget: { maxNanoUsd: 5e8 } }],
    [
      "LiteLLM's first spelling",
      { budget_limit: 5, time_period: '1d' },
      { budget: { maxNanoUsd: 5e9, duration: '1d' } },
    ],
    ['its second', { max_budget: 5, budget_duration: '1d' }, { budget: { maxNanoUsd: 5e9, duration: '1d' } }],
    ['limits alone', { rpm_limit: 3, tpm_limit: '40' }, { limits: { rpm: 3, tpm: 40 } }],
  ])('are read from %s', (_, json, terms) => {
    expect(JSON.parse(JSON.stringify(termsOf(json)))).toEqual({ 'gpt-4o': terms });
  });
});

describe('what LiteLLM keeps in metadata', () => {
  it('joins the metadata that is given beside it', () => {
    const body = { metadata: { cost_centre: 7 }, tags: ['a'] };
    expect(readNew(KEY_FIELDS, body)).toEqual({ metadata: { cost_centre: 7, tags: ['a'] } });
    expect(body.metadata).toEqual({ cost_centre: 7 });
  });

  it('leaves the rest of the metadata alone in a change', () => {
    expect(readChanges(KEY_FIELDS, { tags: ['a'], guardrails: null })).toEqual({
      changes: { metadata: { tags: ['a'] } },
      updateMask: ['metadata.tags', 'metadata.guardrails'],
    });
  });

  it('is told in both places, and only where it is there', () => {
    const told = writeFields(KEY_FIELDS, VirtualKey.fromPartial({ metadata: { tags: ['a'] } }));
    expect(told).toMatchObject({ tags: ['a'], metadata: { tags: ['a'] } });
    expect(told).not.toHaveProperty('guardrails');
  });
});
