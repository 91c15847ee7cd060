// The one structure that everything downstream reads. No dialect of the file survives here; all of it is frozen.
import type { Deployment, JsonObject, PluginSource, Role, RouterSettings } from '@turnpike/domain';

export interface GatewayConfig {
  /** Where it came from; `files` is empty for the built-in configuration. */
  readonly source: { readonly files: readonly string[]; readonly kind: 'file' | 'env' | 'built-in' };
  readonly server: ServerSettings;
  readonly auth: AuthSettings;
  readonly callers: CallerSettings;
  readonly deployments: readonly Deployment[];
  /** Deployments that cannot be used (a variable is missing, no such provider) and why. */
  readonly disabled: readonly DisabledDeployment[];
  /** Caches and callbacks that were asked for but cannot be used, and why. */
  readonly off: readonly SwitchedOff[];
  readonly router: RouterSettings;
  readonly limits: LimitSettings;
  readonly requests: RequestSettings;
  readonly http: HttpSettings;
  readonly prices: PriceSettings;
  readonly logging: LoggingSettings;
  readonly cache: CacheSettings | undefined;
  readonly callbacks: CallbackSettings;
  readonly guardrails: readonly GuardrailSettings[];
  readonly database: DatabaseSettings;
  readonly ledger: LedgerSettings;
  readonly redis: RedisSettings | undefined;
  readonly budget: BudgetSettings;
  readonly health: HealthSettings;
  readonly metrics: MetricsSettings;
  /** Foreign plugins, in the order written. */
  readonly plugins: readonly PluginSource[];
  /** Plugin id → settings that legacy keys of other sections gave it (`langfuse_host`, `webhook_url` …). */
  readonly pluginSettings: Readonly<Record<string, JsonObject>>;
  /**
   * Every known LiteLLM key as written, by its home section, after merging. Features that come later read theirs here.
   */
  readonly kept: {
    readonly general: Readonly<JsonObject>;
    readonly litellm: Readonly<JsonObject>;
    readonly router: Readonly<JsonObject>;
    readonly top: Readonly<JsonObject>;
  };
  readonly warnings: readonly ConfigWarning[];
}

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly numWorkers: number;
  readonly keepaliveTimeoutMs: number;
  /** 0: never. */
  readonly maxRequestsBeforeRestart: number;
  /** Absolute. */
  readonly dataDir: string;
  /** `SERVER_ROOT_PATH`; empty or `/prefix`. */
  readonly rootPath: string;
  /** How long open requests may go on after SIGTERM. */
  readonly drainMs: number;
}

export interface AuthSettings {
  /** From file or environment; absent when none was given. A secret. */
  readonly masterKey: string | undefined;
  readonly requireAuth: boolean;
  /** True: a file without a master key, so the data plane takes every caller. */
  readonly isOpen: boolean;
  /** Header that carries keys besides the usual ones, lower-case. */
  readonly keyHeaderName: string | undefined;
  /** Addresses and ranges that may call; empty: all. */
  readonly allowedIps: readonly string[];
  /** The client's address is the one that the nearest proxy that is not trusted gave. */
  readonly useForwardedFor: boolean;
  /** Addresses and ranges of proxies whose `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[];
  readonly routes: RouteSettings;
  /** Tokens of other issuers; absent: none are taken. */
  readonly jwt: JwtSettings | undefined;
  readonly allowClientCredentials: boolean;
  /** Variables that stored values may name. */
  readonly apiEnvNames: readonly string[];
  /** Encrypts stored credentials. A secret. */
  readonly saltKey: string | undefined;
}

/** Paths, with wildcards, and names of groups. */
export interface RouteSettings {
  /** All that this gateway answers; empty: everything it has. */
  readonly allowed: readonly string[];
  /** For admins alone. */
  readonly adminOnly: readonly string[];
  /** For everybody, without a key. */
  readonly public: readonly string[];
}

