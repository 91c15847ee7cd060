// One attempt made ready: the upstream request, and how its answer is to be read.
import type { JsonObject, JsonValue } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { Call, HttpOperation } from '@turnpike/plugin-sdk';
import { mayRepeat } from '../bytes/json-members.js';
import { spliceJson } from '../bytes/json-splice.js';
import { hasRepeatedMembers } from '../bytes/repeated-members.js';
import { NO_GUARDRAILS } from '../guarding/selection.js';
import type { Attempt } from '../pipeline/attempt.js';
import type { Recalled } from '../pipeline/exchange.js';
import type { AnyOperation, Callable } from '../runtime/callable.js';
import {
  addEdits,
  addOverrides,
  applyEdits,
  commonEdits,
  dropPath,
  isEmpty,
  noEdits,
  type Edits,
} from './body-edits.js';
import { headersFor, headersOfClient } from './call-headers.js';
import { canonicalRequest } from './canonical-request.js';
import { STREAM_OPTIONS } from './stream-options.js';

type AnyHttpOperation = HttpOperation<unknown, unknown, unknown>;

export interface PreparedCall {
  readonly call: Call;
  readonly operation: AnyHttpOperation;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
  /** The answer's bytes are the client's bytes. */
  readonly isBytePath: boolean;
  /** We asked for the usage chunk, the client did not. */
  readonly withholdUsage: boolean;
}

/** The facts of this attempt. */
export const callOf = ({ exchange, target, body }: Attempt, callable: Callable): Call => {
  const { snapshot } = exchange;
  const { deployment } = callable;
  const asked = body['drop_params'];
  return {
    model: target.model,
    stream: exchange.streamsUpstream,
    deploymentId: deployment.id,
    headers: headersOfClient(exchange),
    info: deployment.info,
    policy: {
      provider: deployment.provider,
      drop: typeof asked === 'boolean' ? asked : (deployment.dropParams ?? snapshot.config.requests.dropParams),
      allowed: callable.allowedWith(body['allowed_openai_params']),
      dropped: [],
    },
  };
};

/** @throws GW_UNSUPPORTED_PARAMETER, GW_INVALID_REQUEST */
export const prepareHttp = (attempt: Attempt, callable: Callable, operation: AnyHttpOperation): PreparedCall => {
  const { exchange } = attempt;
  const { front } = exchange;
  const call = callOf(attempt, callable);
  const edits = editsFor(attempt, callable, call);
  dropAlways(exchange.body, callable, edits);
  if (exchange.isStream && !exchange.streamsUpstream) addEdits(edits, ASK_WHOLE);
  const isSameDialect = operation.dialect === front.dialect;
  const wantsUsage = front.wantsUsage(exchange.body);

  const making: Making = { exchange, callable, operation, call, edits };
  const isNative = isSameDialect && !exchange.isRewritten;
  const body = isNative ? nativeBody(making, wantsUsage) : translatedBody(making);
  const isKept = (field: string): boolean => isNative && !edits.remove.has(field);

  const endpoint = operation.endpoint(call);
  return {
    call,
    operation,
    url: endpoint.url,
    headers: headersFor(callable, endpoint, exchange, call),
    body,
    isBytePath:
      isSameDialect &&
      operation.translatesAnswers !== true &&
      !exchange.mustReadAnswer &&
      !exchange.streamGuards &&
      !front.needsTranslation?.(exchange.body, isKept),
    withholdUsage: exchange.isStream && !wantsUsage && !exchange.snapshot.config.requests.alwaysIncludeStreamUsage,
  };
};

/** The edits that every kind of operation needs. */
export const editsFor = ({ body, overrides }: Attempt, { deployment }: Callable, { model }: Call): Edits => {
  const edits = commonEdits(body, deployment, model);
  if (overrides) addOverrides(edits, overrides);
  return edits;
};

/** An answer that is read before the client gets it cannot come in pieces. */
const ASK_WHOLE = { set: { stream: false }, remove: ['stream_options'] };

/** What a body is made of. */
interface Making {
  exchange: Recalled;
  callable: Callable;
  operation: AnyHttpOperation;
  call: Call;
  edits: Edits;
}

