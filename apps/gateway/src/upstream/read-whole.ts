// A whole upstream answer → the client's bytes, with the usage read from it.
import { isJsonObject, type JsonObject, type JsonValue, type Usage } from '@turnpike/domain';
import { GatewayError, namingProvider } from '@turnpike/errors';
import { spliceJson } from '../bytes/json-splice.js';
import type { Attempt } from '../pipeline/attempt.js';
import type { Recalled } from '../pipeline/exchange.js';
import { checkHead, toFailure } from './answer-head.js';
import type { UncheckedAnswer, WholeAnswer } from './answer.js';
import { namesOf } from './answer-names.js';
import { failedAnswer } from './failed-answer.js';
import type { PreparedCall } from './prepare.js';
import type { WholeUpstreamAnswer } from './whole-sink.js';

const NO_REMOVALS: ReadonlySet<string> = new Set();

/** @throws the error that the provider's answer means */
export const readWhole = (
  attempt: Attempt,
  prepared: PreparedCall,
  answer: WholeUpstreamAnswer,
): WholeAnswer | UncheckedAnswer => {
  attempt.answeredAt = performance.now();
  const { exchange } = attempt;
  const { headers } = answer;
  const read = readNamed(exchange, prepared, answer);
  if ('bytes' in read) return read.bytes;
  return exchange.mustReadAnswer
    ? unchecked(exchange, read.response, headers)
    : encode(exchange, read.response, headers);
};

/** A domain answer for those who must see it first. */
export const unchecked = (exchange: Recalled, response: unknown, headers: WholeAnswer['headers']): UncheckedAnswer => ({
  kind: 'unchecked',
  response,
  headers,
  ...usageFor(exchange, exchange.front.usageOfDomain(response)),
});

/** On the byte path the client's answer, else a domain one. */
type Read = { bytes: WholeAnswer } | { response: unknown };

const readNamed = (exchange: Recalled, prepared: PreparedCall, answer: WholeUpstreamAnswer): Read => {
  try {
    return readAnswer(exchange, prepared, answer);
  } catch (error) {
    throw namingProvider(error, prepared.call.policy.provider);
  }
};

const readAnswer = (exchange: Recalled, prepared: PreparedCall, answer: WholeUpstreamAnswer): Read => {
  const { operation, call } = prepared;
  const { front, snapshot } = exchange;
  const { status, headers } = answer;
  if (status >= 400) throw failedAnswer(prepared, toFailure(status, headers, answer.body));
  checkHead(status, headers);
  const parsed = parseAnswer(answer.body, call.policy.provider);
  throwFault(exchange, prepared, parsed, answer);
  if (prepared.isBytePath) {
    const { restampModel } = snapshot.config.requests;
    const body =
      restampModel && isJsonObject(parsed)
        ? spliceJson(answer.body, { set: { model: exchange.model }, remove: NO_REMOVALS }, parsed)
        : answer.body;
    const told = operation.usage ? operation.usage(parsed) : front.usageOf(parsed);
    return { bytes: { kind: 'whole', ...completed(exchange, body, parsed), ...usageFor(exchange, told), headers } };
  }
  return { response: operation.fromBody(parsed, call) };
};

/** Some hosts answer errors with status 200. @throws the error that it means */
export const throwFault = (
  { front }: Recalled,
  prepared: PreparedCall,
  parsed: JsonValue,
  { headers, body }: Pick<WholeUpstreamAnswer, 'headers' | 'body'>,
): void => {
  const fault = front.errorOf(parsed);
  if (fault !== undefined) throw failedAnswer(prepared, toFailure(faultStatus(fault), headers, body));
};

/** A domain answer in the client's dialect. */
export const encode = (exchange: Recalled, response: unknown, headers: WholeAnswer['headers']): WholeAnswer => {
  const { front } = exchange;
  const counted = usageFor(exchange, front.usageOfDomain(response));
  const whole = counted.isUsageEstimated ? { ...(response as object), usage: counted.usage } : response;
  const body = front.fromDomain(whole, exchange.body);
  const { id, model } = namesOf(exchange);
  if (body['id'] === '') body['id'] = id;
  if (model !== undefined) body['model'] = model;
  return { kind: 'whole', ...completed(exchange, Buffer.from(JSON.stringify(body)), body), ...counted, headers };
};

/** With the parts of the answer that were kept before. @throws GW_UPSTREAM_INVALID_RESPONSE */
const completed = ({ parts }: Recalled, body: Buffer, parsed: JsonValue): Pick<WholeAnswer, 'body' | 'fresh'> => {
  if (!parts) return { body };
  const { body: whole = body, fresh } = parts.completed(parsed);
  return { body: whole, fresh };
};

/** What the provider told, else what the request alone can tell. */
const usageFor = (
  { front, isRewritten, request, body, parts }: Recalled,
  told: Usage | undefined,
): Pick<WholeAnswer, 'usage' | 'isUsageEstimated'> => {
  const estimated = told
    ? undefined
    : front.estimateUsage?.(isRewritten ? (request as JsonObject) : { ...body, ...parts?.narrowed });
  return estimated ? { usage: estimated, isUsageEstimated: true } : { usage: told };
};

export const parseAnswer = (body: Buffer, provider: string): JsonValue => {
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue;
  } catch (cause) {
    const kind = body.length === 0 ? 'nothing' : body[0] === 0x3c ? 'HTML' : 'something that is not JSON';
    throw new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', `${provider} answered ${kind}. Check api_base.`, {
      provider,
      cause,
    });
  }
};

/** Hosts that answer errors with status 200 often put the real one inside. */
const faultStatus = (fault: JsonValue): number => {
  const code =
    typeof fault === 'object' && fault !== null && !Array.isArray(fault) ? Number(fault['code']) : Number.NaN;
  return code >= 400 && code < 600 ? code : 500;
};
