// What a caller may do, and how much of it: made once from what the ledger says of its key, then only read.
import {
  AllowedRoutes,
  isJsonObject,
  MODEL_OWNERS,
  PrincipalModels,
  type JsonObject,
  type ModelCatalog,
  type ModelList,
  type ModelOwner,
} from '@turnpike/domain';
import type { LimitRule } from '@turnpike/limits';
import type { Account, LimitedScope, Principal as ToldPrincipal } from '@turnpike/rpc';
import type { Principal } from '../pipeline/exchange.js';
import { guardrailTermsOf, type GuardrailTerms } from './guardrail-terms.js';

export interface Terms {
  /** Why every call is refused; undefined: none is for that reason. */
  readonly refusal: string | undefined;
  /** Epoch milliseconds; Infinity: never. */
  readonly expiresAt: number;
  readonly models: PrincipalModels;
  readonly routes: AllowedRoutes;
  /** Hold for every call. */
  readonly limits: readonly LimitRule[];
  /** Hold for calls of one model beside those. */
  readonly modelLimits: ReadonlyMap<string, readonly LimitRule[]>;
  /** Budgeted accounts that every call is charged to. */
  readonly accounts: readonly string[];
  /** Those of calls of one model beside those. */
  readonly modelAccounts: ReadonlyMap<string, readonly string[]>;
  /** Of the key and its team; every call has them. */
  readonly tags: readonly string[] | undefined;
  /** Goes into the spend log of every call. */
  readonly spendLogsMetadata: JsonObject | undefined;
  /** Undefined: those that are on by default, and those that a request asks for. */
  readonly guardrails: GuardrailTerms | undefined;
}

/** @param catalog of the configuration that its calls are made with */
export const principalOf = (told: ToldPrincipal, catalog: ModelCatalog): Principal => ({
  isAdmin: told.role === 'proxy_admin',
  keyHash: told.keyHash,
  keyAlias: told.keyAlias,
  teamId: told.teamId,
  teamAlias: told.teamAlias,
  userId: told.userId,
  organizationId: told.organizationId,
  terms: termsOf(told, catalog),
});

const termsOf = (told: ToldPrincipal, catalog: ModelCatalog): Terms => {
  const metadata = objectOf(told.metadata);
  const teamMetadata = objectOf(told.teamMetadata);
  const tags = [...textsOf(metadata['tags']), ...textsOf(teamMetadata['tags'])];
  const spendLogsMetadata = metadata['spend_logs_metadata'];
  return {
    refusal: told.refusal || undefined,
    expiresAt: told.expires?.getTime() ?? Infinity,
    models: new PrincipalModels(told.modelAccess.map(listOf), told.aliases, catalog),
    routes: new AllowedRoutes(told.allowedRoutes),
    limits: told.limits.filter(({ model }) => model === '').map(ruleOf),
    modelLimits: byModel(told.limits, ruleOf),
    accounts: told.accounts.filter(({ model }) => model === '').map(nameOf),
    modelAccounts: byModel(told.accounts, nameOf),
    tags: tags.length === 0 ? undefined : [...new Set(tags)],
    spendLogsMetadata: isJsonObject(spendLogsMetadata) ? spendLogsMetadata : undefined,
    guardrails: guardrailTermsOf(metadata, teamMetadata),
  };
};

const listOf = ({ owner, models }: ToldPrincipal['modelAccess'][number]): ModelList => ({
  owner: MODEL_OWNERS.find((known): known is ModelOwner => known === owner) ?? 'key',
  models,
});

const ruleOf = ({ scope, limits }: LimitedScope): LimitRule => ({
  key: scope,
  rpm: limits?.rpm,
  tpm: limits?.tpm,
  maxParallel: limits?.maxParallelRequests,
});

const nameOf = ({ account }: Account): string => account;

const byModel = <T extends { readonly model: string }, R>(
  all: readonly T[],
  read: (one: T) => R,
): ReadonlyMap<string, readonly R[]> => {
  const found = new Map<string, R[]>();
  for (const one of all) {
    if (one.model === '') continue;
    const ofModel = found.get(one.model);
    if (ofModel) ofModel.push(read(one));
    else found.set(one.model, [read(one)]);
  }
  return found;
};

const objectOf = (value: unknown): Readonly<JsonObject> => (isJsonObject(value) ? value : {});

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : [];