const WITHOUT_STREAM_OPTIONS = { remove: [STREAM_OPTIONS] };

const MODEL = Buffer.from('"model"');

/** The client's own bytes with only the edits changed; untouched when there are none. */
const nativeBody = ({ exchange, callable, operation, call, edits }: Making, wantsUsage: boolean): Uint8Array => {
  if (exchange.streamsUpstream && !wantsUsage) addEdits(edits, exchange.front.askForUsage(exchange.body));
  if (operation.adapt)
    addEdits(edits, operation.adapt(isEmpty(edits) ? exchange.body : applyEdits(exchange.body, edits), call));
  if (exchange.streamsUpstream && !callable.takesStreamOptions) addEdits(edits, WITHOUT_STREAM_OPTIONS);
  if (isJudged(exchange) && hasRepeatedMembers(exchange.raw, exchange.body))
    return toBytes(() => applyEdits(exchange.body, edits));
  // Of two members of one name some readers take the first: both must be the model that was routed.
  if (!edits.set['model'] && !edits.remove.has('model') && mayRepeat(exchange.raw, MODEL))
    edits.set['model'] = call.model;
  return isEmpty(edits) ? exchange.raw : spliceJson(exchange.raw, edits, exchange.body);
};

/** Somebody goes by what the request says: the upstream must not read anything else in it. */
const isJudged = ({ guardrails, cacheWrite, parts, flight }: Recalled): boolean =>
  guardrails !== NO_GUARDRAILS || cacheWrite !== undefined || parts !== undefined || flight !== undefined;

/** What is nested inside texts, such as a tool call's arguments, is first met here. */
const translatedBody = (making: Making): Uint8Array => toBytes(() => translate(making));

/** @throws GW_INVALID_REQUEST */
const toBytes = (make: () => JsonObject): Uint8Array => {
  try {
    return Buffer.from(JSON.stringify(make()));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw invalidRequest('A part of the request is nested too deep, or too large, to be translated.');
  }
};

const translate = ({ exchange, callable, operation, call, edits }: Making): JsonObject => {
  const body = operation.toBody(canonicalRequest(exchange, edits), call);
  const more = noEdits();
  addEdits(more, operation.adapt?.(body, call));
  if (exchange.streamsUpstream && !callable.takesStreamOptions) addEdits(more, WITHOUT_STREAM_OPTIONS);
  return isEmpty(more) ? body : applyEdits(body, more);
};

const dropAlways = (body: Readonly<JsonObject>, callable: Callable, edits: Edits): void => {
  const paths = callable.deployment.additionalDropParams;
  const asked = body['additional_drop_params'] ?? undefined;
  if (paths.length === 0 && asked === undefined) return;
  const valueOf = (field: string): JsonValue | undefined =>
    edits.remove.has(field) ? undefined : field in edits.set ? edits.set[field] : ownOf(body, field);
  for (const path of [...paths, ...dropPathsOf(asked)]) addEdits(edits, dropPath(valueOf, path));
};

/** Paths come from clients too: `constructor` is no field. */
const ownOf = (body: Readonly<JsonObject>, field: string): JsonValue | undefined =>
  Object.hasOwn(body, field) ? body[field] : undefined;

/** Each path walks what it names, so a client may not send endless ones. */
const MAX_DROP_PATHS = 50;
const MAX_DROP_PATH_LENGTH = 200;

/** @throws GW_INVALID_REQUEST */
const dropPathsOf = (asked: JsonValue | undefined): string[] => {
  const isPath = (path: JsonValue): path is string => typeof path === 'string' && path.length <= MAX_DROP_PATH_LENGTH;
  if (asked === undefined) return [];
  if (Array.isArray(asked) && asked.length <= MAX_DROP_PATHS && asked.every(isPath)) return asked;
  throw invalidRequest(
    `'additional_drop_params' must be an array of at most ${MAX_DROP_PATHS} names, each up to ${MAX_DROP_PATH_LENGTH} characters.`,
    'additional_drop_params',
  );
};

export const isHttp = (operation: AnyOperation): operation is AnyHttpOperation => operation.kind === 'http';
