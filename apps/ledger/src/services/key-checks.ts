// What a key can be at all.
import { isJsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { VirtualKey } from '@turnpike/rpc';
import {
  assertAliases,
  assertAliasForm,
  assertBudget,
  assertId,
  assertJson,
  assertLimits,
  assertModelTerms,
  assertName,
  assertNames,
  assertRoutes,
  assertWindows,
  readDuration,
  readUsd,
} from './terms.js';

/** @throws GW_INVALID_REQUEST */
export const assertKey = (key: VirtualKey, hasAliasForm = false): void => {
  assertName(key.keyAlias, 'key_alias');
  if (hasAliasForm && key.keyAlias) assertAliasForm(key.keyAlias);
  assertId(key.userId, 'user_id');
  assertId(key.teamId, 'team_id');
  assertId(key.organizationId, 'organization_id');
  assertId(key.projectId, 'project_id');
  assertName(key.agentId, 'agent_id');
  assertName(key.budgetId, 'budget_id');
  assertBudget(key.budget);
  assertLimits(key.limits);
  assertModelTerms(key.modelTerms);
  assertWindows(key.budgetWindows);
  assertNames(key.models, 'models');
  assertAliases(key.aliases, 'aliases');
  assertNames(key.accessGroupIds, 'access_group_ids');
  assertRoutes(key.allowedRoutes);
  assertNames(key.allowedCacheControls, 'allowed_cache_controls');
  for (const name of ['permissions', 'objectPermission', 'config', 'routerSettings', 'metadata'] as const) {
    assertJson(
      key[name],
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    );
  }
  assertTemporaryBudget(key.metadata);
  if (key.expires && Number.isNaN(key.expires.getTime())) throw invalidRequest('expires is not a time.', 'expires');
  readDuration(key.rotationInterval, 'rotation_interval');
};

/** A secret is told once, to whom asks for it: one that is made while nobody asks is told to nobody. @throws GW_INVALID_REQUEST */
export const assertRotatesByHand = ({ autoRotate }: VirtualKey): void => {
  if (!autoRotate) return;
  throw invalidRequest(
    'auto_rotate is not offered: a key that changed its secret by itself would lock out whoever uses it, because nobody ' +
      'is told the new one. Have your scheduler call /key/{key}/regenerate with a grace_period, such as 24h: the answer ' +
      'has the new secret, and until then both are good.',
    'auto_rotate',
  );
};

/** A list that is not heeded would let calls pass that somebody wanted guarded. @throws GW_INVALID_REQUEST */
export const assertNoPolicies = (policies: unknown): void => {
  if (!Array.isArray(policies) || policies.length === 0) return;
  throw invalidRequest(
    'policies are not offered. Name the guardrails themselves, in `guardrails` of the key or the team.',
    'policies',
  );
};

const assertTemporaryBudget = (metadata: unknown): void => {
  if (!isJsonObject(metadata)) return;
  const { temp_budget_increase: increase, temp_budget_expiry: expiry } = metadata;
  const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
  if (!isGiven(increase) && !isGiven(expiry)) return;
  if (!isGiven(increase) || !isGiven(expiry)) {
    throw invalidRequest(
      'temp_budget_increase and temp_budget_expiry must be set together.',
      isGiven(increase) ? 'temp_budget_expiry' : 'temp_budget_increase',
    );
  }
  if (typeof increase !== 'number') {
    throw invalidRequest('temp_budget_increase must be an amount in USD, 0 or more.', 'temp_budget_increase');
  }
  readUsd(increase, 'temp_budget_increase');
  if (typeof expiry !== 'string' || Number.isNaN(Date.parse(expiry))) {
    throw invalidRequest('temp_budget_expiry must be a time, such as 2030-01-31T00:00:00Z.', 'temp_budget_expiry');
  }
};