/** `enable_jwt_auth` with `litellm_jwtauth`. Claims are named by paths: `realm.roles`. */
export interface JwtSettings {
  /** JWKS, or OpenID discovery documents that name one. */
  readonly keyUrls: readonly string[];
  readonly audience: readonly string[];
  readonly issuer: readonly string[];
  readonly leewayMs: number;
  /** Keys are fetched anew after this. */
  readonly keyTtlMs: number;
  /** So long after that they are still good while they cannot be fetched. */
  readonly keyStaleTtlMs: number;
  readonly claims: JwtClaims;
  /** Where the issuer says whom a token is for; absent: the token alone does. */
  readonly userInfo: { readonly url: string; readonly ttlMs: number } | undefined;
  readonly adminScope: string;
  readonly adminRoutes: readonly string[];
  readonly teamRoutes: readonly string[];
  /** Team of tokens that name none. */
  readonly defaultTeam: string | undefined;
  /** Domain that addresses of users must be of: `example.com`. */
  readonly emailDomain: string | undefined;
  /** One of these must be among the roles of a user; absent: all may. */
  readonly userRoles: readonly string[] | undefined;
  /** Roles of the token, with stars in them → the user's; undefined: what is known of users stays. */
  readonly sync: { readonly roles: readonly JwtUserRole[] } | undefined;
  readonly upsertUser: boolean;
  readonly upsertTeam: boolean;
  /** Every token must have a role. */
  readonly enforceRbac: boolean;
  /** A team must be found that may call the model. */
  readonly enforceTeam: boolean;
  readonly enforceScopes: boolean;
  /** The first whose role a token has counts. */
  readonly roleMappings: readonly { readonly role: string; readonly internalRole: JwtRole }[];
  readonly scopeMappings: readonly JwtGrant[];
  /** By internal role. */
  readonly rolePermissions: readonly JwtGrant[];
}

export interface JwtUserRole {
  /** `ADMIN_*` */
  readonly pattern: string;
  readonly role: Role;
}

export const JWT_ROLES = ['proxy_admin', 'team', 'internal_user'] as const;
export type JwtRole = (typeof JWT_ROLES)[number];

/** Undefined: whatever the team or the user may. */
export interface JwtGrant {
  /** A scope, or a role. */
  readonly name: string;
  readonly models: readonly string[] | undefined;
  readonly routes: readonly string[] | undefined;
}

/** Undefined: tokens do not tell. */
export interface JwtClaims {
  readonly team: string | undefined;
  readonly teams: string | undefined;
  readonly user: string | undefined;
  readonly email: string | undefined;
  readonly organization: string | undefined;
  readonly customer: string | undefined;
  readonly roles: string | undefined;
  readonly userRoles: string | undefined;
  /** Of the team or the user, by the token's role. */
  readonly object: string | undefined;
}

export interface PriceSettings {
  /** Absolute path of a JSON document in the shape of LiteLLM's price map; it wins over the catalogue. */
  readonly file: string | undefined;
  /** Plugin id of a provider → the part that its calls cost less: 0.05. */
  readonly discounts: Readonly<Record<string, number>>;
  /** Plugin id of a provider → what its calls cost more. */
  readonly margins: Readonly<Record<string, MarginSettings>>;
  /** Of providers without one of their own. */
  readonly margin: MarginSettings | undefined;
}

export interface MarginSettings {
  /** Of the cost: 0.05. */
  readonly rate: number;
  /** Of each call. */
  readonly fixedUsd: number;
}

/** Whom requests name beside their key, and what they must say. Headers are lower-case. */
export interface CallerSettings {
  /** Headers that name the end user; the first that is there counts. */
  readonly customerHeaders: readonly string[];
  /** Headers that name one of our own users. */
  readonly internalUserHeaders: readonly string[];
  /** Headers whose values are tags: `x-team: red`. */
  readonly tagHeaders: readonly string[];
  /** What end users cost is not counted, so that their budgets do not hold. */
  readonly isCustomerCostIgnored: boolean;
  /** Every request names its end user. */
  readonly requiresUser: boolean;
  /** Tags in the metadata of requests are refused. */
  readonly refusesClientTags: boolean;
  /** Fields that every request has, `metadata.name` for one of metadata. */
  readonly enforcedParams: readonly string[];
  /** Fields that every request of a service account has. */
  readonly serviceAccountParams: readonly string[];
}

export interface DisabledDeployment {
  /** Of a stored one. */
  readonly id?: string;
  readonly modelName: string;
  readonly model: string;
  readonly reason: string;
  readonly source?: string;
}

export interface SwitchedOff {
  readonly kind: 'cache' | 'callback';
  /** As written: `redis`, `langfuse`. */
  readonly name: string;
  readonly reason: string;
}

