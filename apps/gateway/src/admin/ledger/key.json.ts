// Virtual keys: LiteLLM's JSON from and to the ledger's messages.
import { isJsonObject, KEY_TYPES, type JsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import type { GenerateKeyRequest, RegenerateKeyRequest, UpdateKeyRequest, VirtualKey } from '@turnpike/rpc';
import { bodyOf, must, names, optional, required } from './body.js';
import {
  answerShape,
  emptyFields,
  readChanges,
  readNew,
  requestShape,
  writeFields,
  type Body,
  type FieldTable,
  type Filled,
} from './fields.js';
import {
  count,
  flag,
  folded,
  foldedCounts,
  foldedFlag,
  foldedNumber,
  foldedObject,
  foldedTexts,
  foldedWord,
  modelTerms,
  object,
  objectOrNull,
  spend,
  spendMap,
  text,
  textMap,
  texts,
  time,
  told,
  toldCount,
  usd,
  usdSchema,
  windows,
} from './kinds.js';

const LIMIT_TYPES = ['guaranteed_throughput', 'best_effort_throughput', 'dynamic'] as const;

/** What LiteLLM keeps in the metadata of a key, though it is asked for beside them. */
const FOLDED: FieldTable = {
  tags: foldedTexts('tags'),
  guardrails: foldedTexts('guardrails'),
  policies: foldedTexts('policies'),
  prompts: foldedTexts('prompts'),
  enforced_params: foldedTexts('enforced_params'),
  model_rpm_limit: foldedCounts('model_rpm_limit'),
  model_tpm_limit: foldedCounts('model_tpm_limit'),
  rpm_limit_type: foldedWord('rpm_limit_type', LIMIT_TYPES),
  tpm_limit_type: foldedWord('tpm_limit_type', LIMIT_TYPES),
  allowed_passthrough_routes: folded('allowed_passthrough_routes', z.array(z.unknown(), { error: must('be a list') })),
  allowed_vector_store_indexes: folded(
    'allowed_vector_store_indexes',
    z.array(z.unknown(), { error: must('be a list') }),
  ),
  temp_budget_increase: foldedNumber('temp_budget_increase'),
  temp_budget_expiry: folded(
    'temp_budget_expiry',
    z.string({ error: must('be a time, such as 2030-01-31T00:00:00Z') }),
  ),
  logging: folded('logging', z.array(z.unknown(), { error: must('be a list of callbacks') })),
  disable_global_guardrails: foldedFlag('disable_global_guardrails'),
  disable_fallbacks: foldedFlag('disable_fallbacks'),
  cache: foldedObject('cache'),
  spend_logs_metadata: foldedObject('spend_logs_metadata'),
  allowed_tools: foldedTexts('allowed_tools'),
  allow_client_mock_response: foldedFlag('allow_client_mock_response'),
  max_budget_alert_emails: foldedObject('max_budget_alert_emails'),
};

export const KEY_FIELDS: FieldTable = {
  key_alias: text('key_alias'),
  user_id: text('user_id'),
  team_id: text('team_id'),
  organization_id: text('organization_id'),
  project_id: text('project_id'),
  agent_id: text('agent_id'),
  budget_id: text('budget_id'),
  max_budget: usd('budget.max_nano_usd'),
  soft_budget: usd('budget.soft_nano_usd'),
  budget_duration: text('budget.duration'),
  rpm_limit: count('limits.rpm'),
  tpm_limit: count('limits.tpm'),
  max_parallel_requests: count('limits.max_parallel_requests'),
  model_max_budget: modelTerms('model_terms'),
  budget_limits: windows('budget_windows'),
  models: texts('models'),
  aliases: textMap('aliases'),
  access_group_ids: texts('access_group_ids'),
  allowed_routes: texts('allowed_routes'),
  allowed_cache_controls: texts('allowed_cache_controls'),
  permissions: object('permissions'),
  object_permission: objectOrNull('object_permission'),
  config: object('config'),
  router_settings: object('router_settings'),
  metadata: object('metadata'),
  blocked: flag('blocked'),
  auto_rotate: flag('auto_rotate'),
  rotation_interval: text('rotation_interval'),
  ...FOLDED,
  token: told('token'),
  key_name: told('key_name'),
  spend: spend(),
  model_spend: spendMap('model_spend_nano_usd'),
  budget_reset_at: time('budget.reset_at'),
  expires: time('expires'),
  last_active: time('last_active'),
  rotation_count: toldCount('rotation_count'),
  last_rotation_at: time('last_rotation_at'),
  key_rotation_at: time('key_rotation_at'),
  created_at: time('authorship.created_at'),
  created_by: told('authorship.created_by'),
  updated_at: time('authorship.updated_at'),
  updated_by: told('authorship.updated_by'),
};

const wish = {
  ...requestShape(KEY_FIELDS),
  duration: optional.describe('How long the key lives: 30d'),
  key_type: z.enum(Object.keys(KEY_TYPES), { error: must(`be one of ${Object.keys(KEY_TYPES).join(', ')}`) }).nullish(),
};

export const newKeyBody = bodyOf({ ...wish, key: optional.describe('The secret, where the caller chooses it') });
export const keyChangesBody = bodyOf({
  ...wish,
  key: required.describe('The secret or its hash'),
  spend: usdSchema.nullish().describe('What is spent becomes this'),
});
export const regenerateKeyBody = bodyOf({
  ...wish,
  key: optional.describe("The secret or its hash; absent: the caller's own"),
  new_key: optional.describe('The new secret, where the caller chooses it'),
  grace_period: optional.describe('How long the old secret goes on: 24h'),
  new_master_key: z
    .never({ error: 'is not known here: the master key is changed where the gateway is started' })
    .nullish(),
});
export const keyBody = bodyOf({ key: required.describe('The secret or its hash') });
export const keysBody = bodyOf({ keys: names });
export const deleteKeysBody = bodyOf({ keys: names.nullish(), key_aliases: names.nullish() });
export const resetSpendBody = bodyOf({ reset_to: usdSchema });
export const bulkKeysBody = bodyOf({
  keys: z.array(bodyOf({ key: required }), { error: must('be a list of keys with what changes of each') }),
});

export const keyAnswer = z.object(answerShape(KEY_FIELDS));
export const newKeyAnswer = keyAnswer.extend({
  key: z.string().describe('The secret: it is in this answer only'),
  token_id: z.string(),
});
export const changedKeyAnswer = keyAnswer.extend({ key: z.string() });

/** @param body checked by `newKeyBody` */
export const toNewKey = (
  body: Body,
  isServiceAccount = false,
): Omit<GenerateKeyRequest, 'key'> & { key: Filled<VirtualKey> } => {
  const key = readNew<VirtualKey>(KEY_FIELDS, withRoutes(body));
  mustExpire(key);
  return { key, secret: textOf(body['key']), duration: textOf(body['duration']), isServiceAccount };
};

/** @param body checked by `keyChangesBody` */
export const toKeyChanges = (
  body: Body,
): Pick<UpdateKeyRequest, 'key' | 'duration'> & { changes: Filled<VirtualKey>; updateMask: string[] } => {
  const wanted = readChanges<VirtualKey>(KEY_FIELDS, withRoutes(body));
  mustExpire(wanted.changes);
  // Null is a value, too: the key does not expire any more.
  const duration = body['duration'] === null ? '-1' : textOf(body['duration']);
  return { key: textOf(body['key']), ...wanted, duration };
};

/** @param body checked by `regenerateKeyBody` */
export const toRegeneratedKey = (
  body: Body,
): Omit<RegenerateKeyRequest, 'changes'> & { changes: Filled<VirtualKey> } => ({
  ...toKeyChanges(body),
  newSecret: textOf(body['new_key']),
  gracePeriod: textOf(body['grace_period']),
});

/** A row, as LiteLLM calls it. */
export const fromKey = (key: VirtualKey): JsonObject => ({
  ...writeFields(KEY_FIELDS, key),
  soft_budget_cooldown: false,
  litellm_budget_table: null,
});

/** The row without the token, as the info routes tell it. */
export const fromKeyInfo = (key: VirtualKey): JsonObject => ({ ...fromKey(key), token: undefined });

/** With the secret, and with null for whatever could have been asked for. */
export const fromNewKey = (secret: string, key: VirtualKey): JsonObject => ({
  ...emptyFields(KEY_FIELDS),
  ...fromKey(key),
  key: secret,
  token_id: key.token,
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const withRoutes = (body: Body): Body => {
  const type = body['key_type'];
  const routes = typeof type === 'string' && Object.hasOwn(KEY_TYPES, type) ? KEY_TYPES[type]! : [];
  return routes.length === 0 ? body : { ...body, allowed_routes: [...routes] };
};

const mustExpire = ({ metadata }: Filled<VirtualKey>): void => {
  const { temp_budget_increase: increase, temp_budget_expiry: expiry } = isJsonObject(metadata) ? metadata : {};
  if ((increase === undefined) === (expiry === undefined)) return;
  const missing = increase === undefined ? 'temp_budget_increase' : 'temp_budget_expiry';
  throw invalidRequest(`'${missing}' is missing: temp_budget_increase and temp_budget_expiry come together.`, missing);
};
