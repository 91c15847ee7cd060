// What operators decide of all keys that are made: defaults, caps, who may make them.
import type { JsonObject } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import { formatUsd } from '@turnpike/pricing';
import type { Budget, RateLimits, VirtualKey } from '@turnpike/rpc';
import { readDuration, readUsd } from './terms.js';

/** From `litellm_settings`, in LiteLLM's names and in US dollars. */
export interface KeySettings {
  /** Where a request says nothing. */
  default_key_generate_params?: JsonObject;
  /** Nobody gets more; who asks for nothing gets this. */
  upperbound_key_generate_params?: JsonObject;
  key_generation_settings?: {
    team_key_generation?: { allowed_team_member_roles?: string[]; required_params?: string[] };
    personal_key_generation?: { allowed_user_roles?: string[]; required_params?: string[] };
  };
  enable_key_alias_format_validation?: boolean;
}

/** A key as it is asked for. */
export interface KeyWish {
  key: VirtualKey;
  /** "30d"; empty: it does not expire. */
  duration: string;
}

const DEFAULTS = 'default_key_generate_params';
const CAPS = 'upperbound_key_generate_params';

const numberIn = (params: JsonObject, name: string): number | undefined => {
  const value = params[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
};
const textIn = (params: JsonObject, name: string): string => {
  const value = params[name];
  return typeof value === 'string' ? value : '';
};
const listIn = (params: JsonObject, name: string): string[] => {
  const value = params[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
};
/** @throws GW_INVALID_REQUEST for what is no amount: a cap that cannot be read must not be none */
const moneyIn = (params: JsonObject, name: string, section: string): number | undefined => {
  const usd = params[name];
  return typeof usd === 'number' || typeof usd === 'string' ? readUsd(usd, `${section}.${name}`) : undefined;
};
const objectIn = (params: JsonObject, name: string): JsonObject => {
  const value = params[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
};

const budgetIn = (params: JsonObject, section: string): Partial<Budget> => ({
  maxNanoUsd: moneyIn(params, 'max_budget', section),
  softNanoUsd: moneyIn(params, 'soft_budget', section),
  duration: textIn(params, 'budget_duration') || undefined,
});

const limitsIn = (params: JsonObject): RateLimits => ({
  rpm: numberIn(params, 'rpm_limit'),
  tpm: numberIn(params, 'tpm_limit'),
  maxParallelRequests: numberIn(params, 'max_parallel_requests'),
});

/** What stands first, where it is there. */
const over = <T extends object>(own: T | undefined, defaults: Partial<T>): T | undefined => {
  const given = Object.entries(own ?? {}).filter(([, value]) => value !== undefined);
  const merged = { ...defaults, ...Object.fromEntries(given) };
  return Object.values(merged).some((value) => value !== undefined) ? (merged as T) : own;
};

export const withDefaults = ({ key, duration }: KeyWish, params: JsonObject = {}): KeyWish => ({
  duration: duration || textIn(params, 'duration'),
  key: {
    ...key,
    budget: over<Budget>(key.budget, budgetIn(params, DEFAULTS)),
    limits: over<RateLimits>(key.limits, limitsIn(params)),
    models: key.models.length > 0 ? key.models : listIn(params, 'models'),
    allowedRoutes: key.allowedRoutes.length > 0 ? key.allowedRoutes : listIn(params, 'allowed_routes'),
    teamId: key.teamId || textIn(params, 'team_id'),
    budgetId: key.budgetId || textIn(params, 'budget_id'),
    metadata: { ...objectIn(params, 'metadata'), ...key.metadata },
  },
});

/** @throws GW_INVALID_REQUEST for more than the cap */
export const withCaps = ({ key, duration }: KeyWish, caps: JsonObject = {}): KeyWish => {
  if (Object.keys(caps).length === 0) return { key, duration };
  const budget = over<Budget>(key.budget, budgetIn(caps, CAPS));
  const limits = over<RateLimits>(key.limits, limitsIn(caps));
  assertCap(budget?.maxNanoUsd, moneyIn(caps, 'max_budget', CAPS), 'max_budget', formatUsd);
  assertCap(limits?.rpm, numberIn(caps, 'rpm_limit'), 'rpm_limit');
  assertCap(limits?.tpm, numberIn(caps, 'tpm_limit'), 'tpm_limit');
  assertCap(limits?.maxParallelRequests, numberIn(caps, 'max_parallel_requests'), 'max_parallel_requests');
  assertDurationCap(budget?.duration, textIn(caps, 'budget_duration'), 'budget_duration');
  const capped = duration || textIn(caps, 'duration');
  assertDurationCap(capped, textIn(caps, 'duration'), 'duration');
  return { key: { ...key, budget, limits }, duration: capped };
};

const assertCap = (
  value: number | undefined,
  cap: number | undefined,
  param: string,
  write: (value: number) => string = String,
): void => {
  if (value === undefined || cap === undefined || value <= cap) return;
  throw invalidRequest(`${param} is over the limit set in ${CAPS}: ${write(value)} > ${write(cap)}.`, param);
};

const DAYS = { s: 1 / 86_400, m: 1 / 1_440, h: 1 / 24, d: 1, w: 7, mo: 30 } as const;

const assertDurationCap = (text: string | undefined, cap: string, param: string): void => {
  const value = readDuration(text, param);
  const limit = readDuration(cap, `${CAPS}.${param}`);
  if (!value || !limit || value.count * DAYS[value.unit] <= limit.count * DAYS[limit.unit]) return;
  throw invalidRequest(`${param} is over the limit set in ${CAPS}: ${text} > ${cap}.`, param);
};

/** Who asks for it. */
export interface Asker {
  role: string;
  /** In the team of the key: "admin", "user"; empty: no member. */
  teamRole: string;
}

/** @throws GW_PERMISSION_DENIED, GW_INVALID_REQUEST by `key_generation_settings` */
export const assertMayGenerate = ({ key, duration }: KeyWish, asker: Asker, settings: KeySettings): void => {
  const { team_key_generation: ofTeams, personal_key_generation: personal } = settings.key_generation_settings ?? {};
  const rules = key.teamId ? ofTeams : personal;
  if (!rules) return;
  const allowed = key.teamId ? ofTeams?.allowed_team_member_roles : personal?.allowed_user_roles;
  const role = key.teamId ? asker.teamRole : asker.role;
  if (allowed && asker.role !== 'proxy_admin' && !allowed.includes(role)) {
    throw new GatewayError(
      'GW_PERMISSION_DENIED',
      `key_generation_settings lets only ${allowed.join(', ')} make ${key.teamId ? 'team' : 'personal'} keys; ` +
        `your role is ${role || 'none'}.`,
    );
  }
  for (const name of rules.required_params ?? []) {
    if (!isGiven(name, key, duration)) {
      throw invalidRequest(`key_generation_settings requires '${name}'.`, name);
    }
  }
};

const isGiven = (name: string, key: VirtualKey, duration: string): boolean => {
  const { budget, limits, metadata } = key;
  const values: Record<string, unknown> = {
    ...metadata,
    duration,
    max_budget: budget?.maxNanoUsd,
    soft_budget: budget?.softNanoUsd,
    budget_duration: budget?.duration,
    rpm_limit: limits?.rpm,
    tpm_limit: limits?.tpm,
    max_parallel_requests: limits?.maxParallelRequests,
    models: key.models,
    key_alias: key.keyAlias,
    user_id: key.userId,
    team_id: key.teamId,
    organization_id: key.organizationId,
    project_id: key.projectId,
    budget_id: key.budgetId,
    metadata: Object.keys(metadata ?? {}),
  };
  const value = values[name];
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== '';
};