/** Limits of the whole installation. */
export interface LimitSettings {
  readonly maxParallelRequests: number | undefined;
  readonly rpm: number | undefined;
  readonly tpm: number | undefined;
  readonly enableQueue: boolean;
  readonly queueMaxSize: number;
  /** Longest wait in the queue. */
  readonly queueTimeoutMs: number;
  readonly defaultKeyMaxParallelRequests: number | undefined;
}

export interface RequestSettings {
  readonly dropParams: boolean;
  readonly modifyParams: boolean;
  /** Answer with the model name the client asked for instead of the upstream's. */
  readonly restampModel: boolean;
  readonly alwaysIncludeStreamUsage: boolean;
  readonly maxBodyBytes: number;
  readonly maxResponseBytes: number | undefined;
  /** Overrides of the asked model by endpoint: `completion_model`, `embedding_model` … */
  readonly modelOverrides: Readonly<Record<string, string>>;
  readonly forwardClientHeaders: boolean;
  /** Usage at the end of streams says what it cost. */
  readonly tellsCostInStreams: boolean;
  readonly maxBatchSize: number | undefined;
}

export interface HttpSettings {
  readonly verifyTls: boolean;
  /** Path of a PEM bundle trusted besides the system's. */
  readonly caFile: string | undefined;
  readonly forceIpv4: boolean;
  /** Hosts and CIDR ranges that the egress guard opens. */
  readonly allowedHosts: readonly string[];
}

export interface LoggingSettings {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** One line per call: where it was routed, who answered, how long it took. */
  readonly verbose: boolean;
  /** Also show upstream requests as masked curl commands. */
  readonly detailedDebug: boolean;
  readonly json: boolean;
  readonly turnOffMessageLogging: boolean;
  /** Clients cannot keep their calls from callbacks. */
  readonly isCompulsory: boolean;
  /** What was asked and answered goes into the spend log. */
  readonly storesPrompts: boolean;
}

export interface CacheSettings {
  /** Cache plugin id, for instance `cache.redis`. */
  readonly plugin: string;
  /** False: declared but switched off (`cache: false` beside `cache_params`), or unusable (see `off`). */
  readonly enabled: boolean;
  readonly mode: 'default_on' | 'default_off';
  /** 0: nothing is kept. */
  readonly ttlMs: number | undefined;
  /** Of answers under a model's name, in place of `ttlMs`. */
  readonly modelTtlMs: Readonly<Record<string, number>>;
  readonly namespace: string | undefined;
  /** LiteLLM's names of calls to cache; empty: none, the store is only shared infrastructure. Absent: all. */
  readonly callTypes: readonly string[] | undefined;
  /** Callers of different teams, and keys without one, share answers, as in LiteLLM. */
  readonly shared: boolean;
  /** Of equal requests at the same time a worker sends one upstream. */
  readonly singleFlight: boolean;
  /** The plugin's own keys (host, port, password …). Holds secrets. */
  readonly settings: JsonObject;
}

/** Names as written; each resolves to a callback plugin id, alias or path when the kernel loads it. */
export interface CallbackSettings {
  readonly success: readonly string[];
  readonly failure: readonly string[];
  readonly both: readonly string[];
  /** `alerting`: told of alerts, and of calls only where they stand in the others too. */
  readonly alerts: readonly string[];
  /** Those of `callback_settings` that are callbacks of their own, by name. */
  readonly named: Readonly<Record<string, NamedCallback>>;
  /** Names of those that are not told what was asked and answered. */
  readonly withoutContent: readonly string[];
}

/** A plugin under a name, with settings, of the operator's choice. */
export interface NamedCallback {
  /** Plugin id. */
  readonly plugin: string;
  /** May hold secrets. */
  readonly settings: JsonObject;
}

/** A call with one of these tags has the modes of its tags, any other those by default. */
export interface GuardrailModes {
  readonly default: readonly string[];
  readonly byTag: Readonly<Record<string, readonly string[]>>;
}

