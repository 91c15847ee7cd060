/** OpenAI's answers around a body: headers, and JSON as the real service indents it. */
import { idOf } from './format.mjs';

/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */
/** @typedef {import('./openai.errors.mjs').OpenAiError} OpenAiError */

/** @param {Call} call @param {unknown} body @returns {Reply} */
export const ok = (call, body) => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...commonHeaders(call) },
  // Indented by two, as the real service sends it.
  body: JSON.stringify(body, null, 2),
});

/** @param {Call} call @param {string[]} events @returns {Reply} */
export const streamed = (call, events) => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...commonHeaders(call) },
  events,
});

/** @param {number} status @param {Call} call @param {OpenAiError} body @param {Record<string, string>} [headers] @returns {Reply} */
export function error(status, call, body, headers = {}) {
  return {
    status,
    headers: { 'content-type': 'application/json', ...commonHeaders(call), ...headers },
    body: `${JSON.stringify({ error: body }, null, 4)}\n`,
  };
}

/** @param {Call} call */
const commonHeaders = (call) => ({
  'openai-organization': 'org-mock',
  'openai-processing-ms': '12',
  'openai-version': '2020-10-01',
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-limit-tokens': '2000000',
  'x-ratelimit-remaining-requests': '9999',
  'x-ratelimit-remaining-tokens': '1999979',
  'x-ratelimit-reset-requests': '6ms',
  'x-ratelimit-reset-tokens': '0s',
  'x-request-id': idOf('req_', call.id),
});
