// Virtual keys: from messages to rows and back.
import type { VirtualKey } from '@turnpike/rpc';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import type { Spent } from './bounds-keeper.js';
import {
  authorshipOf,
  columnOf,
  fromBudgetColumns,
  fromLimitColumns,
  fromStoredModelTerms,
  fromStoredWindows,
  textOf,
  toBoundColumns,
  toStoredModelTerms,
  toStoredWindows,
} from './stored-terms.js';

/** What callers decide of a key. */
export type KeyColumns = Omit<
  VirtualKeyEntity,
  | 'token'
  | 'keyName'
  | 'lastActive'
  | 'rotationCount'
  | 'lastRotationAt'
  | 'keyRotationAt'
  | 'createdAt'
  | 'createdBy'
  | 'updatedAt'
  | 'updatedBy'
>;

export const toKeyColumns = (key: VirtualKey): KeyColumns => ({
  ...toBoundColumns(key.budget, key.limits),
  keyAlias: columnOf(key.keyAlias),
  userId: columnOf(key.userId),
  teamId: columnOf(key.teamId),
  organizationId: columnOf(key.organizationId),
  projectId: columnOf(key.projectId),
  agentId: columnOf(key.agentId),
  budgetId: columnOf(key.budgetId),
  modelTerms: toStoredModelTerms(key.modelTerms),
  budgetWindows: toStoredWindows(key.budgetWindows),
  models: key.models,
  aliases: key.aliases,
  accessGroupIds: key.accessGroupIds,
  allowedRoutes: key.allowedRoutes,
  allowedCacheControls: key.allowedCacheControls,
  permissions: key.permissions ?? {},
  objectPermission: key.objectPermission ?? null,
  config: key.config ?? {},
  routerSettings: key.routerSettings ?? {},
  metadata: key.metadata ?? {},
  blocked: key.blocked,
  expires: key.expires ?? null,
  autoRotate: key.autoRotate,
  rotationInterval: columnOf(key.rotationInterval),
});

export const fromKeyEntity = (key: VirtualKeyEntity, spent?: Spent): VirtualKey => ({
  token: key.token,
  keyName: key.keyName,
  keyAlias: textOf(key.keyAlias),
  userId: textOf(key.userId),
  teamId: textOf(key.teamId),
  organizationId: textOf(key.organizationId),
  projectId: textOf(key.projectId),
  agentId: textOf(key.agentId),
  budgetId: textOf(key.budgetId),
  budget: fromBudgetColumns(key, spent?.resetAt),
  limits: fromLimitColumns(key),
  modelTerms: fromStoredModelTerms(key.modelTerms),
  budgetWindows: fromStoredWindows(key.budgetWindows),
  spendNanoUsd: spent?.nanoUsd ?? 0,
  modelSpendNanoUsd: spent?.byModel ?? {},
  models: key.models,
  aliases: key.aliases,
  accessGroupIds: key.accessGroupIds,
  allowedRoutes: key.allowedRoutes,
  allowedCacheControls: key.allowedCacheControls,
  permissions: key.permissions,
  objectPermission: key.objectPermission ?? undefined,
  config: key.config,
  routerSettings: key.routerSettings,
  metadata: key.metadata,
  blocked: key.blocked,
  expires: key.expires ?? undefined,
  lastActive: key.lastActive ?? undefined,
  rotationCount: key.rotationCount,
  autoRotate: key.autoRotate,
  rotationInterval: textOf(key.rotationInterval),
  lastRotationAt: key.lastRotationAt ?? undefined,
  keyRotationAt: key.keyRotationAt ?? undefined,
  authorship: authorshipOf(key),
});
