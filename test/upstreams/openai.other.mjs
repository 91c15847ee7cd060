/** OpenAI's legacy completions and its embeddings. */
import { answerTo, countTokens } from './answer.mjs';
import { base64Floats, embeddingOf, idOf, json } from './format.mjs';
import { ok, streamed } from './openai.reply.mjs';

/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */

const DEFAULT_DIMENSIONS = 1_536;
const DEFAULT_MAX_TOKENS = 16;

/** @param {Call} call @param {string} model @returns {Reply} */
export function completionReply(call, model) {
  const { body } = call.request;
  const prompts = inputsOf(body.prompt);
  const answers = prompts.flatMap(({ text, tokens }) =>
    Array.from({ length: body.n ?? 1 }, () =>
      answerTo(
        {
          lastUserText: text,
          promptTokens: tokens,
          awaitsAnswer: true,
          tools: [],
          maxTokens: body.max_tokens ?? DEFAULT_MAX_TOKENS,
        },
        { ...call.behaviour, toolCalls: 0 },
      ),
    ),
  );
  const head = {
    id: idOf('cmpl-', call.id, 29),
    object: 'text_completion',
    created: Math.floor(call.now / 1_000),
    model,
  };
  const usage = call.behaviour.noUsage
    ? null
    : completionUsage(
        prompts.reduce((sum, { tokens }) => sum + tokens, 0),
        answers.reduce((sum, answer) => sum + (answer.usage?.completion ?? 0), 0),
      );
  /** @param {string} text @param {number} index @param {string | null} finish */
  const choice = (text, index, finish) => ({ text, index, logprobs: null, finish_reason: finish });
  const finishOf = (/** @type {{ finish: string }} */ { finish }) => (finish === 'filter' ? 'content_filter' : finish);
  if (!body.stream) {
    const choices = answers.map((answer, index) => choice(answer.pieces.join(''), index, finishOf(answer)));
    return ok(call, { ...head, choices, usage });
  }
  const asked = body.stream_options?.include_usage === true;
  /** @param {unknown[]} choices @param {unknown} [counts] */
  const frame = (choices, counts = null) => `data: ${json({ ...head, choices, ...(asked && { usage: counts }) })}\n\n`;
  return streamed(call, [
    ...answers.flatMap((answer, index) => [
      ...answer.pieces.map((piece) => frame([choice(piece, index, null)])),
      frame([choice('', index, finishOf(answer))]),
    ]),
    ...(asked && usage ? [frame([], usage)] : []),
    ...(call.behaviour.noEnd ? [] : ['data: [DONE]\n\n']),
  ]);
}

/** @param {Call} call @param {string} model @returns {Reply} */
export function embeddingReply(call, model) {
  const { body } = call.request;
  const inputs = inputsOf(body.input);
  const tokens = inputs.reduce((sum, input) => sum + input.tokens, 0);
  const data = inputs.map(({ text }, index) => {
    const values = embeddingOf(text, body.dimensions ?? DEFAULT_DIMENSIONS);
    return { object: 'embedding', index, embedding: body.encoding_format === 'base64' ? base64Floats(values) : values };
  });
  const usage = call.behaviour.noUsage ? null : { prompt_tokens: tokens, total_tokens: tokens };
  return ok(call, { object: 'list', data, model, usage });
}

/**
 * A string, a list of strings, a list of token numbers, or a list of such lists.
 * @param {unknown} input
 * @returns {{ text: string, tokens: number }[]}
 */
function inputsOf(input) {
  const inputs = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  return inputs.map((item) => {
    const text = Array.isArray(item) ? item.join(' ') : String(item);
    return { text, tokens: Array.isArray(item) ? item.length : countTokens(text) };
  });
}

/** @param {number} prompt @param {number} completion */
const completionUsage = (prompt, completion) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});
