/** Ollama's own HTTP API: routes, errors, and streams of one JSON line each. */
import { answerTo, countTokens } from './answer.mjs';
import { embeddingOf, json } from './format.mjs';
import { startUpstream } from './server.mjs';

/** @typedef {import('./answer.mjs').Answer} Answer */
/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */

export const OLLAMA_MODELS = ['llama3.2:latest', 'qwen3:8b'];

const DIMENSIONS = 768;

/** @type {import('./server.mjs').Dialect} */
const ollama = {
  requireKey: false,
  strict: false,
  key: ({ headers }) => /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1],
  route({ method, path, body }) {
    const model = typeof body?.model === 'string' ? body.model : '';
    /** @param {(call: Call) => Reply} answer */
    const route = (answer) => ({ model, answer });
    switch (`${method} ${path}`) {
      case 'POST /api/chat':
        return route((call) => (model ? chatReply(call, model) : error(400, 'model is required')));
      case 'POST /api/generate':
        return route((call) => (model ? generateReply(call, model) : error(400, 'model is required')));
      case 'POST /api/embed':
        return route((call) => embedReply(call, model));
      case 'POST /api/embeddings':
        return route((call) => ok({ embedding: embeddingOf(String(call.request.body.prompt), DIMENSIONS) }));
      case 'POST /api/show':
        return route(() => ok({ details: { family: 'llama' }, model_info: {}, capabilities: ['completion', 'tools'] }));
      case 'GET /api/tags':
        return route((call) => ok({ models: OLLAMA_MODELS.map((name) => modelObject(name, call.now)) }));
      case 'GET /api/version':
        return route(() => ok({ version: '0.12.0' }));
    }
    return undefined;
  },
  unauthorised: () => error(401, 'unauthorized'),
  unknownPath: () => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' }),
  failure: (status, _call, model) =>
    error(status, status === 404 ? `model '${model}' not found` : (MESSAGES[status] ?? 'internal error')),
  refusal: (kind) => (kind === 'quota' ? error(429, 'you have reached your usage limit') : error(400, REFUSALS[kind])),
  errorEvent: `${json({ error: 'an error was encountered while running the model' })}\n`,
  brokenEvent: '{"model":"mock","created_at":"2026-01-01T00:00:00Z","mess\n',
};

/** @param {import('./server.mjs').UpstreamOptions} [options] */
export const startOllamaUpstream = (options) => startUpstream(ollama, options);

/** @type {Record<number, string>} */
const MESSAGES = {
  400: 'invalid request',
  401: 'unauthorized',
  429: 'too many requests',
  503: 'server busy, please try again.  maximum pending requests exceeded',
};

const REFUSALS = { context: 'input length exceeds context length', 'content-policy': 'content refused' };

/** @param {unknown} body @returns {Reply} */
const ok = (body) => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: json(body),
});

/** @param {number} status @param {string} message @returns {Reply} */
const error = (status, message) => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: json({ error: message }),
});

/** @param {Call} call @param {string} model @returns {Reply} */
function chatReply(call, model) {
  const { body } = call.request;
  const answer = answerTo(conversationOf(body), call.behaviour);
  /** @param {object} message */
  const line = (message) => ({ model, created_at: timeOf(call), message: { role: 'assistant', ...message } });
  const calls = answer.toolCalls.map(({ name, input }) => ({ function: { name, arguments: input } }));
  const tools = calls.length > 0 ? { tool_calls: calls } : {};
  const thinking = answer.thoughts.length > 0 ? { thinking: answer.thoughts.join('') } : {};
  return body.stream === false
    ? ok({ ...line({ content: answer.pieces.join(''), ...thinking, ...tools }), ...endOf(answer) })
    : lines(
        call,
        [
          ...answer.thoughts.map((thought) => line({ content: '', thinking: thought })),
          ...answer.pieces.map((content) => line({ content })),
          ...(calls.length > 0 ? [line({ content: '', ...tools })] : []),
        ],
        { ...line({ content: '' }), ...endOf(answer) },
      );
}

/** @param {Call} call @param {string} model @returns {Reply} */
function generateReply(call, model) {
  const { prompt = '', system = '', options, stream, think } = call.request.body;
  const promptTokens = countTokens(prompt) + countTokens(system);
  const conversation = {
    lastUserText: prompt,
    promptTokens,
    awaitsAnswer: true,
    tools: [],
    maxTokens: options?.num_predict,
    thinks: Boolean(think),
  };
  const answer = answerTo(conversation, { ...call.behaviour, toolCalls: 0 });
  /** @param {object} text */
  const line = (text) => ({ model, created_at: timeOf(call), ...text });
  return stream === false
    ? ok({ ...line({ response: answer.pieces.join('') }), ...endOf(answer), context: [1, 2, 3] })
    : lines(
        call,
        answer.pieces.map((response) => line({ response })),
        { ...line({ response: '' }), ...endOf(answer), context: [1, 2, 3] },
      );
}

/** @param {Call} call @param {object[]} said @param {object} end @returns {Reply} */
const lines = (call, said, end) => ({
  status: 200,
  headers: { 'content-type': 'application/x-ndjson' },
  events: [...said.map((line) => ({ ...line, done: false })), ...(call.behaviour.noEnd ? [] : [end])].map(
    (line) => `${json(line)}\n`,
  ),
});

/** @param {any} body @returns {import('./answer.mjs').Conversation} */
function conversationOf(body) {
  const messages = /** @type {any[]} */ (body.messages ?? []);
  return {
    lastUserText: messages.findLast(({ role }) => role === 'user')?.content ?? '',
    promptTokens:
      messages.reduce((sum, { content }) => sum + 4 + countTokens(content ?? ''), 0) +
      (body.tools?.length > 0 ? countTokens(json(body.tools)) : 0),
    awaitsAnswer: messages.at(-1)?.role !== 'tool',
    tools: (body.tools ?? []).map((/** @type {any} */ { function: tool }) => ({
      name: tool.name,
      schema: tool.parameters ?? {},
    })),
    answerSchema: body.format === 'json' ? true : body.format,
    maxTokens: body.options?.num_predict,
    thinks: Boolean(body.think),
  };
}

/** Durations in nanoseconds. @param {Answer} answer */
const endOf = ({ finish, usage }) => ({
  done: true,
  done_reason: finish === 'length' ? 'length' : 'stop',
  total_duration: 5_000_000,
  load_duration: 1_000_000,
  ...(usage && { prompt_eval_count: usage.prompt }),
  prompt_eval_duration: 1_000_000,
  ...(usage && { eval_count: usage.completion }),
  eval_duration: 3_000_000,
});

/** @param {Call} call @param {string} model @returns {Reply} */
function embedReply(call, model) {
  const { input, dimensions } = call.request.body;
  const texts = Array.isArray(input) ? input : [input];
  const tokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  return ok({
    model,
    embeddings: texts.map((text) => embeddingOf(text, dimensions ?? DIMENSIONS)),
    total_duration: 2_000_000,
    load_duration: 1_000_000,
    ...(!call.behaviour.noUsage && { prompt_eval_count: tokens }),
  });
}

/** @param {Call} call */
const timeOf = (call) => new Date(call.now).toISOString();

/** @param {string} name @param {number} now */
const modelObject = (name, now) => ({
  name,
  model: name,
  modified_at: new Date(now).toISOString(),
  size: 2_019_393_189,
  details: { format: 'gguf', family: 'llama', parameter_size: '3.2B', quantization_level: 'Q4_K_M' },
});
