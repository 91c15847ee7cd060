// What goes wrong when something is stored, in words for whoever asked for it.
import { GatewayError, invalidRequest } from '@turnpike/errors';
import { isUnavailable, violationOf } from '../storage/database-error.js';
import { unavailable } from '../settlement/database-faults.js';

export const alreadyExists = (what: string, param: string): GatewayError =>
  new GatewayError('GW_ALREADY_EXISTS', `${what} exists already. Choose another one.`, { param });

export const notFound = (what: string, param?: string): GatewayError =>
  new GatewayError('GW_NOT_FOUND', `${what} does not exist.`, { param });

/** By the name of a constraint, or a part of it: what to say. */
export type Meanings = Readonly<Record<string, () => GatewayError>>;

/** References that many tables have. */
const REFERENCES: Meanings = {
  team_id_fkey: () => invalidRequest('There is no such team. Make it first, with /team/new.', 'team_id'),
  organization_id_fkey: () =>
    invalidRequest('There is no such organization. Make it first, with /organization/new.', 'organization_id'),
  budget_id_fkey: () => invalidRequest('There is no such budget. Make it first, with /budget/new.', 'budget_id'),
};

/**
 * @throws the meaning of a broken constraint; GW_LEDGER_UNAVAILABLE when the database is away; anything else as it was
 */
export const storing = async <T>(work: () => Promise<T>, meanings: Meanings = {}): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw meaningOf(error, { ...REFERENCES, ...meanings });
  }
};

const meaningOf = (error: unknown, meanings: Meanings): unknown => {
  if (isUnavailable(error)) return unavailable(error);
  const violation = violationOf(error);
  if (!violation) return error;
  const [, meaning] = Object.entries(meanings).find(([name]) => violation.constraint.includes(name)) ?? [];
  return meaning?.() ?? error;
};
