/** The bytes that travel in the benchmark: requests, the mock's answer, its stream, and long prompts in three languages. */

export const STREAM_CHUNKS = 200;
export const LARGE_BYTES = 400 * 1_024;
export const LANGUAGES = /** @type {const} */ (['english', 'portuguese', 'chinese']);

/** @typedef {(typeof LANGUAGES)[number]} Language */

const HEAD = { created: 1_767_225_600, model: 'bench', service_tier: 'default', system_fingerprint: 'fp_bench00000' };

/** 500 bytes. */
const PROMPT = 'Compare the two proposals and say which of them costs less over five years. '.repeat(7).slice(0, 500);

/**
 * A chat request's body.
 * @param {{ model?: string, prompt?: string, stream?: boolean, includeUsage?: boolean }} [options]
 */
export const chatBody = ({ model = 'bench', prompt = PROMPT, stream = false, includeUsage = false } = {}) =>
  JSON.stringify({
    model,
    messages: [
      { role: 'system', content: 'You answer in short sentences.' },
      { role: 'user', content: prompt },
    ],
    temperature: 0.2,
    ...(stream && { stream }),
    ...(includeUsage && { stream_options: { include_usage: true } }),
  });

/** A whole answer with 400 bytes of content. */
export const CHAT_ANSWER = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-bench0000000000000000000000001',
    object: 'chat.completion',
    ...HEAD,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'The second one costs less. '.repeat(15).slice(0, 400), refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 120, completion_tokens: 90, total_tokens: 210 },
  }),
);

/**
 * The events of a stream in OpenAI's order: role, 200 pieces of 60 bytes, finish, [DONE].
 * @param {boolean} includeUsage adds `usage: null` to each and the usage chunk before [DONE]
 * @returns {Buffer[]}
 */
export function streamFrames(includeUsage) {
  /** @param {unknown[]} choices @param {unknown} [usage] */
  const frame = (choices, usage = null) => {
    const head = { id: 'chatcmpl-bench0000000000000000000000002', object: 'chat.completion.chunk', ...HEAD };
    return Buffer.from(`data: ${JSON.stringify({ ...head, choices, ...(includeUsage && { usage }) })}\n\n`);
  };
  /** @param {unknown} delta @param {string | null} [finish] */
  const delta = (delta, finish = null) => frame([{ index: 0, delta, logprobs: null, finish_reason: finish }]);
  return [
    delta({ role: 'assistant', content: '', refusal: null }),
    ...Array.from({ length: STREAM_CHUNKS }, (_, index) =>
      delta({
        content: ` piece ${String(index).padStart(3, '0')} says: sixty bytes — né? 好 — a chunk.`.padEnd(54, '.'),
      }),
    ),
    delta({}, 'stop'),
    ...(includeUsage ? [frame([], { prompt_tokens: 120, completion_tokens: 2_000, total_tokens: 2_120 })] : []),
    Buffer.from('data: [DONE]\n\n'),
  ];
}

/**
 * What a client that did not ask for usage may get: the stream without it, or the stream that was asked for by the
 * gateway, with the usage chunk withheld.
 * @returns {Buffer[]}
 */
export const streamsWithoutUsage = () => [
  Buffer.concat(streamFrames(false)),
  Buffer.concat(streamFrames(true).filter((frame) => !frame.includes('"choices":[]'))),
];

/** @type {Record<Language, string[]>} */
const SENTENCES = {
  english: [
    'The committee met twice in spring and once more before the summer recess. ',
    'Every supplier had sent its figures, but no two of them used the same currency.\n',
    'Whoever reads the "annex" first will see why the total on page nine is wrong. ',
  ],
  portuguese: [
    'A comissão reuniu-se duas vezes na primavera e mais uma antes das férias de verão. ',
    'Todos os fornecedores enviaram os números, porém não há dois na mesma moeda.\n',
    'Quem ler o «anexo» em primeiro lugar verá por que razão o total está errado: é simples, são cêntimos. ',
  ],
  chinese: [
    '委员会在春天开了两次会，夏季休会之前又开了一次。',
    '每个供应商都寄来了数字，但是没有两家使用同一种货币。\n',
    '先读“附件”的人会明白为什么第九页上的总数是错的。',
  ],
};

/**
 * A chat request whose prompt has about `bytes` bytes of UTF-8, no two paragraphs alike.
 * @param {Language} language
 * @param {number} [bytes]
 */
export function largeBody(language, bytes = LARGE_BYTES) {
  const sentences = SENTENCES[language];
  /** @type {string[]} */
  const parts = [];
  for (let index = 0, size = 0; size < bytes; index += 1) {
    const part = `${index}. ${sentences[index % sentences.length]}`;
    parts.push(part);
    size += Buffer.byteLength(part);
  }
  return chatBody({ prompt: parts.join('') });
}
