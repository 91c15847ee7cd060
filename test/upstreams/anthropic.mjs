/** Anthropic's HTTP API: routes, keys and errors. */
import { countReply, messageReply } from './anthropic.messages.mjs';
import { error, ok } from './anthropic.reply.mjs';
import { json, unknownField, wordSet } from './format.mjs';
import { startUpstream } from './server.mjs';

/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */

export const ANTHROPIC_MODELS = ['claude-opus-4-6', 'claude-sonnet-4-5', 'claude-haiku-4-5'];

const MESSAGE_FIELDS = wordSet(`
  model messages max_tokens system stop_sequences stream temperature top_p top_k tools tool_choice thinking output_config
  metadata service_tier cache_control container inference_geo user_profile_id mcp_servers context_management speed
  fallbacks betas`);

const ERROR_TYPES = /** @type {Record<number, [type: string, message: string]>} */ ({
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'There is an issue with your billing or payment information.'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: ['rate_limit_error', "This request would exceed your organization's rate limit of 50 requests per minute."],
  500: ['api_error', 'Internal server error'],
  504: ['timeout_error', 'Request timed out'],
  529: ['overloaded_error', 'Overloaded'],
});

/** @type {import('./server.mjs').Dialect} */
const anthropic = {
  requireKey: true,
  strict: true,
  key: ({ headers }) => {
    const key = headers['x-api-key'];
    return typeof key === 'string' ? key : /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  },
  route({ method, path, body }) {
    const model = typeof body?.model === 'string' ? body.model : '';
    switch (`${method} ${path.replace(/^\/v1(?=\/)/, '')}`) {
      case 'POST /messages':
        return { model, answer: (call) => invalid(call, true) ?? messageReply(call, model) };
      case 'POST /messages/count_tokens':
        return { model, answer: (call) => invalid(call, false) ?? countReply(call) };
      case 'GET /models':
        return { model: '', answer: (call) => ok(call, MODEL_LIST) };
    }
    return undefined;
  },
  unauthorised: (key, call) =>
    error(401, call, 'authentication_error', key ? 'invalid x-api-key' : 'x-api-key header is required'),
  unknownPath: (call) => error(404, call, 'not_found_error', 'Not Found'),
  failure(status, call, model) {
    const [type, message] =
      status === 404
        ? ['not_found_error', `model: ${model}`]
        : (ERROR_TYPES[status] ??
          (status >= 500 ? ['api_error', 'Internal server error'] : ['invalid_request_error', 'Invalid request']));
    const seconds = call.behaviour.retryAfterSeconds ?? 1;
    /** @type {Record<string, string>} */
    const headers = status === 429 && seconds > 0 ? { 'retry-after': String(seconds) } : {};
    return error(status, call, type, message, headers);
  },
  refusal: (kind, call) => error(400, call, 'invalid_request_error', REFUSALS[kind]),
  errorEvent: `event: error\ndata: ${json({ type: 'error', error: { details: null, type: 'overloaded_error', message: 'Overloaded' } })}\n\n`,
  brokenEvent: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_de\n\n',
};

/** @param {import('./server.mjs').UpstreamOptions} [options] */
export const startAnthropicUpstream = (options) => startUpstream(anthropic, options);

const REFUSALS = {
  context: 'prompt is too long: 209001 tokens > 200000 maximum',
  'content-policy': 'Output blocked by content filtering policy',
  quota:
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
};

const MODEL_LIST = {
  data: ANTHROPIC_MODELS.map((id) => ({ type: 'model', id, display_name: id, created_at: '2025-10-01T00:00:00Z' })),
  has_more: false,
  first_id: ANTHROPIC_MODELS[0],
  last_id: ANTHROPIC_MODELS.at(-1),
};

/**
 * What the real service refuses before it looks at the messages' meaning.
 * @param {Call} call
 * @param {boolean} needsMaxTokens
 * @returns {Reply | undefined}
 */
function invalid(call, needsMaxTokens) {
  const { body, headers } = call.request;
  const refuse = (/** @type {string} */ message) => error(400, call, 'invalid_request_error', message);
  if (headers['anthropic-version'] === undefined) return refuse('anthropic-version: header is required');
  if (body?.model === undefined) return refuse('model: Field required');
  if (!Array.isArray(body.messages)) return refuse('messages: Field required');
  if (needsMaxTokens && body.max_tokens === undefined) return refuse('max_tokens: Field required');
  const unknown = call.strict && unknownField(body, MESSAGE_FIELDS);
  if (unknown) return refuse(`${unknown}: Extra inputs are not permitted`);
  if (body.messages.length === 0) return refuse('messages: at least one message is required');
  for (const [index, { role, content }] of body.messages.entries()) {
    if (role !== 'user' && role !== 'assistant') {
      return refuse(`messages.${index}.role: Input should be 'user' or 'assistant'`);
    }
    if (Array.isArray(content) && content.some(({ type, text }) => type === 'text' && text === '')) {
      return refuse(`messages: text content blocks must be non-empty`);
    }
  }
  return missingToolResult(body.messages, refuse);
}

/**
 * Every tool_use needs its tool_result in the very next message.
 * @param {any[]} messages
 * @param {(message: string) => Reply} refuse
 */
function missingToolResult(messages, refuse) {
  for (const [index, message] of messages.entries()) {
    const calls = blocks(message).filter(({ type }) => type === 'tool_use');
    const results = new Set(blocks(messages[index + 1]).map(({ tool_use_id }) => tool_use_id));
    const orphan = calls.find(({ id }) => !results.has(id));
    if (orphan) {
      return refuse(
        `messages.${index + 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${orphan.id}. ` +
          'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
      );
    }
  }
  return undefined;
}

/** @param {any} message @returns {any[]} */
const blocks = (message) => (Array.isArray(message?.content) ? message.content : []);
