// JSON bytes → a checked CallEntry. By hand, as every finished call of every gateway passes here.
import {
  ATTEMPT_STATUSES,
  CACHE_STATES,
  CALL_STATUSES,
  ENTRY_LIMITS,
  isJsonObject,
  USAGE_SOURCES,
  type CallEntry,
  type EntryAttempt,
  type EntryError,
  type JsonObject,
  type JsonValue,
  type Usage,
} from '@turnpike/domain';

/** Why bytes are no entry: the path of the member at fault, and what is wrong with it. */
export class EntryFault extends Error {
  override readonly name = 'EntryFault';
}

/** A UUID of version 7, lower case: `0190a5b2-6c1e-7000-80c4-1f0e9d2b7a55`. */
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const FIRST_TIME = Date.UTC(2020, 0, 1);
const END_OF_TIME = Date.UTC(2100, 0, 1);
/** What a column for counts holds. Upstreams have reported more; a count is no reason to lose a call. */
const MOST = 2 ** 31 - 1;
/** What the database cannot keep: U+0000, and halves of characters. Only an escape can bring them. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/i;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Unknown members are passed over, long strings cut.
 * @throws EntryFault saying what is wrong
 */
export const readEntry = (bytes: Uint8Array): CallEntry => {
  const { text, value } = parse(bytes);
  if (!isJsonObject(value)) throw new EntryFault('an entry is a JSON object');
  const from = UNSTORABLE.test(text) ? (storable(value) as JsonObject) : value;
  if (from.v !== 1) throw new EntryFault('v: only version 1 is known');
  return {
    v: 1,
    id: idOf(from.id),
    callId: text256(from, 'callId'),
    startedAt: timeOf(from, 'startedAt'),
    endedAt: timeOf(from, 'endedAt'),
    holder: text256(from, 'holder'),
    key: text256(from, 'key'),
    alias: text256(from, 'alias'),
    user: text256(from, 'user'),
    team: text256(from, 'team'),
    organization: text256(from, 'organization'),
    customer: text256(from, 'customer'),
    tags: textsOf(from, 'tags', ENTRY_LIMITS.tags),
    model: text256(from, 'model'),
    group: text256(from, 'group'),
    operation: text256(from, 'operation'),
    stream: flagOf(from, 'stream'),
    status: required(wordOf(from, 'status', CALL_STATUSES), 'status'),
    statusCode: countOf(from, 'statusCode'),
    cache: wordOf(from, 'cache', CACHE_STATES),
    cost: required(costOf(from), 'cost'),
    costUnknown: flagOf(from, 'costUnknown'),
    usage: usageOf(from.usage, 'usage'),
    usageSource: wordOf(from, 'usageSource', USAGE_SOURCES),
    attempts: attemptsOf(from.attempts),
    error: errorOf(from.error, 'error'),
    sessionId: text256(from, 'sessionId'),
    ip: text256(from, 'ip'),
    metadata: metadataOf(from.metadata),
    request: promptOf(from.request),
    response: promptOf(from.response),
    accounts: textsOf(from, 'accounts', ENTRY_LIMITS.accounts),
  };
};

const parse = (bytes: Uint8Array): { text: string; value: unknown } => {
  try {
    const text = decoder.decode(bytes);
    return { text, value: JSON.parse(text) as unknown };
  } catch (error) {
    throw new EntryFault(`no JSON: ${(error as Error).message.slice(0, 200)}`);
  }
};

const required = <T>(value: T | undefined, path: string): T => {
  if (value === undefined) throw new EntryFault(`${path}: it is missing`);
  return value;
};

const idOf = (value: JsonValue | undefined): string => {
  const id = typeof value === 'string' ? value.toLowerCase() : '';
  if (!ID.test(id)) throw new EntryFault('id: it must be a UUID of version 7');
  const time = timeOfId(id);
  if (time < FIRST_TIME || time >= END_OF_TIME) throw new EntryFault('id: its time must lie between 2020 and 2100');
  return id;
};

/** Epoch milliseconds. */
const timeOfId = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

const DAY_MS = 86_400_000;
const days = new Map<number, string>();

/** The day that a call is counted on, in UTC: `2026-11-21`. Read from its id, so that it is the same however often it comes. */
export const dayOfId = (id: string): string => {
  const number = Math.floor(timeOfId(id) / DAY_MS);
  let day = days.get(number);
  if (day === undefined) {
    if (days.size > 1_000) days.clear();
    days.set(number, (day = new Date(number * DAY_MS).toISOString().slice(0, 10)));
  }
  return day;
};

const timeOf = (from: JsonObject, name: string): number => {
  const value = from[name];
  if (typeof value !== 'number' || !(value >= FIRST_TIME && value < END_OF_TIME)) {
    throw new EntryFault(`${name}: it must be in epoch milliseconds, between 2020 and 2100`);
  }
  return value;
};

const cut = (value: string, most: number): string =>
  value.length <= most ? value : value.slice(0, most).toWellFormed();

const textOf = (value: JsonValue | undefined, path: string, most: number): string | undefined => {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new EntryFault(`${path}: it must be a string`);
  return cut(value, most);
};

const text256 = (from: JsonObject, name: string, path = ''): string | undefined =>
  textOf(from[name], path + name, ENTRY_LIMITS.name);

