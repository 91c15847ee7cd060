// Chunks → Anthropic message stream: blocks one after the other, each opened and closed, consecutive from 0.
import type { ChatChunk, FinishReason, JsonObject, Usage } from '@turnpike/domain';
import type { StreamEncoder } from '../stream.js';
import { toAnthropicCitation } from './citations.js';
import { toAnthropicStopReason } from './finish-reason.js';
import { toAnthropicServiceTier } from './service-tier.js';
import { ToolCallQueue } from './stream-tool-calls.js';
import { toMessageId, toToolUseId, type AnthropicAnswerOptions } from './to-response.js';
import { toAnthropicUsage } from './usage.js';

export interface AnthropicStreamOptions extends AnthropicAnswerOptions {
  /** Estimated prompt tokens, told at the start when the upstream has not counted yet: clients show a meter from it. */
  inputTokens?: number;
}

export const anthropicStreamEncoder = (options: AnthropicStreamOptions = {}): StreamEncoder<ChatChunk> =>
  new AnthropicStreamEncoder(options);

type BlockKind = 'text' | 'thinking' | 'tool';

const sse = (type: string, payload: JsonObject): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...payload })}\n\n`;

class AnthropicStreamEncoder implements StreamEncoder<ChatChunk> {
  private index = -1;
  private kind: BlockKind | undefined;
  private readonly calls = new ToolCallQueue();
  private usage: Usage | undefined;
  private finish: { reason: FinishReason; native?: string } | undefined;
  private hasRefusal = false;
  private signature = '';

  constructor(private readonly options: AnthropicStreamOptions) {}

  encode(chunk: ChatChunk): string {
    // Anthropic knows one answer.
    if ('choice' in chunk && chunk.choice !== 0) return '';
    switch (chunk.type) {
      case 'start':
        return this.start(chunk);
      case 'text-delta':
        return this.text(chunk.text);
      case 'refusal-delta':
        this.hasRefusal = true;
        return this.text(chunk.text);
      case 'reasoning-delta':
        return this.hidesReasoning
          ? ''
          : this.enter('thinking') + this.delta({ type: 'thinking_delta', thinking: chunk.text });
      case 'reasoning-signature':
        return this.hidesReasoning ? '' : this.endReasoning(chunk);
      case 'tool-call-start':
        this.calls.start(chunk.index, chunk.id, chunk.name);
        return this.drainCalls(false);
      case 'tool-call-delta':
        this.calls.grow(chunk.index, chunk.arguments);
        return this.drainCalls(false);
      case 'annotations':
        return this.cite(chunk.annotations);
      case 'finish':
        this.finish = chunk;
        return '';
      case 'usage':
        this.usage = chunk.usage;
        return '';
      case 'logprobs':
      case 'image':
      case 'audio-delta':
        // No place in this format; a client of it cannot have asked for them.
        return '';
    }
  }

  end(): string {
    const { reason, native } = this.finish ?? { reason: 'stop', native: undefined };
    const rest = this.leave();
    const empty = this.index === -1 ? this.enter('text') + this.leave() : '';
    const delta: JsonObject = {
      stop_reason: toAnthropicStopReason(this.hasRefusal ? 'content-filter' : reason, native),
      stop_sequence: null,
    };
    return rest + empty + sse('message_delta', { delta, usage: this.currentUsage() }) + sse('message_stop', {});
  }

  error(body: string): string {
    return `event: error\ndata: ${body}\n\n`;
  }

  private get hidesReasoning(): boolean {
    return this.options.includeReasoning === false;
  }

  private start(chunk: Extract<ChatChunk, { type: 'start' }>): string {
    this.usage = chunk.usage;
    const usage = { ...this.currentUsage(), output_tokens: 1, service_tier: toAnthropicServiceTier(chunk.serviceTier) };
    const message: JsonObject = {
      id: toMessageId(chunk.id),
      type: 'message',
      role: 'assistant',
      model: chunk.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    };
    return sse('message_start', { message }) + sse('ping', {});
  }

  private currentUsage(): JsonObject {
    const inputTokens = this.options.inputTokens ?? 0;
    return toAnthropicUsage(this.usage ?? { inputTokens, outputTokens: 0, totalTokens: inputTokens });
  }

  private text(text: string): string {
    return text === '' ? '' : this.enter('text') + this.delta({ type: 'text_delta', text });
  }

  private endReasoning({ signature, redacted }: Extract<ChatChunk, { type: 'reasoning-signature' }>): string {
    if (redacted !== undefined)
      return this.leave() + this.open({ type: 'redacted_thinking', data: redacted }) + this.close();
    const entered = this.enter('thinking');
    this.signature = signature ?? '';
    return entered + this.leave();
  }

  private cite(annotations: JsonObject[]): string {
    if (this.kind !== 'text') return '';
    const citations = annotations.map(toAnthropicCitation).filter((citation) => citation !== undefined);
    return citations.map((citation) => this.delta({ type: 'citations_delta', citation })).join('');
  }

  /** Goes on with a block of this kind, or begins one. */
  private enter(kind: 'text' | 'thinking'): string {
    if (this.kind === kind) return '';
    const left = this.leave();
    this.kind = kind;
    const block = kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' };
    return left + this.open(block);
  }

  /** Ends what is open, calls that still wait included. */
  private leave(): string {
    if (this.kind === 'tool') return this.drainCalls(true);
    if (this.kind === undefined) return '';
    // The signature must be told, even where the provider has none.
    const signed = this.kind === 'thinking' ? this.delta({ type: 'signature_delta', signature: this.signature }) : '';
    return signed + this.close();
  }

  /** Blocks cannot overlap, calls can: each waits until the one before it is complete. */
  private drainCalls(isLast: boolean): string {
    if (this.calls.isEmpty) return '';
    let out = this.kind === 'tool' ? '' : this.leave();
    for (const step of this.calls.drain(isLast)) {
      if (step.type === 'open') {
        this.kind = 'tool';
        out += this.open({ type: 'tool_use', id: toToolUseId(step.id), name: step.name, input: {} });
      } else if (step.type === 'piece') out += this.delta({ type: 'input_json_delta', partial_json: step.json });
      else out += this.close();
    }
    return out;
  }

  private open(block: JsonObject): string {
    this.index += 1;
    return sse('content_block_start', { index: this.index, content_block: block });
  }

  private delta(delta: JsonObject): string {
    return sse('content_block_delta', { index: this.index, delta });
  }

  private close(): string {
    this.kind = undefined;
    this.signature = '';
    return sse('content_block_stop', { index: this.index });
  }
}
