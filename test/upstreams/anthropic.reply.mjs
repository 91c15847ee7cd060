/** Anthropic's answers around a body: headers, and compact JSON. */
import { idOf, json } from './format.mjs';

/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */

/** @param {Call} call @param {unknown} body @returns {Reply} */
export const ok = (call, body) => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...commonHeaders(call) },
  body: json(body),
});

/** @param {Call} call @param {string[]} events @returns {Reply} */
export const streamed = (call, events) => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...commonHeaders(call) },
  events,
});

/**
 * @param {number} status
 * @param {Call} call
 * @param {string} type
 * @param {string} message
 * @param {Record<string, string>} [headers]
 * @returns {Reply}
 */
export const error = (status, call, type, message, headers = {}) => ({
  status,
  headers: { 'content-type': 'application/json', ...commonHeaders(call), ...headers },
  body: json({ type: 'error', error: { type, message }, request_id: idOf('req_', call.id) }),
});

/** @param {Call} call */
const commonHeaders = (call) => ({
  'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
  'anthropic-ratelimit-requests-limit': '4000',
  'anthropic-ratelimit-requests-remaining': '3999',
  'anthropic-ratelimit-requests-reset': new Date(call.now + 1_000).toISOString(),
  'request-id': idOf('req_', call.id),
});
