// Chunks → OpenAI chat stream.
import type { ChatChunk, JsonObject, JsonValue } from '@turnpike/domain';
import type { StreamEncoder } from '../stream.js';
import { toolWords, type ToolWords } from './tool-words.js';
import { toOpenAiUsage, type TellCost } from './usage.js';

export interface OpenAiStreamOptions {
  /** The client asked for `stream_options.include_usage`. */
  includeUsage: boolean;
  /** See `asksInFunctions`. */
  inFunctions?: boolean;
  tellCost?: TellCost;
}

export const openAiStreamEncoder = (options: OpenAiStreamOptions): StreamEncoder<ChatChunk> =>
  new OpenAiStreamEncoder(options);

class OpenAiStreamEncoder implements StreamEncoder<ChatChunk> {
  /** `data: {"id":…,"choices":[` once known: it is the same in every chunk. */
  private head = '';
  private readonly tail: string;
  private readonly words: ToolWords;
  /** Choices whose first delta, the one with the role, is out. */
  private readonly opened = new Set<number>();
  private usage: JsonObject | undefined;

  constructor(private readonly options: OpenAiStreamOptions) {
    this.words = toolWords(options.inFunctions);
    this.tail = options.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  }

  encode(chunk: ChatChunk): string {
    switch (chunk.type) {
      case 'start':
        return this.start(chunk);
      case 'text-delta':
        return this.delta(chunk.choice, { content: chunk.text });
      case 'reasoning-delta':
        return this.delta(chunk.choice, { reasoning_content: chunk.text });
      case 'reasoning-signature':
        return this.delta(chunk.choice, {
          thinking_blocks: [
            chunk.redacted === undefined
              ? { type: 'thinking', thinking: '', signature: chunk.signature ?? '' }
              : { type: 'redacted_thinking', data: chunk.redacted },
          ],
        });
      case 'refusal-delta':
        return this.delta(chunk.choice, { refusal: chunk.text });
      case 'tool-call-start':
        return this.maybe(chunk.choice, this.words.start(chunk));
      case 'tool-call-delta':
        return this.maybe(chunk.choice, this.words.delta(chunk));
      case 'logprobs':
        return this.delta(chunk.choice, {}, null, chunk.logprobs);
      case 'annotations':
        return this.delta(chunk.choice, { annotations: chunk.annotations });
      case 'image':
        return this.delta(chunk.choice, {
          images: [{ type: 'image_url', image_url: { url: `data:${chunk.mediaType};base64,${chunk.data}` } }],
        });
      case 'audio-delta':
        return this.delta(chunk.choice, { audio: chunk.audio });
      case 'finish':
        return this.delta(chunk.choice, {}, this.words.finish(chunk.reason));
      case 'usage':
        this.usage = toOpenAiUsage(chunk.usage, this.options.tellCost);
        return '';
    }
  }

  end(): string {
    const usage =
      this.options.includeUsage && this.usage ? `${this.head}],"usage":${JSON.stringify(this.usage)}}\n\n` : '';
    return `${usage}data: [DONE]\n\n`;
  }

  error(body: string): string {
    return `data: ${body}\n\n`;
  }

  private start(chunk: Extract<ChatChunk, { type: 'start' }>): string {
    const fields = {
      id: chunk.id,
      object: 'chat.completion.chunk',
      created: chunk.created,
      model: chunk.model,
      system_fingerprint: chunk.systemFingerprint,
      service_tier: chunk.serviceTier,
    };
    this.head = `data: ${JSON.stringify(fields).slice(0, -1)},"choices":[`;
    return this.open(0);
  }

  /** OpenAI's first delta of a choice names the role and is otherwise empty. */
  private open(choice: number): string {
    if (this.opened.has(choice)) return '';
    this.opened.add(choice);
    return this.event(choice, { role: 'assistant', content: '', refusal: null }, null, null);
  }

  private maybe(choice: number, delta: JsonObject | undefined): string {
    return delta ? this.delta(choice, delta) : '';
  }

  private delta(
    choice: number,
    delta: JsonObject,
    finish: string | null = null,
    logprobs: JsonObject | null = null,
  ): string {
    return this.open(choice) + this.event(choice, delta, finish, logprobs);
  }

  private event(choice: number, delta: JsonObject, finish: string | null, logprobs: JsonValue): string {
    return `${this.head}{"index":${choice},"delta":${JSON.stringify(delta)},"logprobs":${logprobs === null ? 'null' : JSON.stringify(logprobs)},"finish_reason":${finish === null ? 'null' : `"${finish}"`}}${this.tail}`;
  }
}
