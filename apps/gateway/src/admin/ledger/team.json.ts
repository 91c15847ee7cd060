// Teams: LiteLLM's JSON from and to the ledger's messages.
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type {
  AddTeamMembersRequest,
  Budget,
  CreateTeamRequest,
  MemberTerms,
  Team,
  TeamMember,
  TeamMembership,
  UpdateTeamMemberRequest,
  UpdateTeamRequest,
} from '@turnpike/rpc';
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
  foldedCounts,
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
  usd,
  windows,
} from './kinds.js';

const LIMIT_TYPES = ['guaranteed_throughput', 'best_effort_throughput', 'dynamic'] as const;

export const TEAM_FIELDS: FieldTable = {
  team_alias: text('team_alias'),
  organization_id: text('organization_id'),
  max_budget: usd('budget.max_nano_usd'),
  soft_budget: usd('budget.soft_nano_usd'),
  budget_duration: text('budget.duration'),
  rpm_limit: count('limits.rpm'),
  tpm_limit: count('limits.tpm'),
  max_parallel_requests: count('limits.max_parallel_requests'),
  model_max_budget: modelTerms('model_terms'),
  budget_limits: windows('budget_windows'),
  team_member_budget: usd('default_member_terms.budget.max_nano_usd'),
  team_member_budget_duration: text('default_member_terms.budget.duration'),
  team_member_rpm_limit: count('default_member_terms.limits.rpm'),
  team_member_tpm_limit: count('default_member_terms.limits.tpm'),
  team_member_key_duration: text('member_key_duration'),
  models: texts('models'),
  model_aliases: textMap('model_aliases'),
  access_group_ids: texts('access_group_ids'),
  default_team_member_models: texts('default_member_models'),
  team_member_permissions: texts('member_permissions'),
  object_permission: objectOrNull('object_permission'),
  router_settings: object('router_settings'),
  policies: texts('policies'),
  allow_team_guardrail_config: flag('allow_guardrail_config'),
  metadata: object('metadata'),
  blocked: flag('blocked'),
  tags: foldedTexts('tags'),
  guardrails: foldedTexts('guardrails'),
  prompts: foldedTexts('prompts'),
  model_rpm_limit: foldedCounts('model_rpm_limit'),
  model_tpm_limit: foldedCounts('model_tpm_limit'),
  rpm_limit_type: foldedWord('rpm_limit_type', LIMIT_TYPES),
  tpm_limit_type: foldedWord('tpm_limit_type', LIMIT_TYPES),
  secret_manager_settings: foldedObject('secret_manager_settings'),
  team_id: told('team_id'),
  spend: spend(),
  model_spend: spendMap('model_spend_nano_usd'),
  budget_reset_at: time('budget.reset_at'),
  created_at: time('authorship.created_at'),
  updated_at: time('authorship.updated_at'),
};

/** What one member may do; a part of the team's own terms. */
const MEMBER_FIELDS: FieldTable = {
  max_budget_in_team: usd('terms.budget.max_nano_usd'),
  budget_duration: text('terms.budget.duration'),
  tpm_limit: count('terms.limits.tpm'),
  rpm_limit: count('terms.limits.rpm'),
  allowed_models: texts('terms.models'),
};

const role = z.enum(['admin', 'user'], { error: must('be admin or user') });

const memberSchema = bodyOf({
  role: role.nullish(),
  user_id: optional.describe('One of user_id and user_email tells who'),
  user_email: optional,
});
const membersSchema = z.union([memberSchema, z.array(memberSchema)], {
  error: must("be a member, such as {'role': 'user', 'user_id': 'ada'}, or a list of them"),
});

const wish = requestShape(TEAM_FIELDS);
export const newTeamBody = bodyOf({
  ...wish,
  team_id: optional.describe('Made without it'),
  members_with_roles: z.array(memberSchema, { error: must('be a list of members') }).nullish(),
  admins: names.nullish(),
  members: names.nullish(),
});
export const teamChangesBody = bodyOf({ ...wish, team_id: required });
export const teamIdsBody = bodyOf({ team_ids: names });
export const teamIdBody = bodyOf({ team_id: required });
export const teamModelsBody = bodyOf({ team_id: required, models: names });
export const teamPermissionsBody = bodyOf({ team_id: required, team_member_permissions: names });
export const teamResetSpendBody = bodyOf({ reset_to: usd('').schema });

const memberTermsShape = requestShape(MEMBER_FIELDS);
export const memberAddBody = bodyOf({ ...memberTermsShape, team_id: required, member: membersSchema });
export const membersAddBody = bodyOf({
  ...memberTermsShape,
  team_id: required,
  members: z.array(memberSchema, { error: must('be a list of members') }).nullish(),
  all_users: z.boolean({ error: must('be true or false') }).nullish(),
});
export const memberUpdateBody = bodyOf({
  ...memberTermsShape,
  team_id: required,
  user_id: optional,
  user_email: optional,
  role: role.nullish(),
});
export const memberDeleteBody = bodyOf({ team_id: required, user_id: optional, user_email: optional });

