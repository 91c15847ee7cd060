// Anthropic message stream → chunks. State is one small object a stream.
//
// event: message_start        data: {"type":"message_start","message":{"id","model","usage":{"input_tokens",…}}}
// event: content_block_start  data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}
// event: content_block_delta  data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}
// event: content_block_stop   data: {"type":"content_block_stop","index":0}
// event: message_delta        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{…}}
// event: message_stop         data: {"type":"message_stop"}
import { isJsonObject, type ChatChunk, type JsonObject, type JsonValue } from '@turnpike/domain';
import { BROKE_OFF_STREAM, streamCut, toInnerError, unreadable } from '../faults.js';
import { parseEventJson, SseParser, type SseEvent } from '../sse/index.js';
import type { Emit, StreamDecoder } from '../stream.js';
import { fromAnthropicStopReason } from './finish-reason.js';
import { fromAnthropicServiceTier } from './service-tier.js';
import { openBlock, type BlockContext, type OpenBlock } from './stream-blocks.js';
import { fromAnthropicUsage } from './usage.js';

export const anthropicStreamDecoder = (emit: Emit<ChatChunk>): StreamDecoder => new AnthropicStreamDecoder(emit);

class AnthropicStreamDecoder implements StreamDecoder {
  private readonly parser = new SseParser((event) => this.read(event));
  private readonly context: BlockContext;
  /** By the upstream's index; blocks may overlap. */
  private readonly open = new Map<unknown, OpenBlock>();
  /** The counts so far; `message_delta` repeats only some of them. */
  private usage: JsonObject = {};
  /** Why the model stopped; empty until it is known. */
  private stopReason = '';
  private isStarted = false;
  private isFinished = false;

  constructor(private readonly emit: Emit<ChatChunk>) {
    this.context = { emit, written: 0, calls: 0 };
  }

  push(bytes: Uint8Array): void {
    this.parser.push(bytes);
  }

  end(): void {
    this.parser.end();
    if (!this.isFinished) throw streamCut();
  }

  private read(event: SseEvent): void {
    // Hosts of this format that are at home in OpenAI's may close with its marker.
    if (event.data === '' || event.data === '[DONE]') return;
    const payload = parseEventJson(event);
    if (payload === undefined) return;
    if (!isJsonObject(payload)) throw unreadable('a stream event is not an object');
    this.handle(typeof payload['type'] === 'string' ? payload['type'] : event.event, payload);
  }

  /** `ping` and unknown events say nothing. */
  private handle(type: string, payload: JsonObject): void {
    switch (type) {
      case 'message_start':
        return this.start(objectIn(payload, 'message'));
      case 'content_block_start':
        this.open.set(payload['index'], openBlock(objectIn(payload, 'content_block'), this.context));
        return;
      case 'content_block_delta':
        return this.block(payload['index']).delta(objectIn(payload, 'delta'));
      case 'content_block_stop':
        this.block(payload['index']).close();
        this.open.delete(payload['index']);
        return;
      case 'message_delta':
        return this.change(payload);
      case 'message_stop':
        return this.finish();
      case 'error':
        throw toInnerError({ error: payload['error'] ?? {} }, BROKE_OFF_STREAM);
    }
  }

  private start(message: JsonObject): void {
    // Some hosts send it twice.
    if (this.isStarted) return;
    this.isStarted = true;
    this.mergeUsage(message['usage']);
    const serviceTier = fromAnthropicServiceTier(this.usage['service_tier']);
    this.emit({
      type: 'start',
      id: typeof message['id'] === 'string' ? message['id'] : '',
      model: typeof message['model'] === 'string' ? message['model'] : '',
      created: Math.floor(Date.now() / 1_000),
      ...(serviceTier ? { serviceTier } : {}),
      usage: fromAnthropicUsage(this.usage),
    });
    // An answer that continues a server tool's run comes with what is already there.
    const content = Array.isArray(message['content']) ? message['content'].filter(isJsonObject) : [];
    for (const block of content) openBlock(block, this.context).close();
    if (typeof message['stop_reason'] === 'string') this.stopReason = message['stop_reason'];
  }

  private block(index: JsonValue | undefined): OpenBlock {
    const block = this.open.get(index);
    if (!block) throw unreadable(`a stream event belongs to block ${String(index)}, which is not open`);
    return block;
  }

  private change(payload: JsonObject): void {
    this.mergeUsage(payload['usage']);
    // Some hosts tell the counts in an event of their own, after the one with the reason.
    if (this.isFinished) return this.tellUsage();
    const delta = isJsonObject(payload['delta']) ? payload['delta'] : {};
    if (typeof delta['stop_reason'] !== 'string') return;
    this.stopReason = delta['stop_reason'];
    this.finish();
  }

  private finish(): void {
    if (!this.isStarted) throw unreadable("the stream has no 'message_start'");
    if (this.isFinished) return;
    this.isFinished = true;
    for (const block of this.open.values()) block.close();
    this.open.clear();
    this.emit({
      type: 'finish',
      choice: 0,
      reason: fromAnthropicStopReason(this.stopReason, this.context.calls > 0),
      ...(this.stopReason ? { native: this.stopReason } : {}),
    });
    this.tellUsage();
  }

  private tellUsage(): void {
    const usage = fromAnthropicUsage(this.usage);
    if (usage) this.emit({ type: 'usage', usage });
  }

  /** Counts are cumulative; null means "as before". */
  private mergeUsage(usage: JsonValue | undefined): void {
    if (!isJsonObject(usage)) return;
    for (const [key, value] of Object.entries(usage)) if (value !== null) this.usage[key] = value;
  }
}

const objectIn = (payload: JsonObject, key: string): JsonObject => {
  const value = payload[key];
  if (isJsonObject(value)) return value;
  throw unreadable(`a stream event has no '${key}'`);
};
