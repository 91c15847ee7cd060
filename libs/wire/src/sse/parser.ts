// Server-sent events, byte for byte: any cut of the input gives the same events.
import { GatewayError } from '@turnpike/errors';

/** One event; `data` lines are joined by `\n`. */
export interface SseEvent {
  /** The `event:` field; empty when absent. */
  event: string;
  data: string;
}

const LF = 0x0a;
const CR = 0x0d;
/** Generated images arrive as one line of base64, so the bound is generous. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/**
 * Push parser for `text/event-stream`. Lines end with LF or CRLF. Comments, `id:` and `retry:` are skipped.
 * An event without the closing blank line is delivered by `end()`: some hosts omit it.
 */
export class SseParser {
  private tail: Buffer | undefined;
  private event = '';
  private data: string | undefined;
  private size = 0;

  constructor(private readonly onEvent: (event: SseEvent) => void) {}

  push(bytes: Uint8Array): void {
    let buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.tail) {
      buffer = Buffer.concat([this.tail, buffer]);
      this.tail = undefined;
    }
    let start = 0;
    for (let end = buffer.indexOf(LF); end !== -1; end = buffer.indexOf(LF, start)) {
      this.line(buffer, start, end > start && buffer[end - 1] === CR ? end - 1 : end);
      start = end + 1;
    }
    if (start < buffer.length) {
      this.tail = start === 0 ? buffer : buffer.subarray(start);
      this.bound(this.tail.length);
    }
  }

  end(): void {
    if (this.tail) {
      const last = this.tail;
      this.tail = undefined;
      this.line(last, 0, last.length);
    }
    this.dispatch();
  }

  private line(buffer: Buffer, start: number, end: number): void {
    if (start === end) return this.dispatch();
    const colon = buffer.indexOf(0x3a, start);
    if (colon === start) return;
    const nameEnd = colon === -1 || colon > end ? end : colon;
    // A leading byte order mark is not part of the first field's name.
    const name = buffer.toString('utf8', start, nameEnd).replace(/^\uFEFF/, '');
    const valueStart = nameEnd === end ? end : buffer[nameEnd + 1] === 0x20 ? nameEnd + 2 : nameEnd + 1;
    if (name === 'data') {
      const text = buffer.toString('utf8', Math.min(valueStart, end), end);
      this.bound(text.length);
      this.data = this.data === undefined ? text : `${this.data}\n${text}`;
      this.size += text.length;
    } else if (name === 'event') {
      this.event = buffer.toString('utf8', Math.min(valueStart, end), end);
    }
  }

  private dispatch(): void {
    if (this.data !== undefined) this.onEvent({ event: this.event, data: this.data });
    this.event = '';
    this.data = undefined;
    this.size = 0;
  }

  private bound(more: number): void {
    if (this.size + more > MAX_EVENT_BYTES) {
      throw new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', `A stream event is larger than ${MAX_EVENT_BYTES} bytes.`);
    }
  }
}
