/** What a mock provider is told to do for one request, read from the model's name or from a script. */

/**
 * Every field is optional; `{}` is a plain, correct answer.
 * @typedef {object} Behaviour
 * @property {number} [status] answer with this status and the provider's own error body
 * @property {number} [retryAfterSeconds] `retry-after` of an error; 0: it names no wait
 * @property {number} [retryAfterMs] `retry-after-ms` of an error, for waits below a second (OpenAI and Azure)
 * @property {'context' | 'content-policy' | 'quota'} [refusal] a 400 or 429 with a meaning of its own
 * @property {number} [errorWithStatus] the provider's own error body, with a status that is none of an error
 * @property {number} [htmlStatus] an HTML page, as a proxy in front of the provider would send
 * @property {number} [slowMs] wait before the first byte
 * @property {number} [lateMs] send the head, then wait before the first byte of the body
 * @property {number} [paceMs] wait between stream events
 * @property {number} [split] cut the stream into writes of this many bytes, wherever they fall
 * @property {boolean} [hang] take the request, never answer
 * @property {boolean} [reset] close the connection before the first byte
 * @property {number} [cutAfter] close the connection after this many stream events, or in mid-body
 * @property {number} [stallAfter] send nothing more after this many stream events, or in mid-body, and stay open
 * @property {number} [endAfter] end after this many stream events, as if that were all
 * @property {number} [errorAfter] send the provider's error event after this many stream events, and end
 * @property {number} [brokenAfter] JSON that does not parse: the body, or the stream event after so many
 * @property {boolean} [empty] status 200 and no body
 * @property {boolean} [gzip] compress a whole body if the client accepts gzip
 * @property {number} [flaky] answer 500 to this many requests for this model, then as usual
 * @property {number} [bigKb] one piece of content of this many KiB
 * @property {number} [pieces] content of this many pieces: as many content events in a stream
 * @property {boolean} [blank] content of no characters
 * @property {boolean} [unicode] content of characters of two, three and four bytes
 * @property {number} [toolCalls] call this many tools, also when none was offered; 0 calls none at all
 * @property {boolean} [reasoning] think before answering
 * @property {'length' | 'filter'} [finish] why the answer ended
 * @property {number} [cachedTokens] this many tokens of the prompt came from the provider's cache
 * @property {boolean} [noUsage] leave the token counts out
 * @property {boolean} [noEnd] leave the end marker out: [DONE], message_stop, finishReason, done
 */

/** @type {Record<string, (count: number | undefined) => Behaviour>} */
const BY_NAME = {
  quota: () => ({ refusal: 'quota' }),
  context: () => ({ refusal: 'context' }),
  'content-policy': () => ({ refusal: 'content-policy' }),
  html: (status) => ({ htmlStatus: status ?? 502 }),
  error: (status) => ({ errorWithStatus: status ?? 200 }),
  'wait-ms': (ms) => ({ retryAfterMs: ms ?? 100 }),
  slow: (ms) => ({ slowMs: ms ?? 1_000 }),
  late: (ms) => ({ lateMs: ms ?? 1_000 }),
  pace: (ms) => ({ paceMs: ms ?? 10 }),
  split: (bytes) => ({ split: bytes ?? 1 }),
  hang: () => ({ hang: true }),
  reset: () => ({ reset: true }),
  cut: (events) => ({ cutAfter: events ?? 3 }),
  stall: (events) => ({ stallAfter: events ?? 3 }),
  'end-after': (events) => ({ endAfter: events ?? 3 }),
  'error-in-stream': (events) => ({ errorAfter: events ?? 3 }),
  'first-chunk-error': () => ({ errorAfter: 0 }),
  'broken-json': (events) => ({ brokenAfter: events ?? 1 }),
  empty: () => ({ empty: true }),
  gzip: () => ({ gzip: true }),
  flaky: (failures) => ({ flaky: failures ?? 1 }),
  big: (kb) => ({ bigKb: kb ?? 1_024 }),
  long: (pieces) => ({ pieces: pieces ?? 1_000 }),
  blank: () => ({ blank: true }),
  unicode: () => ({ unicode: true }),
  text: () => ({ toolCalls: 0 }),
  tools: () => ({ toolCalls: 1 }),
  'parallel-tools': (calls) => ({ toolCalls: calls ?? 2 }),
  reasoning: () => ({ reasoning: true }),
  length: () => ({ finish: 'length' }),
  filter: () => ({ finish: 'filter' }),
  cached: (tokens) => ({ cachedTokens: tokens ?? 1 }),
  'usage-null': () => ({ noUsage: true }),
  'no-end': () => ({ noEnd: true }),
};

/**
 * Reads `mock-slow-200+tools` as `{slowMs: 200, toolCalls: 1}`. The marker `mock-` may stand anywhere in the name, and
 * may be left out in a script; unknown words say nothing.
 * @param {string} text
 * @param {{ marker?: boolean }} [options] `marker: false` reads the words without `mock-` before them
 * @returns {Behaviour}
 */
export function behaviourOf(text, { marker = true } = {}) {
  const start = text.indexOf('mock-');
  if (start < 0 && marker) return {};
  const words = start < 0 ? text : text.slice(start + 'mock-'.length);
  return Object.assign({}, ...words.split('+').map(behaviourOfWord));
}

/** @param {string} word `slow-200`, `429-30`, `tools` */
function behaviourOfWord(word) {
  const [, name = '', count] = /^(.*?)(?:-(\d+))?$/.exec(word) ?? [];
  const number = count === undefined ? undefined : Number(count);
  if (/^[45]\d\d$/.test(name))
    return { status: Number(name), ...(number !== undefined && { retryAfterSeconds: number }) };
  return BY_NAME[name]?.(number) ?? {};
}
