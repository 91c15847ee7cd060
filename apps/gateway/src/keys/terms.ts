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
import type { Principal as ToldPrincipal } from '@turnpike/rpc';
import type { Principal } from '../pipeline/exchange.js';
import { Bounds } from './bounds.js';

export interface Terms {
  /** Why every call is refused; undefined: none is for that reason. */
  readonly refusal: string | undefined;
  /** Epoch milliseconds; Infinity: never. */
  readonly expiresAt: number;
  readonly models: PrincipalModels;
  readonly routes: AllowedRoutes;
  readonly bounds: Bounds;
  /** Of the key and its team; every call has them. */
  readonly tags: readonly string[] | undefined;
  /** What its requests must say. */
  readonly enforcedParams: readonly string[] | undefined;
  /** What every answer says of the key's limits, as `answerHeaders` writes it. Undefined: it has none. */
  readonly headers: readonly string[] | undefined;
  /** Goes into the spend log of every call. */
  readonly spendLogsMetadata: JsonObject | undefined;
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
  const tags = [...textsOf(metadata['tags']), ...textsOf(objectOf(told.teamMetadata)['tags'])];
  const enforced = [
    ...textsOf(metadata['enforced_params']),
    ...textsOf(objectOf(told.teamMetadata)['enforced_params']),
  ];
  const spendLogsMetadata = metadata['spend_logs_metadata'];
  return {
    refusal: told.refusal || undefined,
    expiresAt: told.expires?.getTime() ?? Infinity,
    models: new PrincipalModels(told.modelAccess.map(listOf), told.aliases, catalog),
    routes: new AllowedRoutes(told.allowedRoutes),
    bounds: Bounds.of(told),
    headers: headersOf(told),
    tags: tags.length === 0 ? undefined : [...new Set(tags)].slice(0, ENTRY_LIMITS.tags),
    enforcedParams: enforced.length === 0 ? undefined : enforced,
    spendLogsMetadata: isJsonObject(spendLogsMetadata) ? spendLogsMetadata : undefined,
  };
};

const listOf = ({ owner, models }: ToldPrincipal['modelAccess'][number]): ModelList => ({
  owner: MODEL_OWNERS.find((known): known is ModelOwner => known === owner) ?? 'key',
  models,
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
