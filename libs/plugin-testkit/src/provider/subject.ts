// A provider under test: how to open it for a case, how to call it, how to run a stream through it.
import {
  joinChunks,
  joinCompletionChunks,
  type AnyPlugin,
  type Call,
  type ChatChunk,
  type CompletionChunk,
  type HttpOperation,
  type JsonObject,
  type JsonValue,
  type LocalOperation,
  type ProviderV1,
} from '@turnpike/plugin-sdk';
import { fail, must } from '../check.js';
import { cloneJson } from '../json.js';
import { openPlugin, type Openable, type Opened } from '../plugin/opened.js';
import type { FixtureCase, OperationName } from './fixtures.js';
import { PLAIN_REQUESTS, streams } from './requests.js';

/** A chunk of whichever operation streams. */
export type AnyChunk = ChatChunk | CompletionChunk;

/* eslint-disable @typescript-eslint/no-explicit-any -- one set of checks serves three operations; their types differ in data only */
export type AnyHttpOperation = HttpOperation<any, any, any>;
export type AnyLocalOperation = LocalOperation<any, any, any>;
/* eslint-enable @typescript-eslint/no-explicit-any */

export type ProviderSubject = Openable;

/** Options of a case that matter before there is a call. */
type Opening = Pick<FixtureCase['options'], 'config' | 'http'>;

export const openProvider = (subject: ProviderSubject, options: Opening = {}): Opened<ProviderV1> => {
  const opened = openPlugin<'provider/v1'>({ ...subject, config: { ...subject.config, ...options.config } });
  opened.host.http.answer(...(options.http ?? []));
  return opened;
};

/** @throws ConformanceError when the provider lacks the operation, or does it the other way */
export const httpOperation = (
  subject: ProviderSubject,
  fixture: Pick<FixtureCase, 'operation' | 'options'>,
): AnyHttpOperation => {
  const operation = openProvider(subject, fixture.options).instance[fixture.operation];
  must(operation, `The provider has no '${fixture.operation}', which the case is for.`);
  must(operation.kind === 'http', `The provider's '${fixture.operation}' is no HTTP operation.`);
  return operation as AnyHttpOperation;
};

export interface CallOverrides {
  drop?: boolean;
  stream?: boolean;
}

export const callOf = (plugin: AnyPlugin, fixture: FixtureCase, overrides: CallOverrides = {}): Call => {
  const { options, request = PLAIN_REQUESTS[fixture.operation] } = fixture;
  return {
    model: options.model ?? withoutPrefix(plugin, String(request['model'] ?? 'test-model')),
    stream: overrides.stream ?? streams(fixture),
    deploymentId: 'deployment-under-test',
    policy: {
      provider: plugin.id,
      drop: overrides.drop ?? options.dropParams ?? false,
      allowed: new Set(options.allowed),
      dropped: [],
    },
    headers: options.headers ?? {},
    info: options.info ?? {},
  };
};

const withoutPrefix = (plugin: AnyPlugin, model: string): string => {
  const prefix = plugin.prefixes?.find((candidate) => model.startsWith(candidate));
  return prefix ? model.slice(prefix.length) : model;
};

/** The canonical road: `toBody`, then `adapt`. */
export const translatedBody = (operation: AnyHttpOperation, request: unknown, call: Call): JsonObject =>
  adapted(operation, operation.toBody(request, call), call);

/** The byte path: the client's own body with the gateway's changes and `adapt`'s. */
export const rawBody = (operation: AnyHttpOperation, fixture: FixtureCase, call: Call): JsonObject => {
  const body = cloneJson(fixture.request ?? PLAIN_REQUESTS[fixture.operation]);
  if ('model' in body) body['model'] = call.model;
  if (operation.dialect === 'openai' && body['stream'] === true) {
    body['stream_options'] = { ...(body['stream_options'] as JsonObject | undefined), include_usage: true };
  }
  return adapted(operation, body, call);
};

export const takesBytePath = (operation: AnyHttpOperation, fixture: FixtureCase): boolean =>
  operation.dialect !== undefined && operation.dialect === (fixture.options.clientDialect ?? 'openai');

const adapted = (operation: AnyHttpOperation, body: JsonObject, call: Call): JsonObject => {
  const edits = operation.adapt?.(body, call);
  const result: JsonObject = { ...body, ...edits?.set };
  for (const key of edits?.remove ?? []) delete result[key];
  return result;
};

export interface Decoded {
  readonly chunks: AnyChunk[];
  /** What `push` or `end` threw. */
  readonly error?: unknown;
}

/** Runs pieces of a stream through a new decoder. */
export const decode = (operation: AnyHttpOperation, call: Call, pieces: Iterable<Uint8Array>): Decoded => {
  if (!operation.decoder) return fail('The operation does not stream: it has no decoder.');
  const chunks: AnyChunk[] = [];
  const decoder = operation.decoder(call, (chunk: AnyChunk) => chunks.push(chunk));
  try {
    for (const piece of pieces) decoder.push(piece);
    decoder.end();
  } catch (error) {
    return { chunks, error };
  }
  return { chunks };
};

/** The whole answer that a stream told. @throws ConformanceError when it told none */
export const joined = (operation: OperationName, chunks: readonly AnyChunk[]): JsonValue => {
  try {
    const answer = operation === 'completions' ? joinCompletionChunks(chunks as CompletionChunk[]) : joinChunks(chunks);
    return answer as unknown as JsonValue;
  } catch (error) {
    return fail((error as Error).message);
  }
};
