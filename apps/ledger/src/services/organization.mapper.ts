// Organisations: from messages to rows and back.
import type { Organization, OrganizationMember } from '@turnpike/rpc';
import type { OrganizationEntity } from '../schema/entities/organization.entity.js';
import type { Spent } from './bounds-keeper.js';
import {
  authorshipOf,
  columnOf,
  fromBudgetColumns,
  fromLimitColumns,
  fromStoredModelTerms,
  textOf,
  toBoundColumns,
  toStoredModelTerms,
} from './stored-terms.js';

export type OrganizationColumns = Omit<
  OrganizationEntity,
  'organizationId' | 'createdAt' | 'createdBy' | 'updatedAt' | 'updatedBy'
>;

export const toOrganizationColumns = (organization: Organization): OrganizationColumns => ({
  ...toBoundColumns(organization.budget, organization.limits),
  organizationAlias: columnOf(organization.organizationAlias),
  budgetId: columnOf(organization.budgetId),
  modelTerms: toStoredModelTerms(organization.modelTerms),
  models: organization.models,
  objectPermission: organization.objectPermission ?? null,
  metadata: organization.metadata ?? {},
});

export const fromOrganizationEntity = (
  organization: OrganizationEntity,
  members: OrganizationMember[],
  spent?: Spent,
): Organization => ({
  organizationId: organization.organizationId,
  organizationAlias: textOf(organization.organizationAlias),
  budgetId: textOf(organization.budgetId),
  budget: fromBudgetColumns(organization, spent?.resetAt),
  limits: fromLimitColumns(organization),
  modelTerms: fromStoredModelTerms(organization.modelTerms),
  spendNanoUsd: spent?.nanoUsd ?? 0,
  modelSpendNanoUsd: spent?.byModel ?? {},
  models: organization.models,
  objectPermission: organization.objectPermission ?? undefined,
  metadata: organization.metadata,
  members,
  authorship: authorshipOf(organization),
});