export interface GuardrailSettings {
  /** Not unique: one name may stand for several that run together. */
  readonly name: string;
  /** Plugin id. */
  readonly plugin: string;
  /** What the configuration calls the plugin. */
  readonly kind: string;
  readonly modes: GuardrailModes;
  readonly defaultOn: boolean;
  /** What becomes of a call when it fails, or only when its service cannot be reached; absent: as its plugin says. */
  readonly onFailure: 'closed' | 'open' | 'open-when-unreachable' | undefined;
  /** Of each look at a call; absent: the default. */
  readonly timeoutMs: number | undefined;
  /** The operator's words about it, for those who list guardrails. */
  readonly info: JsonObject | undefined;
  readonly settings: JsonObject;
}

export interface DatabaseSettings {
  /** A secret. */
  readonly url: string | undefined;
  readonly poolLimit: number;
  readonly allowRequestsWhenAway: boolean;
  readonly storeModels: boolean;
}

/** How the gateway keeps to its ledger, which knows keys and spend. */
export interface LedgerSettings {
  /** `host:port`, or `unix:` and a path; absent: there is none, unless the command line starts one beside the gateway. */
  readonly address: string | undefined;
  /** What the gateway proves itself with there. A secret. */
  readonly token: string | undefined;
  /** Absent: it is spoken to in clear. */
  readonly tls: LedgerTls | undefined;
  /** How long a replaced secret goes on where nobody says: `24h`; absent: not at all. */
  readonly rotationGrace: string | undefined;
  /** Keys that each worker keeps in memory. */
  readonly keyCacheMax: number;
  /** Without news from the ledger, a key is asked for again after this. */
  readonly keyCacheTtlMs: number;
  /** So long after that a key is still good while the ledger is away. */
  readonly keyStaleTtlMs: number;
  readonly journal: JournalSettings;
}

/** Files, PEM. */
export interface LedgerTls {
  /** Whose certificates are believed; absent: those that this machine believes. */
  readonly caFile: string | undefined;
  /** Ours, where the ledger asks for one; both or neither. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** The name in the ledger's certificate, where it is not the address. */
  readonly serverName: string | undefined;
}

export interface JournalSettings {
  /** Of each worker. */
  readonly maxBytes: number;
  /** What becomes of calls that cannot be recorded: they are refused, or go on and are counted only. */
  readonly whenFull: 'refuse' | 'drop';
  /** When the disk is asked to confirm: never, now and then, or before each answer. */
  readonly sync: 'none' | 'interval' | 'always';
}

export interface RedisSettings {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly ssl?: boolean;
}

export interface BudgetSettings {
  readonly maxBudgetUsd: number | undefined;
  readonly budgetDuration: string | undefined;
}

export interface HealthSettings {
  readonly backgroundChecks: boolean;
  readonly intervalMs: number;
  /** Whether `/health` tells more than names: addresses, and why a deployment is not well. */
  readonly tellsDetails: boolean;
  /** Deployments that are asked at the same time. */
  readonly concurrency: number;
  /** Ask each provider's model list at start and warn about refused credentials. */
  readonly validateApiKeys: boolean;
}

/** What `/metrics` tells. All but `requireAuth` belongs to the process and needs a restart. */
export interface MetricsSettings {
  readonly requireAuth: boolean;
  /** Paths in a request's or key's metadata that become labels: `metadata.team.name`. */
  readonly metadataLabels: readonly string[];
  /** Tags that become labels, `true` or `false`; `*` stands for anything. */
  readonly tags: readonly string[];
  /** Restrict what is told, where there are any; names without `_total` fit too. */
  readonly groups: readonly MetricsGroup[];
  readonly excludedMetrics: readonly string[];
  readonly excludedLabels: readonly string[];
  /** Label sets of one metric. Undefined: as many as are good for most. */
  readonly maxSeries: number | undefined;
  /** Label sets that nobody counted in for so long are forgotten; undefined: none is. */
  readonly idleMs: number | undefined;
  readonly hasStreamLabel: boolean;
  readonly hasEndUserLabel: boolean;
  /** Tell all budgets, also of those who have not called yet. */
  readonly tellsAllBudgets: boolean;
}

export interface MetricsGroup {
  readonly metrics: readonly string[];
  /** Undefined: all that the metric has. */
  readonly labels: readonly string[] | undefined;
}

export interface ConfigWarning {
  readonly message: string;
  /** `file:line` or the variable's name. */
  readonly where?: string;
  /** What it concerns, so that messages can be grouped. */
  readonly kind: 'unknown-key' | 'duplicate' | 'missing-variable' | 'moved-key' | 'unresolved' | 'security' | 'value';
}
