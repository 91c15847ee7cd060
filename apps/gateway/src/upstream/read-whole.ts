// A whole upstream answer → the client's bytes, with the usage read from it.
import { isJsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { spliceJson } from '../bytes/json-splice.js';
import type { Routed } from '../pipeline/exchange.js';
import { checkHead, toFailure } from './answer-head.js';
import type { UpstreamAnswer, WholeAnswer } from './answer.js';
import { namesOf } from './answer-names.js';
import { playAsStream } from './chunk-stream.js';
import type { PreparedCall } from './prepare.js';
import type { WholeUpstreamAnswer } from './whole-sink.js';

const NO_REMOVALS: ReadonlySet<string> = new Set();

/** @throws the error that the provider's answer means */
export const readWhole = (
  exchange: Routed,
  prepared: PreparedCall,
  answer: WholeUpstreamAnswer,
): WholeAnswer | Promise<UpstreamAnswer> => {
  exchange.answeredAt = performance.now();
  const { operation, call } = prepared;
  const { front, snapshot } = exchange;
  const { status, headers } = answer;
  if (status >= 400) throw operation.toError(toFailure(status, headers, answer.body), call);
  checkHead(status, headers);
  const parsed = parseAnswer(answer.body, call.policy.provider);
  throwFault(exchange, prepared, parsed, answer);
  if (prepared.isBytePath) {
    const { restampModel } = snapshot.config.requests;
    const body =
      restampModel && isJsonObject(parsed)
        ? spliceJson(answer.body, { set: { model: exchange.model }, remove: NO_REMOVALS }, parsed)
        : answer.body;
    return {
      kind: 'whole',
      body,
      usage: operation.usage ? operation.usage(parsed) : front.usageOf(parsed),
      headers: answer.headers,
    };
  }
  const response = operation.fromBody(parsed, call);
  if (snapshot.guardrails.postCall.length === 0) return encode(exchange, response, answer.headers);
  return snapshot.guardrails
    .after(exchange, response)
    .then((checked): UpstreamAnswer | Promise<UpstreamAnswer> =>
      exchange.isStream ? playAsStream(exchange, checked, answer.headers) : encode(exchange, checked, answer.headers),
    );
};

/** Some hosts answer errors with status 200. @throws the error that it means */
export const throwFault = (
  { front }: Routed,
  { operation, call }: PreparedCall,
  parsed: JsonValue,
  { headers, body }: Pick<WholeUpstreamAnswer, 'headers' | 'body'>,
): void => {
  const fault = front.errorOf(parsed);
  if (fault !== undefined) throw operation.toError(toFailure(faultStatus(fault), headers, body), call);
};

/** A domain answer in the client's dialect. */
export const encode = (exchange: Routed, response: unknown, headers: WholeAnswer['headers']): WholeAnswer => {
  const { front } = exchange;
  const body = front.fromDomain(response, exchange.body);
  const { id, model } = namesOf(exchange);
  if (body['id'] === '') body['id'] = id;
  if (model !== undefined) body['model'] = model;
  return { kind: 'whole', body: Buffer.from(JSON.stringify(body)), usage: front.usageOfDomain(response), headers };
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
