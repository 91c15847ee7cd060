// What streams of chats and of text completions have in common: their events, and when they are complete.
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import { BROKE_OFF_STREAM, streamCut, toInnerError, unreadable } from '../faults.js';
import { parseEventJson, SseParser, type SseEvent } from '../sse/index.js';
import type { StreamDecoder } from '../stream.js';
import { failureInside } from './from-response.js';

export abstract class OpenAiStreamFrame implements StreamDecoder {
  /** Choices that have begun, and those of them that have ended. */
  protected readonly opened = new Set<number>();
  protected readonly finished = new Set<number>();
  private readonly parser = new SseParser((event) => this.event(event));
  private isDone = false;

  push(bytes: Uint8Array): void {
    this.parser.push(bytes);
  }

  end(): void {
    this.parser.end();
    // Hosts may omit `[DONE]`; an answer whose choices all finished is complete all the same.
    if (!this.isDone && (this.opened.size === 0 || this.finished.size < this.opened.size)) throw streamCut();
  }

  /** One event that is no error. */
  protected abstract chunk(chunk: JsonObject): void;

  /** A choice has ended. @param word empty when its end was never told */
  protected abstract close(choice: number, word: string): void;

  private event(event: SseEvent): void {
    if (event.data === '[DONE]') return this.done();
    if (event.data === '') return;
    const chunk = parseEventJson(event);
    if (chunk === undefined) return;
    if (!isJsonObject(chunk)) throw unreadable('a stream event is not an object');
    const failure = failureInside(chunk);
    if (failure) throw toInnerError(failure, BROKE_OFF_STREAM);
    this.chunk(chunk);
  }

  /** Nothing more is to come, so a choice whose end was never told has ended. */
  private done(): void {
    this.isDone = true;
    for (const choice of this.opened) if (!this.finished.has(choice)) this.close(choice, '');
  }
}
