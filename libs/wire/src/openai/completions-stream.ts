// The stream of a legacy text completion: OpenAI's format ⇄ chunks.
import { isJsonObject, type CompletionChunk, type JsonObject } from '@turnpike/domain';
import type { Emit, StreamDecoder, StreamEncoder } from '../stream.js';
import { completionFinish } from './completions.js';
import { fromOpenAiFinishReason, toOpenAiFinishReason } from './finish-reason.js';
import { fromOpenAiHead } from './head.js';
import { OpenAiStreamFrame } from './stream-frame.js';
import { fromOpenAiUsage, toOpenAiUsage, type TellCost } from './usage.js';

export const openAiCompletionStreamDecoder = (emit: Emit<CompletionChunk>): StreamDecoder =>
  new CompletionStreamDecoder(emit);

class CompletionStreamDecoder extends OpenAiStreamFrame {
  private isStarted = false;

  constructor(private readonly emit: Emit<CompletionChunk>) {
    super();
  }

  protected chunk(chunk: JsonObject): void {
    if (!this.isStarted) {
      this.isStarted = true;
      this.emit({ type: 'start', ...fromOpenAiHead(chunk) });
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

  protected close(choice: number, word: string): void {
    this.finished.add(choice);
    this.emit({ type: 'finish', choice, reason: fromOpenAiFinishReason(word, false) });
  }
}

export const openAiCompletionStreamEncoder = (options: {
  includeUsage: boolean;
  tellCost?: TellCost;
}): StreamEncoder<CompletionChunk> => {
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
          usage = toOpenAiUsage(chunk.usage, options.tellCost);
          return '';
      }
    },
    end: () =>
      `${options.includeUsage && usage ? `${head}],"usage":${JSON.stringify(usage)}}\n\n` : ''}data: [DONE]\n\n`,
    error: (body) => `data: ${body}\n\n`,
  };
};
