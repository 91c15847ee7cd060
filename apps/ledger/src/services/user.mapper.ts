// Users: from messages to rows and back.
import type { User } from '@turnpike/rpc';
import type { UserEntity } from '../schema/entities/user.entity.js';
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

export type UserColumns = Omit<
  UserEntity,
  'userId' | 'password' | 'createdAt' | 'createdBy' | 'updatedAt' | 'updatedBy'
>;

export const toUserColumns = (user: User): UserColumns => ({
  ...toBoundColumns(user.budget, user.limits),
  userAlias: columnOf(user.userAlias),
  userEmail: columnOf(user.userEmail),
  userRole: columnOf(user.userRole),
  ssoUserId: columnOf(user.ssoUserId),
  organizationId: columnOf(user.organizationId),
  modelTerms: toStoredModelTerms(user.modelTerms),
  models: user.models,
  allowedCacheControls: user.allowedCacheControls,
  objectPermission: user.objectPermission ?? null,
  policies: user.policies,
  metadata: user.metadata ?? {},
});

export const fromUserEntity = (user: UserEntity, teamIds: readonly string[], spent?: Spent): User => ({
  userId: user.userId,
  userAlias: textOf(user.userAlias),
  userEmail: textOf(user.userEmail),
  userRole: textOf(user.userRole),
  ssoUserId: textOf(user.ssoUserId),
  organizationId: textOf(user.organizationId),
  teamIds: [...teamIds],
  budget: fromBudgetColumns(user, spent?.resetAt),
  limits: fromLimitColumns(user),
  modelTerms: fromStoredModelTerms(user.modelTerms),
  spendNanoUsd: spent?.nanoUsd ?? 0,
  modelSpendNanoUsd: spent?.byModel ?? {},
  models: user.models,
  allowedCacheControls: user.allowedCacheControls,
  objectPermission: user.objectPermission ?? undefined,
  policies: user.policies,
  metadata: user.metadata,
  hasPassword: user.password !== null,
  authorship: authorshipOf(user),
});
