// Users: LiteLLM's JSON from and to the ledger's messages.
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { CreateUserRequest, NewMembership, UpdateUserRequest, User } from '@turnpike/rpc';
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
import { newKeyBody, toNewKey } from './key.json.js';
import {
  count,
  foldedCounts,
  foldedObject,
  foldedTexts,
  modelTerms,
  object,
  objectOrNull,
  spend,
  spendMap,
  text,
  texts,
  time,
  told,
  toldFlag,
  toldTexts,
  toNano,
  usd,
  usdSchema,
  word,
} from './kinds.js';

const ROLES = ['proxy_admin', 'proxy_admin_viewer', 'org_admin', 'internal_user', 'internal_user_viewer'] as const;

/** What `/user/available_roles` tells, as LiteLLM words it for pickers. */
export const USER_ROLES: JsonObject = {
  proxy_admin: { description: 'admin over the whole platform', ui_label: 'Admin (All Permissions)' },
  proxy_admin_viewer: { description: 'sees all keys and all spend', ui_label: 'Admin (View Only)' },
  org_admin: { description: 'admin over an organization', ui_label: 'Org Admin' },
  internal_user: { description: 'makes, sees and deletes keys of their own', ui_label: 'Internal User' },
  internal_user_viewer: { description: 'sees keys and spend of their own', ui_label: 'Internal Viewer' },
};

export const USER_FIELDS: FieldTable = {
  user_alias: text('user_alias'),
  user_email: text('user_email'),
  user_role: word('user_role', ROLES),
  sso_user_id: text('sso_user_id'),
  organization_id: text('organization_id'),
  max_budget: usd('budget.max_nano_usd'),
  soft_budget: usd('budget.soft_nano_usd'),
  budget_duration: text('budget.duration'),
  rpm_limit: count('limits.rpm'),
  tpm_limit: count('limits.tpm'),
  max_parallel_requests: count('limits.max_parallel_requests'),
  model_max_budget: modelTerms('model_terms'),
  models: texts('models'),
  allowed_cache_controls: texts('allowed_cache_controls'),
  object_permission: objectOrNull('object_permission'),
  policies: texts('policies'),
  metadata: object('metadata'),
  guardrails: foldedTexts('guardrails'),
  model_rpm_limit: foldedCounts('model_rpm_limit'),
  model_tpm_limit: foldedCounts('model_tpm_limit'),
  spend_logs_metadata: foldedObject('spend_logs_metadata'),
  user_id: told('user_id'),
  teams: toldTexts('team_ids'),
  spend: spend(),
  model_spend: spendMap('model_spend_nano_usd'),
  budget_reset_at: time('budget.reset_at'),
  has_password: toldFlag('has_password'),
  created_at: time('authorship.created_at'),
  created_by: told('authorship.created_by'),
  updated_at: time('authorship.updated_at'),
  updated_by: told('authorship.updated_by'),
};

const membershipSchema = z.union(
  [
    z.string(),
    z.looseObject({
      team_id: required,
      max_budget_in_team: usdSchema.nullish(),
      user_role: z.enum(['admin', 'user']).nullish(),
    }),
  ],
  { error: must('be the id of a team, or an object with a team_id') },
);

/** With what is said of a key: one is made at once. */
export const newUserBody = bodyOf({
  ...newKeyBody.shape,
  ...requestShape(USER_FIELDS),
  user_id: optional,
  password: optional.describe('8 to 128 characters'),
  auto_create_key: z
    .boolean({ error: must('be true or false') })
    .nullish()
    .describe('True without it'),
  teams: z.array(membershipSchema, { error: must('be a list of teams') }).nullish(),
  team_id: optional.describe('Another team'),
  organizations: names.nullish(),
});

export const userChangesBody = bodyOf({
  ...requestShape(USER_FIELDS),
  user_id: optional.describe('One of user_id and user_email tells who'),
  password: optional,
  spend: usdSchema.nullish().describe('What is spent becomes this'),
});
export const bulkUsersBody = bodyOf({
  users: z.array(bodyOf({}), { error: must('be a list of users with what changes of each') }).nullish(),
  all_users: z.boolean({ error: must('be true or false') }).nullish(),
  user_updates: bodyOf({}).nullish().describe('With all_users: what changes of each'),
});
export const userIdsBody = bodyOf({ user_ids: names });

export const userAnswer = z.object(answerShape(USER_FIELDS));

type NewUser = Filled<Omit<CreateUserRequest, 'user' | 'key'>> & {
  user: Filled<User>;
  key: ReturnType<typeof toNewKey> | undefined;
};

/** @param body checked by `newUserBody` */
export const toNewUser = (body: z.output<typeof newUserBody>): NewUser => ({
  user: { ...readNew<User>(USER_FIELDS, body), userId: body.user_id ?? '' },
  password: body.password ?? '',
  memberships: [...(body.teams ?? []), ...(body.team_id ? [body.team_id] : [])].map(toMembership),
  organizationIds: body.organizations ?? [],
  key: body.auto_create_key === false ? undefined : toNewKey(keyOf(body)),
});

/**
 * The key of a new user: what says how the user is bounded holds for the user, and the key shares it.
 * @param body of the user
 */
const keyOf = (body: Body): Body => {
  const ofKey = ['key', 'duration', 'key_alias', 'key_type', 'aliases', 'config', 'permissions', 'models'] as const;
  return Object.fromEntries(ofKey.map((name) => [name, body[name]]));
};

const toMembership = (team: z.output<typeof membershipSchema>): NewMembership => {
  if (typeof team === 'string') return { teamId: team, role: '', terms: undefined };
  const max = team.max_budget_in_team;
  return {
    teamId: team.team_id,
    role: team.user_role ?? '',
    terms:
      max == null
        ? undefined
        : { budget: { maxNanoUsd: toNano(max), resetAt: undefined }, limits: undefined, models: [] },
  };
};

/** @param body checked by `userChangesBody` */
export const toUserChanges = (
  body: z.output<typeof userChangesBody>,
): Omit<UpdateUserRequest, 'changes'> & { changes: Filled<User> } => {
  const { changes, updateMask } = readChanges<User>(USER_FIELDS, body);
  const userEmail = body.user_id ? '' : (changes.userEmail ?? '');
  return {
    userId: body.user_id ?? '',
    userEmail,
    changes,
    // An address that tells who it is does not change.
    updateMask: updateMask.filter((path) => body.user_id || path !== 'user_email'),
    password: body.password ?? '',
  };
};

export const fromUser = (user: User): JsonObject => writeFields(USER_FIELDS, user);

/** With null for whatever could have been asked for. */
export const fromNewUser = (user: User): JsonObject => ({ ...emptyFields(USER_FIELDS), ...fromUser(user) });
