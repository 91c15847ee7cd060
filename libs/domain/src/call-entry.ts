// A finished call as the gateway's journal keeps it and the ledger settles it: one JSON document a call.
import { accountName, INSTALLATION_ACCOUNT } from './account-name.js';
import type { JsonObject, JsonValue } from './json.js';
import type { NanoUsd } from './money.js';
import type { Usage } from './usage.js';

export const CALL_STATUSES = ['success', 'failure', 'client_closed'] as const;
export type CallStatus = (typeof CALL_STATUSES)[number];

export const ATTEMPT_STATUSES = ['success', 'failure', 'abandoned'] as const;
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];

export const CACHE_STATES = ['off', 'miss', 'hit'] as const;
export type CacheState = (typeof CACHE_STATES)[number];

export const USAGE_SOURCES = ['upstream', 'estimated'] as const;
export type UsageSource = (typeof USAGE_SOURCES)[number];

/** What went wrong, as the client was told: no upstream text, no secrets. */
export interface EntryError {
  /** `GW_…` */
  code: string;
  message: string;
}

/** One request to one deployment. */
export interface EntryAttempt {
  /** The deployment's id. */
  deployment: string;
  /** Plugin id: `provider.openai`. */
  provider: string;
  /** As the upstream calls it. */
  model: string;
  group?: string;
  /** Why this deployment: `only`, `strategy`, `affinity`, `shuffle`, `hedge`, `mid-stream`. */
  reason?: string;
  /** Retries within its group before it; absent: none. */
  retry?: number;
  /** Which fallback its group is; absent: the group that was asked for. */
  fallback?: number;
  status: AttemptStatus;
  /** Milliseconds after the call began. */
  startedMs: number;
  durationMs: number;
  /** Milliseconds after the attempt began. */
  firstTokenMs?: number;
  cost?: NanoUsd;
  usage?: Usage;
  usageSource?: UsageSource;
  error?: EntryError;
}

/** Version 1. What is absent is not known. */
export interface CallEntry {
  v: 1;
  /** A UUID of version 7. The day of its time is the day that the call is counted on. */
  id: string;
  /** As the client was told. */
  callId?: string;
  /** Epoch milliseconds. */
  startedAt: number;
  /** Epoch milliseconds. The budget period that this lies in is charged. */
  endedAt: number;
  /** Whose leases the call was paid from. */
  holder?: string;
  /** SHA-256 of the key, hex. */
  key?: string;
  /** The key's. */
  alias?: string;
  user?: string;
  team?: string;
  organization?: string;
  customer?: string;
  tags?: string[];
  /** As asked for. */
  model?: string;
  /** The model group that answered, or was asked last. */
  group?: string;
  /** `chat`, `embeddings` … */
  operation?: string;
  stream?: boolean;
  status: CallStatus;
  /** HTTP. */
  statusCode?: number;
  cache?: CacheState;
  /** Of all attempts together. */
  cost: NanoUsd;
  /** No price is known of some of it; `cost` is what is known. */
  costUnknown?: boolean;
  usage?: Usage;
  usageSource?: UsageSource;
  attempts: EntryAttempt[];
  error?: EntryError;
  sessionId?: string;
  ip?: string;
  /** What the key and the request want kept: `spend_logs_metadata`. */
  metadata?: JsonObject;
  /** What was asked, where operators want it kept: messages, prompt or input. */
  request?: JsonValue;
  /** What was answered, in the client's dialect. */
  response?: JsonValue;
  /** Accounts beyond those of the entities above: of models and of windows. */
  accounts?: string[];
}

/** What is longer is cut when an entry is read. Who names accounts after such strings cuts them alike. */
export const ENTRY_LIMITS = {
  /** Characters of an id or a name. */
  name: 256,
  /** Characters of an error's message. */
  message: 2_048,
  /** Characters of `metadata` as JSON; a larger one is left out. */
  metadata: 16_384,
  /** Characters of a request or an answer as JSON; of a larger one the beginning is kept, as a text. */
  prompt: 65_536,
  tags: 64,
  attempts: 64,
  accounts: 64,
  /** A cost beyond this is a mistake, not a price: 1,000,000 USD. */
  cost: 1e15,
} as const;

/** The accounts that a call is charged to, without repetition. */
export const accountsOf = (entry: CallEntry): string[] => {
  const { key, user, team, organization, customer, tags, accounts } = entry;
  const all = [INSTALLATION_ACCOUNT];
  if (key) all.push(accountName('key', key));
  if (user) all.push(accountName('user', user));
  if (team) all.push(accountName('team', team));
  if (team && user) all.push(accountName('member', team, user));
  if (organization) all.push(accountName('organization', organization));
  if (customer) all.push(accountName('customer', customer));
  if (tags) for (const tag of tags) all.push(accountName('tag', tag));
  if (accounts) all.push(...accounts);
  return tags?.length || accounts?.length ? [...new Set(all)] : all;
};
