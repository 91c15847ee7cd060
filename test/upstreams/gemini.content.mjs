/** Gemini's content: a whole answer, or chunks of the same shape. */
import { answerTo, countTokens } from './answer.mjs';
import { embeddingOf, idOf, json } from './format.mjs';
import { array, events, ok } from './gemini.reply.mjs';

/** @typedef {import('./answer.mjs').Answer} Answer */
/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */

const FINISH_REASON = { stop: 'STOP', length: 'MAX_TOKENS', tools: 'STOP', filter: 'SAFETY' };
const SIGNATURE = Buffer.from('mock signature of a thought').toString('base64');
const DEFAULT_DIMENSIONS = 3_072;

/** @param {Call} call @param {string} model @param {'whole' | 'events' | 'array'} form @returns {Reply} */
export function generateReply(call, model, form) {
  const answer = answerTo(conversationOf(call.request.body), call.behaviour);
  const tail = { modelVersion: model, responseId: idOf('', call.id, 22) };
  const parts = partsOf(answer);
  /** @param {unknown[]} some @param {boolean} last @param {number} written */
  const chunk = (some, last, written) => ({
    candidates: [
      {
        content: { parts: some, role: 'model' },
        ...(last && !call.behaviour.noEnd && { finishReason: FINISH_REASON[answer.finish] }),
        index: 0,
      },
    ],
    ...(answer.usage && { usageMetadata: usageOf(answer, last ? answer.usage.completion : written) }),
    ...tail,
  });
  if (form === 'whole') return ok(chunk(joined(parts), true, 0));
  // Function calls are not divided: all of a turn stand in the last chunk.
  const single = parts.filter((part) => 'text' in part);
  const calls = parts.filter((part) => !('text' in part));
  const last = calls.length > 0 ? calls : single.splice(-1);
  const chunks = [...single.map((part, index) => chunk([part], false, index + 1)), chunk(last, true, 0)];
  return form === 'events' ? events(chunks) : array(chunks);
}

/** @param {any} body @returns {import('./answer.mjs').Conversation} */
export function conversationOf(body) {
  const contents = /** @type {any[]} */ (body?.contents ?? []);
  const config = body?.generationConfig ?? {};
  const calling = body?.toolConfig?.functionCallingConfig ?? {};
  const tools = (body?.tools ?? [])
    .flatMap((/** @type {any} */ tool) => tool.functionDeclarations ?? [])
    .map((/** @type {any} */ tool) => ({
      name: tool.name,
      schema: tool.parametersJsonSchema ?? tool.parameters ?? {},
    }));
  const wantsJson = config.responseMimeType === 'application/json';
  return {
    lastUserText: textOf(contents.findLast(({ role, parts }) => role !== 'model' && textOf({ parts }) !== '')),
    promptTokens:
      contents.reduce((sum, content) => sum + countTokens(textOf(content)), 0) +
      countTokens(textOf(body?.systemInstruction)) +
      (tools.length > 0 ? countTokens(json(body.tools)) : 0),
    awaitsAnswer: !(contents.at(-1)?.parts ?? []).some((/** @type {any} */ part) => part.functionResponse),
    tools:
      calling.mode === 'NONE'
        ? []
        : tools.filter((/** @type {any} */ { name }) => calling.allowedFunctionNames?.includes(name) ?? true),
    answerSchema: wantsJson ? (config.responseJsonSchema ?? config.responseSchema ?? true) : undefined,
    maxTokens: config.maxOutputTokens,
    thinks: config.thinkingConfig?.includeThoughts === true,
  };
}

/** @param {Call} call @param {import('./answer.mjs').Conversation} conversation @returns {Reply} */
export const countReply = (call, { promptTokens }) =>
  ok({ totalTokens: promptTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokens }] });

/** @param {any[]} requests @param {'embedding' | 'embeddings'} field */
export function embedReply(requests, field) {
  const embeddings = requests.map(({ content, outputDimensionality }) => ({
    values: embeddingOf(textOf(content), outputDimensionality ?? DEFAULT_DIMENSIONS),
  }));
  return field === 'embedding' ? { embedding: embeddings[0] } : { embeddings };
}

/** @param {any} content @returns {string} */
const textOf = (content) => (content?.parts ?? []).map((/** @type {any} */ part) => part.text ?? '').join('');

/**
 * One part for each thought, piece and call. The first call of a turn carries the signature for all.
 * @param {Answer} answer
 * @returns {Record<string, unknown>[]}
 */
const partsOf = ({ thoughts, pieces, toolCalls }) => [
  ...thoughts.map((text) => ({ text, thought: true })),
  ...(pieces.length === 0 && toolCalls.length === 0 ? [{ text: '' }] : pieces.map((text) => ({ text }))),
  ...toolCalls.map(({ name, input }, index) => ({
    functionCall: { name, args: input },
    ...(index === 0 && { thoughtSignature: SIGNATURE }),
  })),
];

/** Thoughts and text each become one part when nothing is streamed. @param {Record<string, unknown>[]} parts */
function joined(parts) {
  const text = (/** @type {boolean} */ thought) =>
    parts
      .filter((part) => 'text' in part && Boolean(part.thought) === thought)
      .map((part) => part.text)
      .join('');
  const [thought, said] = [text(true), text(false)];
  const calls = parts.filter((part) => !('text' in part));
  return [
    ...(thought ? [{ text: thought, thought: true }] : []),
    ...(said || calls.length === 0 ? [{ text: said }] : []),
    ...calls,
  ];
}

/** `candidatesTokenCount` leaves out the thoughts. @param {Answer} answer @param {number} written tokens so far */
function usageOf({ usage }, written) {
  if (!usage) return undefined;
  const thoughts = Math.min(usage.thoughts, written);
  return {
    promptTokenCount: usage.prompt,
    ...(written > thoughts && { candidatesTokenCount: written - thoughts }),
    totalTokenCount: usage.prompt + written,
    ...(usage.cached > 0 && { cachedContentTokenCount: usage.cached }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.prompt }],
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
  };
}