export const teamAnswer = z.object({
  ...answerShape(TEAM_FIELDS),
  admins: z.array(z.string()),
  members: z.array(z.string()),
  members_with_roles: z.array(z.object({ user_id: z.string(), user_email: z.string().nullable(), role: z.string() })),
});

type MemberJson = z.output<typeof memberSchema>;

const toMember = ({ user_id: userId, user_email: userEmail, role: wanted }: MemberJson): TeamMember => ({
  userId: userId ?? '',
  userEmail: userEmail ?? '',
  role: wanted ?? '',
});

/** @param body checked by `newTeamBody` */
export const toNewTeam = (
  body: z.output<typeof newTeamBody>,
): { team: Filled<CreateTeamRequest['team'] & object> } => ({
  team: {
    ...readNew<Team>(TEAM_FIELDS, body),
    teamId: body.team_id ?? '',
    members: [
      ...(body.members_with_roles ?? []).map(toMember),
      ...(body.admins ?? []).map((userId) => toMember({ user_id: userId, role: 'admin' })),
      ...(body.members ?? []).map((userId) => toMember({ user_id: userId, role: 'user' })),
    ],
  },
});

/** @param body checked by `teamChangesBody` */
export const toTeamChanges = (
  body: z.output<typeof teamChangesBody>,
): Omit<UpdateTeamRequest, 'changes'> & { changes: Filled<Team> } => {
  const { changes, updateMask } = readChanges<Team>(TEAM_FIELDS, body);
  return { changes: { ...changes, teamId: body.team_id }, updateMask };
};

interface WithTerms {
  terms: MemberTerms | undefined;
}

const termsIn = (body: Body): MemberTerms | undefined => {
  const { terms } = readNew<WithTerms>(MEMBER_FIELDS, body);
  return terms && { ...terms, models: (terms as Partial<MemberTerms>).models ?? [] };
};

/** @param body checked by `memberAddBody` or `membersAddBody` */
export const toAddedMembers = (
  body: Body & { team_id: string },
  members: MemberJson | readonly MemberJson[],
): AddTeamMembersRequest => ({
  teamId: body.team_id,
  members: [members].flat().map(toMember),
  terms: termsIn(body),
});

/** @param body checked by `memberUpdateBody` */
export const toMemberChanges = (body: z.output<typeof memberUpdateBody>): UpdateTeamMemberRequest => {
  const { updateMask } = readChanges<WithTerms>(MEMBER_FIELDS, body);
  return {
    teamId: body.team_id,
    member: toMember(body),
    terms: termsIn(body),
    updateMask: [
      ...(body.role ? ['role'] : []),
      // As the ledger names them: from within the terms.
      ...updateMask.map((path) => path.replace(/^terms\./, '')),
    ],
  };
};

export const fromTeam = (team: Team): JsonObject => {
  const idsOf = (wanted: boolean): string[] =>
    team.members.filter(({ role: one }) => (one === 'admin') === wanted).map(({ userId }) => userId);
  return {
    ...writeFields(TEAM_FIELDS, team),
    admins: idsOf(true),
    members: idsOf(false),
    members_with_roles: team.members.map(fromMember),
  };
};

export const fromMember = ({ userId, userEmail, role: one }: TeamMember): JsonObject => ({
  user_id: userId,
  user_email: userEmail || null,
  role: one || 'user',
});

/** With null for whatever could have been asked for. */
export const fromNewTeam = (team: Team): JsonObject => ({ ...emptyFields(TEAM_FIELDS), ...fromTeam(team) });

/** What a membership's bounds are in a table of their own, with LiteLLM. */
const BUDGET_FIELDS: FieldTable = {
  max_budget: usd('budget.max_nano_usd'),
  soft_budget: usd('budget.soft_nano_usd'),
  budget_duration: text('budget.duration'),
  budget_reset_at: time('budget.reset_at'),
  rpm_limit: count('limits.rpm'),
  tpm_limit: count('limits.tpm'),
  allowed_models: texts('models'),
};

const MEMBERSHIP_FIELDS: FieldTable = {
  user_id: told('user_id'),
  team_id: told('team_id'),
  budget_id: told('budget_id'),
  spend: spend(),
  total_spend: spend('total_spend_nano_usd'),
  created_at: time('joined_at'),
};

export const fromMembership = (membership: TeamMembership): JsonObject => ({
  ...writeFields(MEMBERSHIP_FIELDS, membership),
  litellm_budget_table: membership.terms ? writeFields(BUDGET_FIELDS, membership.terms) : null,
});

/** What `/team/member_update` tells of the bounds that hold now. */
export const fromChangedMember = (
  teamId: string,
  { userId, userEmail }: TeamMember,
  { budget, limits }: Partial<MemberTerms> = {},
): JsonObject => {
  const { max_budget, tpm_limit, rpm_limit } = writeFields(BUDGET_FIELDS, { budget: budget as Budget, limits });
  return {
    team_id: teamId,
    user_id: userId,
    user_email: userEmail || null,
    max_budget_in_team: max_budget,
    tpm_limit,
    rpm_limit,
  };
};
