// A row of the other gateway's spend log as a finished call.
import { isJsonObject, type CallEntry, type EntryAttempt, type JsonObject } from '@turnpike/domain';
import { createHash } from 'node:crypto';
import { EntryFault, readEntry } from '../settlement/read-entry.js';
import { UnfitRow, type SourceRow } from './source-row.js';

/** Of the log, only these: bodies of requests and answers would be many times as large. */
export const CALL_COLUMNS = [
  'request_id',
  'call_type',
  'api_key',
  'spend',
  'total_tokens',
  'prompt_tokens',
  'completion_tokens',
  'startTime',
  'endTime',
  'completionStartTime',
  'model',
  'model_id',
  'model_group',
  'custom_llm_provider',
  'user',
  'metadata',
  'cache_hit',
  'request_tags',
  'team_id',
  'organization_id',
  'end_user',
  'requester_ip_address',
  'session_id',
  'status',
] as const;

const TOKEN = /^[0-9a-f]{64}$/;
/** What it calls them; others keep their names. */
const OPERATIONS: Readonly<Record<string, string>> = {
  completion: 'chat',
  acompletion: 'chat',
  text_completion: 'completions',
  atext_completion: 'completions',
  embedding: 'embeddings',
  aembedding: 'embeddings',
};
const CACHES: Readonly<Record<string, CallEntry['cache']>> = { True: 'hit', False: 'miss' };

/** Always the same for the same call: a UUID of version 7, of the time that it began and a digest of its name there. */
export const idOfCall = (requestId: string, startedAt: number): string => {
  const time = startedAt.toString(16).padStart(12, '0');
  const digest = createHash('sha256').update(requestId).digest('hex');
  const variant = (8 | (Number.parseInt(digest[3]!, 16) & 3)).toString(16);
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${digest.slice(0, 3)}`,
    variant + digest.slice(4, 7),
    digest.slice(7, 19),
  ].join('-');
};

const known = <T extends object>(members: T): T =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined)) as T;

const timeOf = (row: SourceRow, name: string): number => {
  const time = row.time(name);
  if (!time) throw new UnfitRow(`${name} is empty`);
  return time.getTime();
};

/** @throws UnfitRow when it cannot be one */
export const entryOf = (row: SourceRow): CallEntry => {
  const [startedAt, endedAt] = [timeOf(row, 'startTime'), timeOf(row, 'endTime')];
  const requestId = row.id('request_id');
  const key = row.text('api_key') ?? '';
  const metadata = row.object('metadata');
  const isFailure = row.text('status') === 'failure';
  const cost = row.spent('spend');
  const model = row.text('model');
  const group = row.text('model_group');
  const operation = row.text('call_type');
  const cache = CACHES[row.text('cache_hit') ?? ''] ?? 'off';
  const tags = row.texts('request_tags');
  const entry: Partial<CallEntry> = known({
    v: 1,
    id: idOfCall(requestId, startedAt),
    callId: requestId,
    startedAt,
    endedAt: Math.max(startedAt, endedAt),
    key: TOKEN.test(key) ? key : undefined,
    alias: textIn(metadata, 'user_api_key_alias'),
    user: row.text('user') ?? undefined,
    team: row.text('team_id') ?? undefined,
    organization: row.text('organization_id') ?? undefined,
    customer: row.text('end_user') ?? undefined,
    tags: tags.length > 0 ? tags : undefined,
    model: group ?? model ?? undefined,
    group: group ?? undefined,
    operation: operation === null ? undefined : (OPERATIONS[operation] ?? operation),
    status: isFailure ? 'failure' : 'success',
    cache,
    cost,
    usage: {
      inputTokens: row.count('prompt_tokens') ?? 0,
      outputTokens: row.count('completion_tokens') ?? 0,
      totalTokens: row.count('total_tokens') ?? 0,
    },
    attempts: cache === 'hit' ? [] : [attemptOf(row, { startedAt, endedAt, cost, isFailure })],
    sessionId: row.text('session_id') ?? undefined,
    ip: row.text('requester_ip_address') ?? undefined,
    metadata: isJsonObject(metadata['spend_logs_metadata']) ? metadata['spend_logs_metadata'] : undefined,
  });
  try {
    // As the journal's own are read: bounded, and fit for the database.
    return readEntry(Buffer.from(JSON.stringify(entry)));
  } catch (error) {
    if (error instanceof EntryFault) throw new UnfitRow(error.message);
    throw error;
  }
};

const attemptOf = (
  row: SourceRow,
  call: { startedAt: number; endedAt: number; cost: number; isFailure: boolean },
): EntryAttempt => {
  const firstToken = row.time('completionStartTime')?.getTime();
  return known({
    deployment: row.text('model_id') ?? '',
    provider: row.text('custom_llm_provider') ?? '',
    model: row.text('model') ?? '',
    group: row.text('model_group') ?? undefined,
    status: call.isFailure ? ('failure' as const) : ('success' as const),
    startedMs: 0,
    durationMs: Math.max(0, call.endedAt - call.startedAt),
    firstTokenMs: firstToken === undefined ? undefined : Math.max(0, firstToken - call.startedAt),
    cost: call.cost,
  });
};

const textIn = (object: JsonObject, name: string): string | undefined => {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};
