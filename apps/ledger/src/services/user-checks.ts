// What a user can be at all.
import { isRole, type JsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { User } from '@turnpike/rpc';
import {
  assertBudget,
  assertId,
  assertJson,
  assertLimits,
  assertModelTerms,
  assertName,
  assertNames,
  readUsd,
} from './terms.js';

/** Roles of people; the others are what keys without people have. */
export const PEOPLE_ROLES = [
  'proxy_admin',
  'proxy_admin_viewer',
  'org_admin',
  'internal_user',
  'internal_user_viewer',
] as const;

/** @throws GW_INVALID_REQUEST */
export const assertUser = (user: User): void => {
  assertId(user.userId, 'user_id');
  assertName(user.userAlias, 'user_alias');
  assertName(user.userEmail, 'user_email');
  if (user.userEmail && !/^[^\s@]+@[^\s@]+$/.test(user.userEmail)) {
    throw invalidRequest('user_email is no address.', 'user_email');
  }
  if (user.userRole && !(isRole(user.userRole) && (PEOPLE_ROLES as readonly string[]).includes(user.userRole))) {
    throw invalidRequest(`user_role must be one of ${PEOPLE_ROLES.join(', ')}.`, 'user_role');
  }
  assertName(user.ssoUserId, 'sso_user_id');
  assertId(user.organizationId, 'organization_id');
  assertBudget(user.budget);
  assertLimits(user.limits);
  assertModelTerms(user.modelTerms);
  assertNames(user.models, 'models');
  assertNames(user.allowedCacheControls, 'allowed_cache_controls');
  assertNames(user.policies, 'policies');
  assertJson(user.objectPermission, 'object_permission');
  assertJson(user.metadata, 'metadata');
};

/** What a new user gets where the request says nothing: `default_internal_user_params`. */
export const withUserDefaults = (user: User, params: JsonObject = {}): User => {
  const usd = params['max_budget'];
  const duration = params['budget_duration'];
  const role = params['user_role'];
  const models = params['models'];
  const budget = {
    maxNanoUsd: typeof usd === 'number' ? readUsd(usd, 'default_internal_user_params.max_budget') : undefined,
    duration: typeof duration === 'string' ? duration : undefined,
    resetAt: undefined,
  };
  const hasBudget = budget.maxNanoUsd !== undefined || budget.duration !== undefined;
  return {
    ...user,
    userRole: user.userRole || (typeof role === 'string' ? role : 'internal_user'),
    budget: user.budget ?? (hasBudget ? budget : undefined),
    models:
      user.models.length > 0 || !Array.isArray(models)
        ? user.models
        : models.filter((name) => typeof name === 'string'),
  };
};
