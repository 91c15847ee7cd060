/** What the mock model says, before any provider's format: text, thoughts, tool calls and token counts. */

/** @typedef {import('./behaviours.mjs').Behaviour} Behaviour */

/**
 * What a provider's request comes to.
 * @typedef {object} Conversation
 * @property {string} lastUserText
 * @property {number} promptTokens
 * @property {boolean} awaitsAnswer the last turn is the user's, so that offered tools are called; false after a tool's result
 * @property {{ name: string, schema: unknown }[]} tools as offered, less those that the tool choice rules out
 * @property {unknown} [answerSchema] JSON was asked for: its schema, or `true` for any object
 * @property {number} [maxTokens]
 * @property {boolean} [thinks]
 */

/**
 * @typedef {object} Answer
 * @property {string[]} pieces the text as the model makes it: one stream event each
 * @property {string[]} thoughts
 * @property {{ name: string, input: Record<string, unknown> }[]} toolCalls
 * @property {'stop' | 'length' | 'tools' | 'filter'} finish
 * @property {{ prompt: number, cached: number, completion: number, thoughts: number } | undefined} usage `completion`
 *   includes `thoughts`, `prompt` includes `cached`; undefined when the counts are to be left out
 */

const QUOTED_CHARACTERS = 60;
const UNICODE_TEXT = 'Grüße aus Ångström, olá São Tomé, 你好世界，こんにちは, 한국어, 👩‍👩‍👧‍👦 🚀 done.';

/**
 * Tokens of a text: a quarter of its UTF-8 bytes, rounded up. Not any real tokeniser's count, but the same in every test.
 * @param {string} text
 */
export const countTokens = (text) => Math.ceil(Buffer.byteLength(text) / 4);

/**
 * The text that a model without special orders answers with.
 * @param {string} lastUserText
 */
export const plainAnswer = (lastUserText) =>
  `Mock answer to: ${[...lastUserText.slice(0, 2 * QUOTED_CHARACTERS)].slice(0, QUOTED_CHARACTERS).join('')}`;

/**
 * @param {Conversation} conversation
 * @param {Behaviour} behaviour
 * @returns {Answer}
 */
export function answerTo(conversation, behaviour) {
  const toolCalls = chosenTools(conversation, behaviour).map(({ name, schema }) => ({
    name,
    input: /** @type {Record<string, unknown>} */ (sampleOf(schema, { type: 'object', ...asObject(schema) })),
  }));
  const whole = toolCalls.length > 0 ? [] : piecesOf(conversation, behaviour);
  const pieces = whole.slice(0, conversation.maxTokens ?? whole.length);
  const thoughts = behaviour.reasoning || conversation.thinks ? ['Let me', ' think', ' about', ' this.'] : [];
  const finish =
    behaviour.finish ?? (toolCalls.length > 0 ? 'tools' : pieces.length < whole.length ? 'length' : 'stop');
  const completion =
    thoughts.length +
    (behaviour.bigKb === undefined ? pieces.length : countTokens(pieces.join(''))) +
    toolCalls.reduce((sum, call) => sum + countTokens(call.name + JSON.stringify(call.input)), 0);
  const cached = Math.min(behaviour.cachedTokens ?? 0, conversation.promptTokens);
  const usage = { prompt: conversation.promptTokens, cached, completion, thoughts: thoughts.length };
  return { pieces, thoughts, toolCalls, finish, usage: behaviour.noUsage ? undefined : usage };
}

/** @param {Conversation} conversation @param {Behaviour} behaviour */
function chosenTools({ tools, awaitsAnswer, answerSchema }, { toolCalls }) {
  const count = toolCalls ?? (tools.length > 0 && awaitsAnswer && answerSchema === undefined ? 1 : 0);
  const offered = tools.length > 0 ? tools : [{ name: 'get_weather', schema: WEATHER_SCHEMA }];
  return Array.from({ length: count }, (_, index) => offered[index % offered.length] ?? offered[0]).filter(
    (tool) => tool !== undefined,
  );
}

const WEATHER_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string', enum: ['Paris'] } },
  required: ['city'],
};

/** @param {Conversation} conversation @param {Behaviour} behaviour */
function piecesOf({ lastUserText, answerSchema }, { blank, bigKb, pieces, unicode }) {
  if (blank) return [];
  if (bigKb !== undefined) return ['0123456789abcdef'.repeat(bigKb * 64)];
  if (pieces !== undefined) return Array.from({ length: pieces }, (_, index) => `word${index} `);
  if (unicode) return split(UNICODE_TEXT);
  if (answerSchema === true) return split(JSON.stringify({ answer: plainAnswer(lastUserText) }));
  if (answerSchema !== undefined) return split(JSON.stringify(sampleOf(answerSchema, asObject(answerSchema))));
  return split(plainAnswer(lastUserText));
}

/** @param {string} text */
const split = (text) => text.match(/\s?\S{1,6}|\s/gu) ?? [];

/** @param {unknown} value @returns {Record<string, any>} */
const asObject = (value) => (typeof value === 'object' && value !== null ? value : {});

/**
 * The smallest value that a JSON schema allows, near enough: enough for types, enums, objects, arrays and references.
 * @param {unknown} root where `#/…` references start
 * @param {Record<string, any>} schema
 * @returns {unknown}
 */
function sampleOf(root, schema) {
  if (typeof schema.$ref === 'string') return sampleOf(root, resolve(root, schema.$ref));
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const branch = schema.anyOf?.[0] ?? schema.oneOf?.[0] ?? schema.allOf?.[0];
  if (branch) return sampleOf(root, asObject(branch));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (String(type ?? 'object').toLowerCase()) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return [sampleOf(root, asObject(schema.items ?? { type: 'string' }))];
    default:
      return Object.fromEntries(
        Object.entries(asObject(schema.properties)).map(([name, property]) => [
          name,
          sampleOf(root, asObject(property)),
        ]),
      );
  }
}

/** @param {unknown} root @param {string} reference `#/$defs/place` */
const resolve = (root, reference) =>
  asObject(
    reference
      .split('/')
      .slice(1)
      .reduce((node, key) => asObject(node)[key], root),
  );
