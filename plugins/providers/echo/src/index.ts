/** Answers with what it was asked: a model that needs no account, for first steps and for tests. */
import {
  definePlugin,
  z,
  type AssistantPart,
  type Call,
  type ChatChunk,
  type ChatRequest,
  type ChatResponse,
  type ContentPart,
  type EmbeddingRequest,
  type EmbeddingResponse,
  type Message,
  type Usage,
} from '@turnpike/plugin-sdk';
import { setTimeout as sleep } from 'node:timers/promises';

const config = z.strictObject({
  delay_ms: z.number().min(0).max(60_000).default(0).describe('Pause before each streamed word, in milliseconds'),
});

/** Four characters a token, the usual rule of thumb. */
const tokens = (text: string): number => Math.ceil(text.length / 4);

const textOf = ({ content }: Message): string =>
  content.map((part: ContentPart | AssistantPart) => ('text' in part ? part.text : '')).join('');

/** What is said back: the user's last words, or else the last message. */
const lastWords = ({ messages }: ChatRequest): string => {
  const last = messages.findLast((message) => message.role === 'user') ?? messages.at(-1);
  return last ? textOf(last) : '';
};

const promptTokens = ({ messages }: ChatRequest): number =>
  messages.reduce((sum, message) => sum + tokens(textOf(message)), 0);

interface Echo {
  text: string;
  finishReason: 'stop' | 'length';
  usage: Usage;
}

const echo = (request: ChatRequest): Echo => {
  const whole = lastWords(request);
  const limit = request.maxOutputTokens;
  const text = limit !== undefined && tokens(whole) > limit ? whole.slice(0, limit * 4) : whole;
  const inputTokens = promptTokens(request);
  const outputTokens = tokens(text);
  return {
    text,
    finishReason: text === whole ? 'stop' : 'length',
    usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens },
  };
};

const respond = (request: ChatRequest, call: Call, now: number): ChatResponse => {
  const { text, finishReason, usage } = echo(request);
  return {
    id: `chatcmpl-echo-${now}`,
    model: call.model,
    created: Math.floor(now / 1_000),
    choices: [{ index: 0, content: [{ type: 'text', text }], finishReason }],
    usage,
  };
};

async function* stream(
  request: ChatRequest,
  call: Call,
  now: number,
  delayMs: number,
  signal: AbortSignal,
): AsyncGenerator<ChatChunk> {
  const { text, finishReason, usage } = echo(request);
  yield { type: 'start', id: `chatcmpl-echo-${now}`, model: call.model, created: Math.floor(now / 1_000) };
  for (const word of text.match(/\S+\s*|\s+/g) ?? []) {
    if (delayMs > 0) await sleep(delayMs, undefined, { signal });
    signal.throwIfAborted();
    yield { type: 'text-delta', choice: 0, text: word };
  }
  yield { type: 'finish', choice: 0, reason: finishReason };
  yield { type: 'usage', usage };
}

/** A vector that only depends on the text: its letters counted into the wanted number of places, made unit length. */
const embed = (text: string, dimensions: number): number[] => {
  const vector = new Array<number>(dimensions).fill(0);
  for (const letter of text) vector[(letter.codePointAt(0) ?? 0) % dimensions]! += 1;
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
};

const respondEmbeddings = (request: EmbeddingRequest, call: Call): EmbeddingResponse => {
  const texts = request.input.map((entry) => (typeof entry === 'string' ? entry : entry.join(' ')));
  const inputTokens = texts.reduce((sum, text) => sum + tokens(text), 0);
  return {
    model: call.model,
    vectors: texts.map((text) => embed(text, request.dimensions ?? 8)),
    usage: { inputTokens, outputTokens: 0, totalTokens: inputTokens },
  };
};

export default definePlugin({
  contract: 'provider/v1',
  id: 'provider.echo',
  capabilities: ['chat', 'embeddings', 'models'],
  prefixes: ['echo/'],
  recognises: [/^echo$/],
  config,
  init: (settings, host) => ({
    chat: {
      kind: 'local',
      respond: (request, call) => respond(request, call, host.clock.now()),
      stream: (request, call, signal) => stream(request, call, host.clock.now(), settings.delay_ms, signal),
    },
    embeddings: { kind: 'local', respond: respondEmbeddings },
    models: { list: () => Promise.resolve(['echo']) },
  }),
});
