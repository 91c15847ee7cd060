// Budgets, limits and texts as callers send them: what can be meant, and what cannot.
import { parseDuration, type Duration, type NanoUsd } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { NANO_PER_USD, parseUsd } from '@turnpike/pricing';
import type { Budget, BudgetWindow, ModelTerms, RateLimits } from '@turnpike/rpc';

/** Money is counted exactly up to here: 9,007,199 USD. */
const MAX_MONEY = Number.MAX_SAFE_INTEGER;
const MAX_COUNT = 1e12;
const MAX_NAME = 256;
const MAX_LIST = 1_000;
const MAX_JSON = 65_536;

/** @throws GW_INVALID_REQUEST, as all of these do */
export const assertMoney = (value: number | undefined, param: string): void => {
  if (value === undefined) return;
  if (!Number.isFinite(value)) throw invalidRequest(`${param} is not a number.`, param);
  if (value < 0) throw invalidRequest(`${param} is negative: ${value / NANO_PER_USD} USD. Give 0 or more.`, param);
  if (value > MAX_MONEY) {
    throw invalidRequest(
      `${param} is more than can be counted. Give at most 9007199 USD, or none for no bound.`,
      param,
    );
  }
  if (!Number.isInteger(value)) throw invalidRequest(`${param} is not a whole number of nano-dollars.`, param);
};

/** Dollars, as the configuration and open maps have them → nano-dollars. */
export const readUsd = (value: string | number, param: string): NanoUsd => {
  const nano = parsed(value, param);
  assertMoney(nano, param);
  return nano;
};

const parsed = (value: string | number, param: string): NanoUsd => {
  try {
    return parseUsd(value);
  } catch (error) {
    throw invalidRequest(`${param}: ${(error as Error).message}`, param);
  }
};

export const assertCount = (value: number | undefined, param: string): void => {
  if (value === undefined) return;
  if (!Number.isInteger(value)) throw invalidRequest(`${param} is not a whole number.`, param);
  if (value < 0) throw invalidRequest(`${param} is negative: ${value}. Give 0 or more.`, param);
  if (value > MAX_COUNT) throw invalidRequest(`${param} is too large. Leave it out for no limit.`, param);
};

/** Undefined for nothing. */
export const readDuration = (text: string | undefined, param: string): Duration | undefined => {
  try {
    return parseDuration(text);
  } catch (error) {
    throw invalidRequest(`${param}: ${(error as Error).message}`, param);
  }
};

export const assertBudget = (budget: Budget | undefined, at = ''): void => {
  if (!budget) return;
  assertMoney(budget.maxNanoUsd, `${at}max_budget`);
  assertMoney(budget.softNanoUsd, `${at}soft_budget`);
  readDuration(budget.duration, `${at}budget_duration`);
};

export const assertLimits = (limits: RateLimits | undefined, at = ''): void => {
  if (!limits) return;
  assertCount(limits.rpm, `${at}rpm_limit`);
  assertCount(limits.tpm, `${at}tpm_limit`);
  assertCount(limits.maxParallelRequests, `${at}max_parallel_requests`);
};

export const assertModelTerms = (terms: Readonly<Record<string, ModelTerms>>): void => {
  assertSize(Object.keys(terms), 'model_max_budget');
  for (const [model, { budget, limits }] of Object.entries(terms)) {
    assertName(model, 'model_max_budget');
    assertBudget(budget, `model_max_budget.${model}.`);
    assertLimits(limits, `model_max_budget.${model}.`);
  }
};

export const assertWindows = (windows: readonly BudgetWindow[]): void => {
  const durations = new Set<string>();
  for (const [index, { duration, maxNanoUsd }] of windows.entries()) {
    const param = `budget_limits[${index}]`;
    if (!readDuration(duration, `${param}.budget_duration`)) {
      throw invalidRequest(`${param} has no budget_duration. Name one, such as 1d.`, param);
    }
    if (durations.has(duration)) throw invalidRequest(`budget_limits has two windows of ${duration}.`, param);
    durations.add(duration);
    assertMoney(maxNanoUsd, `${param}.max_budget`);
  }
};

/** An id, an alias, the name of a model. */
export const assertName = (text: string, param: string): void => {
  if (text.length > MAX_NAME) {
    throw invalidRequest(`${param} has ${text.length} characters; ${MAX_NAME} are the most.`, param);
  }
  if (/\p{Cc}/u.test(text)) throw invalidRequest(`${param} contains a control character.`, param);
};

export const assertNames = (texts: readonly string[], param: string): void => {
  assertSize(texts, param);
  for (const text of texts) {
    if (text.trim() === '') throw invalidRequest(`${param} contains an empty name.`, param);
    assertName(text, param);
  }
};

/** What other systems call their users may hold anything, as `auth0|5f7c`: `accountName` knows to tell it from its own. */
export const assertId = assertName;

export const assertAliases = (aliases: Readonly<Record<string, string>>, param: string): void => {
  assertNames(Object.keys(aliases), param);
  assertNames(Object.values(aliases), param);
};

/** Open maps: not too much to hand out with every look-up of a key. */
export const assertJson = (value: unknown, param: string): void => {
  if (value === undefined || value === null) return;
  const { length } = JSON.stringify(value);
  if (length > MAX_JSON)
    throw invalidRequest(`${param} has ${length} characters as JSON; ${MAX_JSON} are the most.`, param);
};

/** Paths and names of groups: a star only at the end, so that they are quick to compare. */
export const assertRoutes = (routes: readonly string[]): void => {
  assertNames(routes, 'allowed_routes');
  for (const route of routes) {
    if (route.slice(0, -1).includes('*')) {
      throw invalidRequest(
        `allowed_routes: '${route}' has a star before its end. Write paths as '/spend/*'.`,
        'allowed_routes',
      );
    }
  }
};

const assertSize = (items: readonly unknown[], param: string): void => {
  if (items.length > MAX_LIST) {
    throw invalidRequest(`${param} has ${items.length} entries; ${MAX_LIST} are the most.`, param);
  }
};

/** As LiteLLM checks it, where `enable_key_alias_format_validation` is on. */
export const assertAliasForm = (alias: string): void => {
  if (!/^[A-Za-z0-9][A-Za-z0-9_\-/.@]{0,253}[A-Za-z0-9]$/.test(alias)) {
    throw invalidRequest(
      'key_alias has 2 to 255 letters, digits or _-/.@, and a letter or digit at both ends.',
      'key_alias',
    );
  }
};
