// The one structure that everything downstream reads. No dialect of the file survives here; all of it is frozen.
import type { Deployment, JsonObject, PluginSource, RouterSettings } from '@turnpike/domain';

export interface GatewayConfig {
  /** Where it came from; `files` is empty for the built-in configuration. */
  readonly source: { readonly files: readonly string[]; readonly kind: 'file' | 'env' | 'built-in' };
  readonly server: ServerSettings;
  readonly auth: AuthSettings;
  readonly deployments: readonly Deployment[];
  /** Deployments that cannot be used (a variable is missing, no such provider) and why. */
  readonly disabled: readonly DisabledDeployment[];
  /** Caches and callbacks that were asked for but cannot be used, and why. */
  readonly off: readonly SwitchedOff[];
  readonly router: RouterSettings;
  readonly limits: LimitSettings;
  readonly requests: RequestSettings;
  readonly http: HttpSettings;
  /** `file`: absolute path of a JSON document in the shape of LiteLLM's price map; it wins over the catalogue. */
  readonly prices: { readonly file: string | undefined };
  readonly logging: LoggingSettings;
  readonly cache: CacheSettings | undefined;
  readonly callbacks: CallbackSettings;
  readonly guardrails: readonly GuardrailSettings[];
  readonly database: DatabaseSettings;
  readonly ledger: LedgerSettings;
  readonly redis: RedisSettings | undefined;
  readonly budget: BudgetSettings;
  readonly health: HealthSettings;
  readonly metrics: { readonly requireAuth: boolean };
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
  readonly allowedIps: readonly string[];
  readonly useForwardedFor: boolean;
  readonly allowClientCredentials: boolean;
  /** Variables that values from the API or the database may name. */
  readonly apiEnvNames: readonly string[];
  /** Encrypts stored credentials. A secret. */
  readonly saltKey: string | undefined;
}

export interface DisabledDeployment {
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
}

export interface CacheSettings {
  /** Cache plugin id, for instance `cache.redis`. */
  readonly plugin: string;
  /** False: declared but switched off (`cache: false` beside `cache_params`), or unusable (see `off`). */
  readonly enabled: boolean;
  readonly mode: 'default_on' | 'default_off';
  readonly ttlMs: number | undefined;
  readonly namespace: string | undefined;
  /** LiteLLM's names of calls to cache; empty: none, the store is only shared infrastructure. Absent: all. */
  readonly callTypes: readonly string[] | undefined;
  /** Callers with different keys share hits, as in LiteLLM. */
  readonly shared: boolean;
  /** The plugin's own keys (host, port, password …). Holds secrets. */
  readonly settings: JsonObject;
}

/** Names as written; each resolves to a callback plugin id, alias or path when the kernel loads it. */
export interface CallbackSettings {
  readonly success: readonly string[];
  readonly failure: readonly string[];
  readonly both: readonly string[];
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
  /** Keys that each worker keeps in memory. */
  readonly keyCacheMax: number;
  /** Without news from the ledger, a key is asked for again after this. */
  readonly keyCacheTtlMs: number;
  /** So long after that a key is still good while the ledger is away. */
  readonly keyStaleTtlMs: number;
  readonly journal: JournalSettings;
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
  /** Ask each provider's model list at start and warn about refused credentials. */
  readonly validateApiKeys: boolean;
}

export interface ConfigWarning {
  readonly message: string;
  /** `file:line` or the variable's name. */
  readonly where?: string;
  /** What it concerns, so that messages can be grouped. */
  readonly kind: 'unknown-key' | 'duplicate' | 'missing-variable' | 'moved-key' | 'unresolved' | 'security' | 'value';
}
