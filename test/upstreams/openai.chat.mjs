/** OpenAI's chat completions: a whole answer, or the official order of chunks. */
import { answerTo, countTokens } from './answer.mjs';
import { idOf, json, textOf } from './format.mjs';
import { ok, streamed } from './openai.reply.mjs';

/** @typedef {import('./answer.mjs').Answer} Answer */
/** @typedef {import('./server.mjs').Call} Call */

const FINISH_REASON = { stop: 'stop', length: 'length', tools: 'tool_calls', filter: 'content_filter' };

/** @param {Call} call @param {string} model @param {{ azure: boolean }} options @returns {import('./server.mjs').Reply} */
export function chatReply(call, model, { azure }) {
  const { body } = call.request;
  const answer = answerTo(conversationOf(body), call.behaviour);
  const head = {
    id: idOf('chatcmpl-', call.id, 29),
    created: Math.floor(call.now / 1_000),
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_mock00000',
  };
  return body.stream
    ? streamed(call, chunksOf(call, head, answer, azure))
    : ok(call, completionOf(head, answer, body, call.id));
}

/** @param {any} body @returns {import('./answer.mjs').Conversation} */
export function conversationOf(body) {
  /** @type {any[]} */
  const messages = Array.isArray(body.messages) ? body.messages : [];
  const choice = body.tool_choice ?? 'auto';
  const offered = (body.tools ?? [])
    .filter((/** @type {any} */ tool) => tool.type === 'function')
    .map((/** @type {any} */ { function: tool }) => ({ name: tool.name, schema: tool.parameters ?? {} }));
  const named = choice.function?.name;
  const format = body.response_format?.type;
  return {
    lastUserText: textOf(messages.findLast(({ role }) => role === 'user')?.content),
    promptTokens:
      messages.reduce((sum, { content }) => sum + 4 + countTokens(textOf(content)), 3) +
      (offered.length > 0 ? countTokens(json(body.tools)) : 0),
    awaitsAnswer: messages.at(-1)?.role !== 'tool',
    tools: choice === 'none' ? [] : offered.filter((/** @type {any} */ { name }) => !named || name === named),
    answerSchema:
      format === 'json_schema' ? body.response_format.json_schema?.schema : format === 'json_object' ? true : undefined,
    maxTokens: body.max_completion_tokens ?? body.max_tokens,
  };
}

/** @param {Record<string, any>} head @param {Answer} answer @param {any} body @param {string} seed */
function completionOf({ id, created, model, ...tail }, answer, body, seed) {
  const toolCalls = answer.toolCalls.map(({ name, input }, index) => ({
    id: toolCallId(seed, index),
    type: 'function',
    function: { name, arguments: json(input) },
  }));
  const choices = Array.from({ length: body.n ?? 1 }, (_, index) => ({
    index,
    message: {
      role: 'assistant',
      content: toolCalls.length > 0 ? null : answer.pieces.join(''),
      ...(answer.thoughts.length > 0 && { reasoning_content: answer.thoughts.join('') }),
      ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
      refusal: null,
      annotations: [],
    },
    logprobs: body.logprobs ? { content: answer.pieces.map(logprobOf), refusal: null } : null,
    finish_reason: FINISH_REASON[answer.finish],
  }));
  return { id, object: 'chat.completion', created, model, choices, usage: usageOf(answer, choices.length), ...tail };
}

/**
 * Role, content, finish, usage if asked for, `[DONE]`. While usage is asked for, the earlier chunks carry `usage: null`.
 * @param {Call} call @param {Record<string, any>} head @param {Answer} answer @param {boolean} azure
 * @returns {string[]}
 */
function chunksOf(call, head, answer, azure) {
  const { body } = call.request;
  const { id, ...rest } = head;
  const asked = body.stream_options?.include_usage === true;
  const padded = body.stream_options?.include_obfuscation !== false;
  const count = body.n ?? 1;
  /** @type {string[]} */
  const chunks = [];
  /** @param {unknown[]} choices @param {unknown} [usage] */
  const push = (choices, usage = null) =>
    chunks.push(
      frame({
        id,
        object: 'chat.completion.chunk',
        ...rest,
        choices,
        ...(asked && { usage }),
        ...(padded && { obfuscation: 'x'.repeat((chunks.length * 5) % 16) }),
      }),
    );
  /** @param {unknown} delta @param {{ piece?: string, finish?: string | null }} [extra] */
  const pushDelta = (delta, { piece, finish = null } = {}) => {
    for (let index = 0; index < count; index += 1) {
      const logprobs = body.logprobs && piece ? { content: [logprobOf(piece)], refusal: null } : null;
      push([{ index, delta, logprobs, finish_reason: finish }]);
    }
  };

  if (azure) chunks.push(frame(AZURE_FILTER_CHUNK));
  pushDelta({ role: 'assistant', content: answer.toolCalls.length > 0 ? null : '', refusal: null });
  for (const thought of answer.thoughts) pushDelta({ reasoning_content: thought });
  for (const piece of answer.pieces) pushDelta({ content: piece }, { piece });
  answer.toolCalls.forEach(({ name, input }, index) => {
    const start = { index, id: toolCallId(call.id, index), type: 'function', function: { name, arguments: '' } };
    pushDelta({ tool_calls: [start] });
    for (const part of json(input).match(/.{1,8}/gsu) ?? []) {
      pushDelta({ tool_calls: [{ index, function: { arguments: part } }] });
    }
  });
  pushDelta({}, { finish: FINISH_REASON[answer.finish] });
  if (asked && answer.usage) push([], usageOf(answer, count));
  if (!call.behaviour.noEnd) chunks.push('data: [DONE]\n\n');
  return chunks;
}

/** Azure's first chunk: the prompt's filter result, and no choice. */
const AZURE_FILTER_CHUNK = {
  choices: [],
  created: 0,
  id: '',
  model: '',
  object: '',
  prompt_filter_results: [{ prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } }],
};

/** @param {unknown} chunk */
const frame = (chunk) => `data: ${json(chunk)}\n\n`;

/** @param {string} seed @param {number} index */
const toolCallId = (seed, index) => idOf('call_', `${seed}.${index}`);

/** @param {string} token */
const logprobOf = (token) => ({ token, logprob: -0.1, bytes: [...Buffer.from(token)], top_logprobs: [] });

/** @param {Answer} answer @param {number} choices */
export function usageOf({ usage }, choices) {
  if (!usage) return null;
  const completion = usage.completion * choices;
  return {
    prompt_tokens: usage.prompt,
    completion_tokens: completion,
    total_tokens: usage.prompt + completion,
    prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.thoughts * choices,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
