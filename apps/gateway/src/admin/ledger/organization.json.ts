// Organizations: LiteLLM's JSON from and to the ledger's messages.
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type {
  AddOrganizationMembersRequest,
  Organization,
  OrganizationMember,
  UpdateOrganizationMemberRequest,
  UpdateOrganizationRequest,
} from '@turnpike/rpc';
import { bodyOf, must, names, optional, required } from './body.js';
import { TERMS_FIELDS } from './budget.json.js';
import {
  answerShape,
  readChanges,
  readNew,
  requestShape,
  writeFields,
  type FieldTable,
  type Filled,
} from './fields.js';
import {
  foldedCounts,
  modelTerms,
  object,
  objectOrNull,
  spend,
  spendMap,
  text,
  texts,
  time,
  told,
  toNano,
  usdSchema,
} from './kinds.js';

export const ORGANIZATION_FIELDS: FieldTable = {
  ...TERMS_FIELDS,
  organization_alias: text('organization_alias'),
  budget_id: text('budget_id'),
  model_max_budget: modelTerms('model_terms'),
  models: texts('models'),
  object_permission: objectOrNull('object_permission'),
  metadata: object('metadata'),
  model_rpm_limit: foldedCounts('model_rpm_limit'),
  model_tpm_limit: foldedCounts('model_tpm_limit'),
  organization_id: told('organization_id'),
  spend: spend(),
  model_spend: spendMap('model_spend_nano_usd'),
  created_at: time('authorship.created_at'),
  created_by: told('authorship.created_by'),
  updated_at: time('authorship.updated_at'),
  updated_by: told('authorship.updated_by'),
};

const ROLES = ['org_admin', 'internal_user', 'internal_user_viewer'] as const;
const role = z.enum(ROLES, { error: must(`be one of ${ROLES.join(', ')}`) });

const memberSchema = bodyOf({
  role: role.nullish(),
  user_id: optional.describe('One of user_id and user_email tells who'),
  user_email: optional,
});

const wish = requestShape(ORGANIZATION_FIELDS);
export const newOrganizationBody = bodyOf({ ...wish, organization_id: optional.describe('Made without it') });
export const organizationChangesBody = bodyOf({ ...wish, organization_id: required });
export const organizationIdsBody = bodyOf({ organization_ids: names });
export const organizationsBody = bodyOf({ organizations: names });
export const memberAddBody = bodyOf({
  organization_id: required,
  member: z.union([memberSchema, z.array(memberSchema)], {
    error: must("be a member, such as {'role': 'internal_user', 'user_id': 'ada'}, or a list of them"),
  }),
  max_budget_in_organization: usdSchema.nullish(),
});
export const memberUpdateBody = bodyOf({
  organization_id: required,
  user_id: optional,
  user_email: optional,
  role: role.nullish(),
  max_budget_in_organization: usdSchema.nullish(),
});
export const memberDeleteBody = bodyOf({ organization_id: required, user_id: optional, user_email: optional });

export const organizationAnswer = z.object(answerShape(ORGANIZATION_FIELDS));

/** @param body checked by `newOrganizationBody` */
export const toNewOrganization = (
  body: z.output<typeof newOrganizationBody>,
): { organization: Filled<Organization> } => ({
  organization: { ...readNew<Organization>(ORGANIZATION_FIELDS, body), organizationId: body.organization_id ?? '' },
});

/** @param body checked by `organizationChangesBody` */
export const toOrganizationChanges = (
  body: z.output<typeof organizationChangesBody>,
): Omit<UpdateOrganizationRequest, 'changes'> & { changes: Filled<Organization> } => {
  const { changes, updateMask } = readChanges<Organization>(ORGANIZATION_FIELDS, body);
  return { changes: { ...changes, organizationId: body.organization_id }, updateMask };
};

type MemberChanges = Omit<UpdateOrganizationMemberRequest, 'member'> & { member: Filled<OrganizationMember> };

const toMember = (member: z.output<typeof memberSchema>): OrganizationMember => ({
  userId: member.user_id ?? '',
  userEmail: member.user_email ?? '',
  role: member.role ?? '',
  budgetId: '',
  spendNanoUsd: 0,
  joinedAt: undefined,
});

const toBudget = (max: string | number | null | undefined): AddOrganizationMembersRequest['budget'] =>
  max == null ? undefined : { maxNanoUsd: toNano(max), resetAt: undefined };

/** @param body checked by `memberAddBody` */
export const toAddedMembers = (body: z.output<typeof memberAddBody>): AddOrganizationMembersRequest => ({
  organizationId: body.organization_id,
  members: [body.member].flat().map(toMember),
  budget: toBudget(body.max_budget_in_organization),
});

/** @param body checked by `memberUpdateBody` */
export const toMemberChanges = (body: z.output<typeof memberUpdateBody>): MemberChanges => ({
  organizationId: body.organization_id,
  member: toMember(body),
  budget: toBudget(body.max_budget_in_organization),
  updateMask: [
    ...(body.role ? ['role'] : []),
    ...(body.max_budget_in_organization === undefined ? [] : ['budget.max_nano_usd']),
  ],
});

const MEMBER_FIELDS: FieldTable = {
  user_id: told('user_id'),
  user_email: told('user_email'),
  user_role: told('role'),
  budget_id: told('budget_id'),
  spend: spend(),
  created_at: time('joined_at'),
};

export const fromMember = (organizationId: string, member: OrganizationMember): JsonObject => ({
  organization_id: organizationId,
  ...writeFields(MEMBER_FIELDS, member),
});

export const fromOrganization = (organization: Organization): JsonObject => ({
  ...writeFields(ORGANIZATION_FIELDS, organization),
  litellm_budget_table: { budget_id: organization.budgetId || null, ...writeFields(TERMS_FIELDS, organization) },
  members: organization.members.map((member) => fromMember(organization.organizationId, member)),
});
