// The stream of a legacy text completion: OpenAI's format ⇄ chunks.
import { isJsonObject, type CompletionChunk, type JsonObject } from '@turnpike/domain';
import { parseEventJson, SseParser, streamCut, type SseEvent } from '../sse/index.js';
import type { Emit, StreamDecoder, StreamEncoder } from '../stream.js';
import { completionFinish, completionHead } from './completions.js';
import { fromOpenAiFinishReason, toOpenAiFinishReason } from './finish-reason.js';
import { failureInside, toInnerError, unreadable } from './from-response.js';
import { fromOpenAiUsage, toOpenAiUsage } from './usage.js';

export const openAiCompletionStreamDecoder = (emit: Emit<CompletionChunk>): StreamDecoder =>
  new CompletionStreamDecoder(emit);

class CompletionStreamDecoder implements StreamDecoder {
  private readonly parser = new SseParser((event) => this.event(event));
  private isStarted = false;
  private isDone = false;
  private readonly opened = new Set<number>();
  private readonly finished = new Set<number>();

  constructor(private readonly emit: Emit<CompletionChunk>) {}

  push(bytes: Uint8Array): void {
    this.parser.push(bytes);
  }

  end(): void {
    this.parser.end();
    if (!this.isDone && (this.opened.size === 0 || this.finished.size < this.opened.size)) throw streamCut();
  }

  private event(event: SseEvent): void {
    if (event.data === '[DONE]') return this.done();
    if (event.data === '') return;
    const chunk = parseEventJson(event);
    if (chunk === undefined) return;
    if (!isJsonObject(chunk)) throw unreadable('a stream event is not an object');
    const failure = failureInside(chunk);
    if (failure) throw toInnerError(failure, 'The provider broke off the stream');
    if (!this.isStarted) {
      this.isStarted = true;
      this.emit({ type: 'start', ...completionHead(chunk) });
    }
    if (Array.isArray(chunk['choices'])) for (const one of chunk['choices']) if (isJsonObject(one)) this.choice(one);
    const usage = fromOpenAiUsage(chunk['usage']);
    if (usage) this.emit({ type: 'usage', usage });
  }

  private choice(value: JsonObject): void {
    const choice = typeof value['index'] === 'number' ? value['index'] : 0;
    this.opened.add(choice);
    if (typeof value['text'] === 'string' && value['text'] !== '') {
      this.emit({ type: 'text-delta', choice, text: value['text'] });
    }
    const word = completionFinish(value);
    if (word !== '' && !this.finished.has(choice)) this.close(choice, word);
  }

  /** Nothing more is to come, so a choice whose end was never told has ended. */
  private done(): void {
    this.isDone = true;
    for (const choice of this.opened) if (!this.finished.has(choice)) this.close(choice, '');
  }

  private close(choice: number, word: string): void {
    this.finished.add(choice);
    this.emit({ type: 'finish', choice, reason: fromOpenAiFinishReason(word, false) });
  }
}

export const openAiCompletionStreamEncoder = (options: { includeUsage: boolean }): StreamEncoder<CompletionChunk> => {
  let head = '';
  let usage: JsonObject | undefined;
  const tail = options.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  const event = (choice: number, text: string, finish: string | null): string =>
    `${head}${JSON.stringify({ text, index: choice, logprobs: null, finish_reason: finish })}${tail}`;
  return {
    encode(chunk) {
      switch (chunk.type) {
        case 'start': {
          const fields = { id: chunk.id, object: 'text_completion', created: chunk.created, model: chunk.model };
          head = `data: ${JSON.stringify(fields).slice(0, -1)},"choices":[`;
          return '';
        }
        case 'text-delta':
          return event(chunk.choice, chunk.text, null);
        case 'finish':
          return event(chunk.choice, '', toOpenAiFinishReason(chunk.reason));
        case 'usage':
          usage = toOpenAiUsage(chunk.usage);
          return '';
      }
    },
    end: () =>
      `${options.includeUsage && usage ? `${head}],"usage":${JSON.stringify(usage)}}\n\n` : ''}data: [DONE]\n\n`,
    error: (body) => `data: ${body}\n\n`,
  };
};
