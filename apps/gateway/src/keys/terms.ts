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
import { LimitedScope, type ModelAccess, type Principal as ToldPrincipal } from '@turnpike/rpc';
import type { KeyCallback } from '../callbacks/key-callbacks.js';
import type { Principal } from '../pipeline/exchange.js';
import { Bounds } from './bounds.js';
import { loggingOf } from './logging.js';
import { guardrailTermsOf, type GuardrailTerms } from './guardrail-terms.js';

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
  /** What is asked of the router for requests that do not say: fields as a body has them. Undefined: nothing. */
  readonly routing: Readonly<JsonObject> | undefined;
  /** Undefined: all. */
  readonly allowedTools: ReadonlySet<string> | undefined;
  /** Undefined: none. */
  readonly blockedTools: ReadonlySet<string> | undefined;
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
  /** Undefined: those that are on by default, and those that a request asks for. */
  readonly guardrails: GuardrailTerms | undefined;
}

/** What a caller may say of caching, and what is said for it. */
export interface CacheTerms {
  /** Controls that its requests may name; undefined: all. */
  readonly allowed: ReadonlySet<string> | undefined;
  /** Controls of its key or team, which count in place of those of its requests. */
  readonly forced: JsonObject | undefined;
}

/** Of the configuration that calls are made with. */
export interface TermsSettings {
  readonly catalog: ModelCatalog;
  /** Of keys without a limit of their own. */
  readonly defaultMaxParallelRequests?: number | undefined;
  /** What requests of service accounts must say. */
  readonly serviceAccountParams?: readonly string[];
}

export const principalOf = (told: ToldPrincipal, settings: TermsSettings): Principal => ({
  isAdmin: told.role === 'proxy_admin',
  keyHash: told.keyHash,
  keyAlias: told.keyAlias,
  teamId: told.teamId,
  teamAlias: told.teamAlias,
  userId: told.userId,
  userEmail: told.userEmail || undefined,
  organizationId: told.organizationId,
  terms: termsOf(told, settings),
});

const termsOf = (told: ToldPrincipal, settings: TermsSettings): Terms => {
  const metadata = objectOf(told.metadata);
  const teamMetadata = objectOf(told.teamMetadata);
  const routerSettings = objectOf(told.routerSettings);
  const tags = [...textsOf(metadata['tags']), ...textsOf(teamMetadata['tags'])];
  const enforced = [
    ...textsOf(metadata['enforced_params']),
    ...textsOf(teamMetadata['enforced_params']),
    ...(metadata['service_account_id'] ? (settings.serviceAccountParams ?? []) : []),
  ];
  const tools = metadata['allowed_tools'] ?? teamMetadata['allowed_tools'];
  const aliases = { ...textMapOf(routerSettings['model_group_alias']), ...told.aliases };
  const spendLogsMetadata = metadata['spend_logs_metadata'];
  return {
    refusal: told.refusal || undefined,
    expiresAt: told.expires?.getTime() ?? Infinity,
    models: new PrincipalModels(
      told.modelAccess.map((access) => listOf(access, told.teamId)),
      aliases,
      settings.catalog,
    ),
    routes: AllowedRoutes.of(told.allowedRoutes),
    bounds: Bounds.of({ limits: limitsOf(told, settings), accounts: told.accounts }),
    cache: cacheOf(told.allowedCacheControls, [metadata['cache'], teamMetadata['cache']].find(isJsonObject)),
    headers: headersOf(told),
    tags: tags.length === 0 ? undefined : [...new Set(tags)].slice(0, ENTRY_LIMITS.tags),
    routing: routingOf(routerSettings, metadata, teamMetadata),
    allowedTools: Array.isArray(tools) && tools.length > 0 ? new Set(textsOf(tools)) : undefined,
    blockedTools: told.blockedTools.length === 0 ? undefined : new Set(told.blockedTools),
    enforcedParams: enforced.length === 0 ? undefined : enforced,
    spendLogsMetadata: isJsonObject(spendLogsMetadata) ? spendLogsMetadata : undefined,
    ...loggingOf(metadata, teamMetadata),
    guardrails: guardrailTermsOf(metadata, teamMetadata),
  };
};

/** Most callers have none, and share it. */
const NO_CACHE_TERMS: CacheTerms = { allowed: undefined, forced: undefined };

const cacheOf = (allowed: readonly string[], forced: JsonObject | undefined): CacheTerms =>
  allowed.length === 0 && !forced
    ? NO_CACHE_TERMS
    : { allowed: allowed.length === 0 ? undefined : new Set(allowed), forced };

const listOf = ({ owner, models, withTeamModels }: ModelAccess, teamId: string): ModelList => ({
  owner: MODEL_OWNERS.find((known): known is ModelOwner => known === owner) ?? 'key',
  models,
  teamId: withTeamModels ? teamId : undefined,
});

/** Fields of router_settings that hold for the calls of one caller. */
const ROUTING = [
  ['num_retries', (value) => Number.isSafeInteger(value) && Number(value) >= 0],
  ['timeout', (value) => typeof value === 'number' && value > 0],
  ['stream_timeout', (value) => typeof value === 'number' && value > 0],
  ['fallbacks', Array.isArray],
  ['context_window_fallbacks', Array.isArray],
  ['content_policy_fallbacks', Array.isArray],
] as const satisfies readonly (readonly [string, (value: unknown) => boolean])[];

/** What cannot be meant is not passed on: it would be a fault of every request. */
const routingOf = (
  settings: Readonly<JsonObject>,
  metadata: Readonly<JsonObject>,
  ofTeam: Readonly<JsonObject>,
): Readonly<JsonObject> | undefined => {
  const routing: JsonObject = {};
  for (const [name, isMeant] of ROUTING) if (isMeant(settings[name])) routing[name] = settings[name]!;
  if ((metadata['disable_fallbacks'] ?? ofTeam['disable_fallbacks']) === true) routing['disable_fallbacks'] = true;
  return Object.keys(routing).length === 0 ? undefined : routing;
};

/** With what holds for keys that have no limit of their own. */
const limitsOf = (
  { keyHash, limits }: ToldPrincipal,
  { defaultMaxParallelRequests }: TermsSettings,
): readonly LimitedScope[] => {
  if (defaultMaxParallelRequests === undefined || keyHash === '') return limits;
  const scope = accountName('key', keyHash);
  const own = limits.find((one) => one.scope === scope)?.limits;
  if (own?.maxParallelRequests !== undefined) return limits;
  return [
    ...limits.filter((one) => one.scope !== scope),
    LimitedScope.fromPartial({ scope, limits: { ...own, maxParallelRequests: defaultMaxParallelRequests } }),
  ];
};

const headersOf = ({ keyHash, limits, accounts }: ToldPrincipal): string[] | undefined => {
  const scope = accountName('key', keyHash);
  const { tpm, rpm } = limits.find((one) => one.scope === scope)?.limits ?? {};
  const max = accounts.find(({ account }) => account === scope)?.maxNanoUsd;
  const headers = [
    ...(tpm === undefined ? [] : ['x-litellm-key-tpm-limit', String(tpm)]),
    ...(rpm === undefined ? [] : ['x-litellm-key-rpm-limit', String(rpm)]),
    ...(max === undefined ? [] : ['x-litellm-key-max-budget', formatUsd(max)]),
  ];
  // Without the room for more that spreading leaves in each.
  return headers.length === 0 ? undefined : headers.slice();
};

const objectOf = (value: unknown): Readonly<JsonObject> => (isJsonObject(value) ? value : {});

const textMapOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(objectOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : [];
