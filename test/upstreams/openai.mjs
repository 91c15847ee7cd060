/** OpenAI's HTTP API, and Azure's spelling of it: routes, keys and errors. */
import { chatReply } from './openai.chat.mjs';
import { failureOf, REFUSALS } from './openai.errors.mjs';
import { completionReply, embeddingReply } from './openai.other.mjs';
import { error, ok } from './openai.reply.mjs';
import { unknownField, wordSet } from './format.mjs';
import { startUpstream } from './server.mjs';

/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */

export const OPENAI_MODELS = ['gpt-4o', 'gpt-4o-mini', 'gpt-5', 'o4-mini', 'text-embedding-3-small'];

const CHAT_FIELDS = wordSet(`
  model messages audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
  metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
  prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop
  store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options`);

/** `/v1/x`, `/x`, `/openai/v1/x` and `/openai/deployments/NAME/x` are the same operation. */
const PATH = /^(?:\/openai)?(?:\/deployments\/([^/]+))?(?:\/v1)?(\/.+)$/;

/** @type {import('./server.mjs').Dialect} */
const openAi = {
  requireKey: true,
  strict: false,
  key: ({ headers }) => /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? header(headers['api-key']),
  route({ method, path, body }) {
    const [, deployment, operation = ''] = PATH.exec(path) ?? [];
    const model = deployment ?? (typeof body?.model === 'string' ? body.model : '');
    /** @param {(call: Call, model: string) => Reply} answer */
    const route = (answer) => ({ model, answer: (/** @type {Call} */ call) => answer(call, model) });
    switch (`${method} ${operation}`) {
      case 'POST /chat/completions':
        return route((call) => invalidChat(call, model) ?? chatReply(call, model, { azure: deployment !== undefined }));
      case 'POST /completions':
        return route((call) => missing(call, 'prompt') ?? completionReply(call, model));
      case 'POST /embeddings':
        return route((call) => missing(call, 'input') ?? embeddingReply(call, model));
      case 'GET /models':
        return route((call) => ok(call, { object: 'list', data: OPENAI_MODELS.map(modelObject) }));
    }
    const named = method === 'GET' && /^\/models\/(.+)$/.exec(operation)?.[1];
    return named ? { model: named, answer: (call) => ok(call, modelObject(named)) } : undefined;
  },
  unauthorised(key, call) {
    const message =
      key === undefined
        ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
          '(i.e. Authorization: Bearer YOUR_KEY).'
        : `Incorrect API key provided: ${key}. You can find your API key at https://platform.openai.com/account/api-keys.`;
    const code = key === undefined ? null : 'invalid_api_key';
    return error(401, call, { message, type: 'invalid_request_error', param: null, code });
  },
  unknownPath: (call) =>
    error(404, call, {
      message: `Invalid URL (${call.request.method} ${call.request.path})`,
      type: 'invalid_request_error',
      param: null,
      code: null,
    }),
  failure(status, call, model) {
    const { retryAfterMs, retryAfterSeconds } = call.behaviour;
    const seconds = retryAfterSeconds ?? Math.ceil((retryAfterMs ?? 1_000) / 1_000);
    /** @type {Record<string, string>} */
    const headers = {};
    if ((status === 429 || status === 503) && seconds > 0) headers['retry-after'] = String(seconds);
    // Azure and OpenAI name it in milliseconds as well.
    if (retryAfterMs !== undefined) headers['retry-after-ms'] = String(retryAfterMs);
    return error(status, call, failureOf(status, model, seconds), headers);
  },
  refusal: (kind, call) => error(kind === 'quota' ? 429 : 400, call, REFUSALS[kind]),
  errorEvent: `data: ${JSON.stringify({
    error: {
      message: 'The server had an error while processing your request. Sorry about that!',
      type: 'server_error',
      param: null,
      code: null,
    },
  })}\n\n`,
  brokenEvent: 'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"del\n\n',
};

/** @param {import('./server.mjs').UpstreamOptions} [options] */
export const startOpenAiUpstream = (options) => startUpstream(openAi, options);

/** @param {Call} call @param {string} model @returns {Reply | undefined} */
function invalidChat(call, model) {
  const { body } = call.request;
  const refuse = (
    /** @type {string} */ message,
    /** @type {string | null} */ param,
    /** @type {string | null} */ code,
  ) => error(400, call, { message, type: 'invalid_request_error', param, code });
  if (model === '') return refuse('you must provide a model parameter', null, null);
  const unknown = call.strict && unknownField(body, CHAT_FIELDS);
  if (unknown) return refuse(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter');
  if (body.stream_options && !body.stream) {
    return refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options', null);
  }
  if (Array.isArray(body.messages) && body.messages.length === 0) {
    return refuse("Invalid 'messages': empty array.", 'messages', 'empty_array');
  }
  return missing(call, 'messages');
}

/** @param {Call} call @param {string} param @returns {Reply | undefined} */
function missing(call, param) {
  if (call.request.body?.[param] !== undefined) return undefined;
  const message = `Missing required parameter: '${param}'.`;
  return error(400, call, { message, type: 'invalid_request_error', param, code: 'missing_required_parameter' });
}

/** @param {string} id */
const modelObject = (id) => ({ id, object: 'model', created: 1_715_367_049, owned_by: 'system' });

/** @param {string | string[] | undefined} value */
const header = (value) => (Array.isArray(value) ? value[0] : value);
