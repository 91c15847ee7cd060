// Gemini stream → chunks. State is one small object a stream.
import { isJsonObject, type ChatChunk, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import { BROKE_OFF_STREAM, streamCut, unreadable } from '../faults.js';
import { parseEventJson, SseParser, type SseEvent } from '../sse/index.js';
import type { Emit, StreamDecoder } from '../stream.js';
import { fromGeminiInnerError } from './errors.js';
import { blockReason } from './finish-reason.js';
import { candidatesOf, fromGeminiHead, indexOf } from './from-response.js';
import { sumOfKnown } from './grounding.js';
import { StrayJson } from './stray-json.js';
import { GeminiStreamChoice } from './stream-choice.js';
import { fromGeminiUsage } from './usage.js';

const brokenOff = (error: JsonValue): GatewayError => fromGeminiInnerError(error, BROKE_OFF_STREAM);

export const geminiStreamDecoder = (emit: Emit<ChatChunk>): StreamDecoder => new GeminiStreamDecoder(emit);

/**
 * A stream has no closing mark: it is complete when every candidate has told why it stopped. The reason may come with
 * every event, so `finish` is emitted when the stream ends.
 */
class GeminiStreamDecoder implements StreamDecoder {
  private readonly parser = new SseParser((event) => this.event(event));
  private readonly stray = new StrayJson();
  private readonly choices = new Map<number, GeminiStreamChoice>();
  private head: { id: string; model: string } | undefined;
  /** The usage emitted last, as text. */
  private told = '';

  constructor(private readonly emit: Emit<ChatChunk>) {}

  push(bytes: Uint8Array): void {
    this.parser.push(this.stray.take(bytes));
  }

  end(): void {
    this.parser.end();
    const error = this.stray.error();
    if (error !== undefined) throw brokenOff(error);
    const choices = [...this.choices.values()].sort((left, right) => left.index - right.index);
    if (choices.length === 0 || !choices.every((choice) => choice.isFinished)) throw streamCut();
    for (const choice of choices) choice.finish();
  }

  private event(event: SseEvent): void {
    // Gemini has no closing mark, but proxies that speak several formats may add one.
    if (event.data === '' || event.data === '[DONE]') return;
    const parsed = parseEventJson(event);
    if (parsed === undefined) return;
    // An error may come inside an array.
    const body = Array.isArray(parsed) ? parsed[0] : parsed;
    if (!isJsonObject(body)) throw unreadable('a stream event is not an object');
    if (body['error'] !== undefined && body['error'] !== null) throw brokenOff(body['error']);
    const { id } = this.start(body);
    const candidates = candidatesOf(body);
    candidates.forEach((candidate, position) => this.choice(indexOf(candidate, position), id).read(candidate));
    const refused = blockReason(body['promptFeedback']);
    if (candidates.length === 0 && refused !== undefined) this.choice(0, id).refuse(refused);
    this.usage(body);
  }

  private start(body: JsonObject): { id: string; model: string } {
    if (this.head) return this.head;
    const head = fromGeminiHead(body);
    this.emit({ type: 'start', ...head });
    return (this.head = head);
  }

  private choice(index: number, id: string): GeminiStreamChoice {
    let choice = this.choices.get(index);
    if (!choice) this.choices.set(index, (choice = new GeminiStreamChoice(index, id, this.emit)));
    return choice;
  }

  /** Every event repeats the usage so far. */
  private usage(body: JsonObject): void {
    const searches = [...this.choices.values()].map((choice) => choice.searches(this.head?.model ?? ''));
    const usage = fromGeminiUsage(body['usageMetadata'], sumOfKnown(searches));
    const telling = usage ? JSON.stringify(usage) : this.told;
    if (!usage || telling === this.told) return;
    this.told = telling;
    this.emit({ type: 'usage', usage });
  }
}