const textsOf = (from: JsonObject, name: string, most: number): string[] | undefined => {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw new EntryFault(`${name}: it must be a list`);
  return value
    .slice(0, most)
    .map((item, index) => textOf(item, `${name}[${index}]`, ENTRY_LIMITS.name))
    .filter((item) => item !== undefined);
};

const flagOf = (from: JsonObject, name: string): boolean | undefined => {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw new EntryFault(`${name}: it must be true or false`);
  return value;
};

const wordOf = <T extends string>(from: JsonObject, name: string, words: readonly T[], path = ''): T | undefined => {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (!words.includes(value as T)) throw new EntryFault(`${path}${name}: it must be one of ${words.join(', ')}`);
  return value as T;
};

const numberOf = (value: JsonValue | undefined, path: string): number | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw new EntryFault(`${path}: it must be a number`);
  return Math.min(Math.max(value, 0), MOST);
};

const countOf = (from: JsonObject, name: string, path = ''): number | undefined => {
  const value = numberOf(from[name], path + name);
  return value === undefined ? undefined : Math.trunc(value);
};

const costOf = (from: JsonObject, path = ''): number | undefined => {
  const { cost } = from;
  if (cost === undefined || cost === null) return undefined;
  if (!Number.isSafeInteger(cost) || (cost as number) < 0 || (cost as number) > ENTRY_LIMITS.cost) {
    throw new EntryFault(`${path}cost: it must be a whole number from 0 to ${ENTRY_LIMITS.cost}`);
  }
  return cost as number;
};

const objectOf = (value: JsonValue | undefined, path: string): JsonObject | undefined => {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw new EntryFault(`${path}: it must be an object`);
  return value;
};

/** What is larger than a gateway makes it is left out. */
const promptOf = (value: JsonValue | undefined): JsonValue | undefined =>
  value === undefined || value === null || JSON.stringify(value).length > 2 * ENTRY_LIMITS.prompt ? undefined : value;

const FURTHER_COUNTS = [
  'cachedInputTokens',
  'cacheWriteTokens',
  'cacheWriteLongTokens',
  'reasoningTokens',
  'inputAudioTokens',
  'outputAudioTokens',
  'inputImageTokens',
  'outputImageTokens',
  'acceptedPredictionTokens',
  'rejectedPredictionTokens',
  'webSearchRequests',
] as const satisfies readonly (keyof Usage)[];

const usageOf = (value: JsonValue | undefined, path: string): Usage | undefined => {
  const from = objectOf(value, path);
  if (!from) return undefined;
  const prefix = `${path}.`;
  const inputTokens = countOf(from, 'inputTokens', prefix) ?? 0;
  const outputTokens = countOf(from, 'outputTokens', prefix) ?? 0;
  const totalTokens = countOf(from, 'totalTokens', prefix) ?? Math.min(inputTokens + outputTokens, MOST);
  const usage: Usage = { inputTokens, outputTokens, totalTokens };
  for (const name of FURTHER_COUNTS) {
    if (from[name] !== undefined) usage[name] = countOf(from, name, prefix);
  }
  return usage;
};

const errorOf = (value: JsonValue | undefined, path: string): EntryError | undefined => {
  const from = objectOf(value, path);
  if (!from) return undefined;
  return {
    code: text256(from, 'code', `${path}.`) ?? '',
    message: textOf(from.message, `${path}.message`, ENTRY_LIMITS.message) ?? '',
  };
};

const attemptsOf = (value: JsonValue | undefined): EntryAttempt[] => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new EntryFault('attempts: it must be a list');
  return value.slice(0, ENTRY_LIMITS.attempts).map((item, index) => attemptOf(item, `attempts[${index}]`));
};

const attemptOf = (value: JsonValue | undefined, path: string): EntryAttempt => {
  const from = objectOf(value, path) ?? {};
  const prefix = `${path}.`;
  return {
    deployment: text256(from, 'deployment', prefix) ?? '',
    provider: text256(from, 'provider', prefix) ?? '',
    model: text256(from, 'model', prefix) ?? '',
    group: text256(from, 'group', prefix),
    reason: text256(from, 'reason', prefix),
    retry: countOf(from, 'retry', prefix),
    fallback: countOf(from, 'fallback', prefix),
    status: required(wordOf(from, 'status', ATTEMPT_STATUSES, prefix), `${prefix}status`),
    startedMs: numberOf(from.startedMs, `${prefix}startedMs`) ?? 0,
    durationMs: numberOf(from.durationMs, `${prefix}durationMs`) ?? 0,
    firstTokenMs: numberOf(from.firstTokenMs, `${prefix}firstTokenMs`),
    cost: costOf(from, prefix),
    usage: usageOf(from.usage, `${prefix}usage`),
    usageSource: wordOf(from, 'usageSource', USAGE_SOURCES, prefix),
    error: errorOf(from.error, `${prefix}error`),
  };
};

const metadataOf = (value: JsonValue | undefined): JsonObject | undefined => {
  const metadata = objectOf(value, 'metadata');
  return metadata && JSON.stringify(metadata).length <= ENTRY_LIMITS.metadata ? metadata : undefined;
};

const storable = (value: JsonValue | undefined): JsonValue | undefined => {
  if (typeof value === 'string') return value.replaceAll('\0', '').toWellFormed();
  if (Array.isArray(value)) return value.map((item) => storable(item) ?? null);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, item]) => [storable(name), storable(item)] as const);
  return Object.fromEntries(entries) as JsonObject;
};
