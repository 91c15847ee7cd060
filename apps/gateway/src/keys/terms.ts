// What a caller may do, and how much of it: made once from what the ledger says of its key, then only read.
import {
  accountName,
  AllowedRoutes,
  ENTRY_LIMITS,
  isJsonObject,
  MODEL_OWNERS,
  PrincipalModels,
  type JsonObject,
  type ModelCatalog,
  type ModelList,
  type ModelOwner,
} from '@turnpike/domain';
import { formatUsd } from '@turnpike/pricing';
import type { ModelAccess, Principal as ToldPrincipal } from '@turnpike/rpc';
import type { KeyCallback } from '../callbacks/key-callbacks.js';
import type { Principal } from '../pipeline/exchange.js';
import { Bounds } from './bounds.js';
import { loggingOf } from './logging.js';

export interface Terms {
  /** Why every call is refused; undefined: none is for that reason. */
  readonly refusal: string | undefined;
  /** Epoch milliseconds; Infinity: never. */
  readonly expiresAt: number;
  readonly models: PrincipalModels;
  readonly routes: AllowedRoutes;
  readonly bounds: Bounds;
  readonly cache: CacheTerms;
  /** Of the key and its team; every call has them. */
  readonly tags: readonly string[] | undefined;
  /** What its requests must say. */
  readonly enforcedParams: readonly string[] | undefined;
  /** What every answer says of the key's limits, as `answerHeaders` writes it. Undefined: it has none. */
  readonly headers: readonly string[] | undefined;
  /** Goes into the spend log of every call. */
  readonly spendLogsMetadata: JsonObject | undefined;
  /** Told of its calls beside the configured ones. */
  readonly callbacks: readonly KeyCallback[] | undefined;
  /** Names of those that are not told of its calls. */
  readonly disabledCallbacks: readonly string[] | undefined;
  /** Callbacks see no prompts and no answers. */
  readonly turnOffMessageLogging: boolean;
}

/** What a caller may say of caching, and what is said for it. */
export interface CacheTerms {
  /** Controls that its requests may name; undefined: all. */
  readonly allowed: ReadonlySet<string> | undefined;
  /** Controls of its key or team, which count in place of those of its requests. */
  readonly forced: JsonObject | undefined;
}

/** @param catalog of the configuration in use */
export const principalOf = (told: ToldPrincipal, catalog: ModelCatalog): Principal => ({
  isAdmin: told.role === 'proxy_admin',
  keyHash: told.keyHash,
  keyAlias: told.keyAlias,
  teamId: told.teamId,
  teamAlias: told.teamAlias,
  userId: told.userId,
  userEmail: told.userEmail || undefined,
  organizationId: told.organizationId,
  terms: termsOf(told, catalog),
});

const termsOf = (told: ToldPrincipal, catalog: ModelCatalog): Terms => {
  const metadata = objectOf(told.metadata);
  const teamMetadata = objectOf(told.teamMetadata);
  const tags = [...textsOf(metadata['tags']), ...textsOf(teamMetadata['tags'])];
  const enforced = [...textsOf(metadata['enforced_params']), ...textsOf(teamMetadata['enforced_params'])];
  const spendLogsMetadata = metadata['spend_logs_metadata'];
  return {
    refusal: told.refusal || undefined,
    expiresAt: told.expires?.getTime() ?? Infinity,
    models: new PrincipalModels(
      told.modelAccess.map((access) => listOf(access, told.teamId)),
      told.aliases,
      catalog,
    ),
    routes: new AllowedRoutes(told.allowedRoutes),
    bounds: Bounds.of(told),
    cache: {
      allowed: told.allowedCacheControls.length === 0 ? undefined : new Set(told.allowedCacheControls),
      forced: [metadata['cache'], teamMetadata['cache']].find(isJsonObject),
    },
    headers: headersOf(told),
    tags: tags.length === 0 ? undefined : [...new Set(tags)].slice(0, ENTRY_LIMITS.tags),
    enforcedParams: enforced.length === 0 ? undefined : enforced,
    spendLogsMetadata: isJsonObject(spendLogsMetadata) ? spendLogsMetadata : undefined,
    ...loggingOf(metadata, teamMetadata),
  };
};

const listOf = ({ owner, models, withTeamModels }: ModelAccess, teamId: string): ModelList => ({
  owner: MODEL_OWNERS.find((known): known is ModelOwner => known === owner) ?? 'key',
  models,
  teamId: withTeamModels ? teamId : undefined,
});

const headersOf = ({ keyHash, limits, accounts }: ToldPrincipal): string[] | undefined => {
  const scope = accountName('key', keyHash);
  const { tpm, rpm } = limits.find((one) => one.scope === scope)?.limits ?? {};
  const max = accounts.find(({ account }) => account === scope)?.maxNanoUsd;
  const headers = [
    ...(tpm === undefined ? [] : ['x-litellm-key-tpm-limit', String(tpm)]),
    ...(rpm === undefined ? [] : ['x-litellm-key-rpm-limit', String(rpm)]),
    ...(max === undefined ? [] : ['x-litellm-key-max-budget', formatUsd(max)]),
  ];
  return headers.length === 0 ? undefined : headers;
};

const objectOf = (value: unknown): Readonly<JsonObject> => (isJsonObject(value) ? value : {});

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : [];
