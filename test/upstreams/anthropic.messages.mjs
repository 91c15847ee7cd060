/** Anthropic's messages: a whole answer, or the official order of events. */
import { answerTo, countTokens } from './answer.mjs';
import { ok, streamed } from './anthropic.reply.mjs';
import { idOf, json, textOf } from './format.mjs';

/** @typedef {import('./answer.mjs').Answer} Answer */
/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */

const STOP_REASON = { stop: 'end_turn', length: 'max_tokens', tools: 'tool_use', filter: 'refusal' };
const SIGNATURE = Buffer.from('mock signature of a thought').toString('base64');

/** @param {Call} call @param {string} model @returns {Reply} */
export function messageReply(call, model) {
  const { body } = call.request;
  const answer = answerTo(conversationOf(body), call.behaviour);
  const head = { model, id: idOf('msg_01', call.id, 22), type: 'message', role: 'assistant' };
  if (body.stream) return streamed(call, eventsOf(call, head, answer));
  return ok(call, {
    ...head,
    content: contentOf(answer, call.id),
    stop_reason: STOP_REASON[answer.finish],
    stop_sequence: null,
    ...(answer.usage && {
      usage: { ...inputUsage(answer), output_tokens: answer.usage.completion, service_tier: 'standard' },
    }),
  });
}

/** @param {Call} call @returns {Reply} */
export const countReply = (call) => ok(call, { input_tokens: conversationOf(call.request.body).promptTokens });

/** @param {any} body @returns {import('./answer.mjs').Conversation} */
function conversationOf(body) {
  /** @type {any[]} */
  const messages = body.messages;
  const choice = body.tool_choice ?? { type: 'auto' };
  const last = messages.at(-1);
  const tools = (body.tools ?? [])
    .filter((/** @type {any} */ tool) => tool.input_schema)
    .map((/** @type {any} */ tool) => ({ name: tool.name, schema: tool.input_schema }));
  return {
    lastUserText:
      messages
        .filter(({ role }) => role === 'user')
        .map(saidBy)
        .findLast((text) => text !== '') ?? '',
    promptTokens:
      messages.reduce((sum, { content }) => sum + 4 + countTokens(textOf(content)), 3) +
      countTokens(textOf(body.system)) +
      (tools.length > 0 ? countTokens(json(body.tools)) : 0),
    awaitsAnswer: !(
      Array.isArray(last?.content) && last.content.some((/** @type {any} */ { type }) => type === 'tool_result')
    ),
    tools:
      choice.type === 'none'
        ? []
        : tools.filter((/** @type {any} */ { name }) => choice.type !== 'tool' || name === choice.name),
    answerSchema: body.output_config?.format?.schema,
    maxTokens: body.max_tokens,
    thinks: body.thinking?.type === 'enabled',
  };
}

/** A user's own text, without the results of tools. @param {any} message @returns {string} */
const saidBy = ({ content }) =>
  textOf(Array.isArray(content) ? content.filter(({ type }) => type === 'text') : content);

/** @param {Answer} answer @param {string} seed */
function contentOf({ thoughts, pieces, toolCalls }, seed) {
  return [
    ...(thoughts.length > 0 ? [{ type: 'thinking', thinking: thoughts.join(''), signature: SIGNATURE }] : []),
    ...(pieces.length > 0 ? [{ type: 'text', text: pieces.join('') }] : []),
    ...toolCalls.map(({ name, input }, index) => ({ type: 'tool_use', id: toolUseId(seed, index), name, input })),
  ];
}

/** @param {Call} call @param {Record<string, unknown>} head @param {Answer} answer @returns {string[]} */
function eventsOf(call, head, answer) {
  const blocks = [
    ...(answer.thoughts.length > 0 ? [thinkingBlock(answer.thoughts)] : []),
    ...(answer.pieces.length > 0 ? [textBlock(answer.pieces)] : []),
    ...answer.toolCalls.map(({ name, input }, index) => toolBlock(toolUseId(call.id, index), name, input)),
  ];
  const usage = inputUsage(answer);
  const start = { ...head, content: [], stop_reason: null, stop_sequence: null };
  const frames = [
    {
      type: 'message_start',
      message: { ...start, ...(answer.usage && { usage: { ...usage, output_tokens: 1, service_tier: 'standard' } }) },
    },
    ...blocks.flatMap(({ content_block, deltas }, index) => [
      { type: 'content_block_start', index, content_block },
      ...(index === 0 ? [{ type: 'ping' }] : []),
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: STOP_REASON[answer.finish], stop_sequence: null },
      ...(answer.usage && { usage: { ...usage, output_tokens: answer.usage.completion } }),
    },
    ...(call.behaviour.noEnd ? [] : [{ type: 'message_stop' }]),
  ];
  return frames.map(frame);
}

/** @param {string[]} thoughts */
const thinkingBlock = (thoughts) => ({
  content_block: { type: 'thinking', thinking: '', signature: '' },
  deltas: [
    ...thoughts.map((thinking) => ({ type: 'thinking_delta', thinking })),
    { type: 'signature_delta', signature: SIGNATURE },
  ],
});

/** @param {string[]} pieces */
const textBlock = (pieces) => ({
  content_block: { type: 'text', text: '' },
  deltas: pieces.map((text) => ({ type: 'text_delta', text })),
});

/**
 * The first fragment is empty, and for a tool without arguments it stays the only one.
 * @param {string} id @param {string} name @param {Record<string, unknown>} input
 */
const toolBlock = (id, name, input) => ({
  content_block: { type: 'tool_use', id, name, input: {} },
  deltas: ['', ...(Object.keys(input).length > 0 ? (json(input).match(/.{1,8}/gsu) ?? []) : [])].map(
    (partial_json) => ({
      type: 'input_json_delta',
      partial_json,
    }),
  ),
});

/**
 * The real service hides the length of what it says by white space before the last brace.
 * @param {{ type: string }} event
 * @param {number} position
 */
function frame(event, position) {
  if (event.type === 'ping') return 'event: ping\ndata: {"type": "ping"}\n\n';
  const padding = ' '.repeat((position * 7) % 16);
  return `event: ${event.type}\ndata: ${json(event).slice(0, -1)}${padding}}\n\n`;
}

/** `input_tokens` leaves out what came from the cache. @param {Answer} answer */
const inputUsage = ({ usage }) => ({
  input_tokens: (usage?.prompt ?? 0) - (usage?.cached ?? 0),
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: usage?.cached ?? 0,
});

/** @param {string} seed @param {number} index */
const toolUseId = (seed, index) => idOf('toolu_01', `${seed}.${index}`, 22);
