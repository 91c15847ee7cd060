// Response headers of the data plane, as one flat list for writeHead.
import type { IncomingHeaders } from '@turnpike/kernel';
import { formatUsd } from '@turnpike/pricing';
import { isSecretName, redactText } from '@turnpike/telemetry';
import type { Attempt } from '../pipeline/attempt.js';
import type { Exchange } from '../pipeline/exchange.js';
import { VERSION } from '../version.js';

/** Limits and request ids that clients read under their own names. */
const PASSED_THROUGH = /^(?:x-ratelimit-|x-request-id$|openai-)/;
const NEVER = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'server',
  'set-cookie',
  'transfer-encoding',
]);

/** Upstream header → its names here. Upstreams send few distinct ones. */
const names = new Map<string, readonly string[]>();
const MAX_NAMES = 2_000;

const namesOf = (header: string): readonly string[] => {
  const known = names.get(header);
  if (known) return known;
  const given = PASSED_THROUGH.test(header)
    ? [header, `llm_provider-${header}`]
    : NEVER.has(header) || isSecretName(header)
      ? []
      : [`llm_provider-${header}`];
  if (names.size < MAX_NAMES) names.set(header, given);
  return given;
};

/** What clients may read of a failed answer's headers: proxies put what was sent into some of them. */
export const passedOn = (headers: IncomingHeaders): Record<string, string> => {
  const passed: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string' && namesOf(name).length > 0) passed[name] = redactText(value);
  }
  return passed;
};

/** Name, value, name, value … Values are never empty. */
export const answerHeaders = (exchange: Exchange, costNanoUsd: number | undefined): string[] => {
  const { attempt, routing } = exchange;
  const headers = ['x-litellm-call-id', exchange.callId, 'x-litellm-version', VERSION];
  if (attempt && routing) {
    headers.push('x-litellm-model-id', printable(attempt.target.deployment.id));
    headers.push('x-litellm-model-group', printable(exchange.model ?? attempt.choice.level.group.name));
    headers.push('x-litellm-attempted-retries', String(routing.retries));
    headers.push('x-litellm-attempted-fallbacks', String(routing.fallbacks));
  }
  if (exchange.cache === 'hit') headers.push('x-litellm-cache-hit', 'True');
  if (exchange.similarity !== undefined) headers.push('x-litellm-semantic-similarity', exchange.similarity.toFixed(4));
  if (exchange.cacheKey !== undefined) headers.push('x-litellm-cache-key', exchange.cacheKey);
  if (exchange.guardrails && exchange.guardrails.names.length > 0)
    headers.push('x-litellm-applied-guardrails', exchange.guardrails.names.map(printable).join(','));
  if (costNanoUsd !== undefined) {
    headers.push('x-litellm-response-cost', formatUsd(costNanoUsd));
    if (attempt?.adjustedCost) pushAdjustments(headers, exchange.attempts);
  }
  const ofKey = exchange.principal?.terms?.headers;
  if (ofKey) headers.push(...ofKey);
  if (attempt?.answeredAt !== undefined) {
    const now = performance.now();
    const total = now - exchange.startedAt;
    headers.push('x-litellm-response-duration-ms', total.toFixed(3));
    headers.push('x-litellm-overhead-duration-ms', (total - (attempt.answeredAt - attempt.startedAt)).toFixed(3));
  }
  const upstream: IncomingHeaders | undefined =
    exchange.outcome?.error?.facts.upstreamHeaders ?? exchange.answer?.headers;
  if (upstream) {
    for (const name in upstream) {
      const value = upstream[name];
      if (typeof value !== 'string') continue;
      for (const own of namesOf(name)) headers.push(own, value);
    }
  }
  return headers;
};

/** How the cost came about: of all attempts, as the cost is. */
const pushAdjustments = (headers: string[], attempts: readonly Attempt[]): void => {
  let [original, discount, margin, rate] = [0, 0, 0, 0];
  for (const { adjustedCost } of attempts) {
    if (!adjustedCost) continue;
    original += adjustedCost.originalNanoUsd;
    discount += adjustedCost.discountNanoUsd;
    margin += adjustedCost.marginNanoUsd;
    rate = adjustedCost.marginRate;
  }
  headers.push('x-litellm-response-cost-original', formatUsd(original));
  if (discount > 0) headers.push('x-litellm-response-cost-discount-amount', formatUsd(discount));
  if (margin > 0) headers.push('x-litellm-response-cost-margin-amount', formatUsd(margin));
  if (rate > 0) headers.push('x-litellm-response-cost-margin-percent', String(rate));
};

/** A header may only hold Latin-1; a model name may hold anything, half a surrogate pair included. */
const printable = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
