// One attempt made ready: the upstream request, and how its answer is to be read.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { Call, HttpOperation, UpstreamEndpoint } from '@turnpike/plugin-sdk';
import { spliceJson } from '../bytes/json-splice.js';
import type { Routed } from '../pipeline/exchange.js';
import type { AnyOperation, Callable } from '../runtime/callable.js';
import { addEdits, applyEdits, commonEdits, dropPath, isEmpty, type Edits } from './body-edits.js';

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
export const callOf = (exchange: Routed, callable: Callable): Call => {
  const { body, snapshot } = exchange;
  const { deployment } = callable;
  const asked = body['drop_params'];
  return {
    model: exchange.choice.target.model,
    stream: exchange.isStream,
    deploymentId: deployment.id,
    headers: snapshot.forwardedHeaders(exchange.headers),
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
export const prepareHttp = (exchange: Routed, callable: Callable, operation: AnyHttpOperation): PreparedCall => {
  const { front } = exchange;
  const call = callOf(exchange, callable);
  const edits = commonEdits(exchange.body, callable.deployment, call.model);
  dropAlways(exchange.body, callable, edits);
  const isSameDialect = operation.dialect === front.dialect;
  const wantsUsage = front.wantsUsage(exchange.body);

  const body =
    isSameDialect && !exchange.isRewritten
      ? nativeBody(exchange, operation, call, edits, wantsUsage)
      : translatedBody(exchange, operation, call, edits);

  const endpoint = operation.endpoint(call);
  return {
    call,
    operation,
    url: endpoint.url,
    headers: headersFor(callable, endpoint, exchange, call),
    body,
    isBytePath: isSameDialect && operation.translatesAnswers !== true && !exchange.mustReadAnswer,
    withholdUsage: exchange.isStream && !wantsUsage && !exchange.snapshot.config.requests.alwaysIncludeStreamUsage,
  };
};

/** The client's own bytes with only the edits changed; untouched when there are none. */
const nativeBody = (
  exchange: Routed,
  operation: AnyHttpOperation,
  call: Call,
  edits: Edits,
  wantsUsage: boolean,
): Uint8Array => {
  if (exchange.isStream && !wantsUsage) addEdits(edits, exchange.front.askForUsage(exchange.body));
  if (operation.adapt)
    addEdits(edits, operation.adapt(isEmpty(edits) ? exchange.body : applyEdits(exchange.body, edits), call));
  return isEmpty(edits) ? exchange.raw : spliceJson(exchange.raw, edits, exchange.body);
};

const translatedBody = (exchange: Routed, operation: AnyHttpOperation, call: Call, edits: Edits): Uint8Array => {
  const request = exchange.isRewritten ? exchange.request : exchange.front.toDomain(applyEdits(exchange.body, edits));
  let body: JsonObject = operation.toBody(request, call);
  const quirks = operation.adapt?.(body, call);
  if (quirks) {
    const more: Edits = { set: {}, remove: new Set() };
    addEdits(more, quirks);
    body = applyEdits(body, more);
  }
  return Buffer.from(JSON.stringify(body));
};

const dropAlways = (body: Readonly<JsonObject>, callable: Callable, edits: Edits): void => {
  const asked = body['additional_drop_params'];
  const paths = callable.deployment.additionalDropParams;
  if (paths.length === 0 && !Array.isArray(asked)) return;
  const all = Array.isArray(asked) ? [...paths, ...asked.filter((path) => typeof path === 'string')] : paths;
  for (const path of all) addEdits(edits, dropPath(applyEdits(body, edits), path));
};

const headersFor = (
  callable: Callable,
  endpoint: UpstreamEndpoint,
  exchange: Routed,
  call: Call,
): Record<string, string> => {
  const merged = callable.headersWith(endpoint.headers);
  const asked = exchange.body['extra_headers'];
  const isPlain = Object.keys(call.headers).length === 0 && asked === undefined;
  // The operator's headers win: a client cannot change with whose key a call is made.
  return isPlain ? merged : { ...call.headers, ...clientHeaders(asked), ...merged };
};

/** Headers that decide about the connection or the account. */
const RESERVED =
  /^(?:authorization|api-key|x-api-key|x-goog-api-key|host|connection|content-.*|transfer-encoding|cookie|proxy-.*)$/;

const clientHeaders = (asked: JsonValue | undefined): Record<string, string> => {
  const headers: Record<string, string> = {};
  if (!isJsonObject(asked)) return headers;
  for (const [name, value] of Object.entries(asked)) {
    const lower = name.toLowerCase();
    if (typeof value === 'string' && /^[\w-]+$/.test(name) && !/[\r\n]/.test(value) && !RESERVED.test(lower))
      headers[lower] = value;
  }
  return headers;
};

export const isHttp = (operation: AnyOperation): operation is AnyHttpOperation => operation.kind === 'http';
