// Server-sent events, byte for byte: any cut of the input gives the same events.
import { checkEventSize } from './event-size.js';

/** One event; `data` lines are joined by `\n`. */
export interface SseEvent {
  /** The `event:` field; empty when absent. */
  event: string;
  data: string;
  /** The stream ended before the blank line that closes it: it may be cut off. */
  isUnclosed?: true;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
/** What a line of data takes in memory besides its text: endlessly many short ones must meet the bound as well. */
const BYTES_A_LINE = 256;

/**
 * Push parser for `text/event-stream`. Lines end with LF or CRLF. Comments, `id:` and `retry:` are skipped.
 * An event without the closing blank line is delivered by `end()`: some hosts omit it.
 */
export class SseParser {
  /** Pieces of a line whose end has not come. Joined once, when it comes: a line may be megabytes long. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  private event = '';
  private data: string | undefined;
  private size = 0;

  constructor(private readonly onEvent: (event: SseEvent) => void) {}

  /** @throws GW_UPSTREAM_INVALID_RESPONSE for an endless event */
  push(bytes: Uint8Array): void {
    let buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let end = buffer.indexOf(LF);
    if (end !== -1 && this.heldBytes > 0) {
      end += this.heldBytes;
      buffer = this.release(buffer);
    }
    let start = 0;
    for (; end !== -1; end = buffer.indexOf(LF, start)) {
      this.line(buffer, start, end);
      start = end + 1;
    }
    if (start < buffer.length) this.hold(start === 0 ? buffer : buffer.subarray(start));
  }

  end(): void {
    const last = this.release();
    if (last.length > 0) this.line(last, 0, last.length);
    if (this.data !== undefined) this.onEvent({ event: this.event, data: this.data, isUnclosed: true });
    this.data = undefined;
  }

  private hold(bytes: Buffer): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    this.bound();
  }

  private release(...more: Buffer[]): Buffer {
    const joined = Buffer.concat([...this.held, ...more]);
    this.held = [];
    this.heldBytes = 0;
    return joined;
  }

  /** @param lineEnd where the line feed stands, or the bytes end */
  private line(buffer: Buffer, start: number, lineEnd: number): void {
    const end = lineEnd > start && buffer[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    if (start === end) return this.dispatch();
    let nameEnd = start;
    while (nameEnd < end && buffer[nameEnd] !== COLON) nameEnd += 1;
    if (nameEnd === start) return;
    // A leading byte order mark is not part of the first field's name.
    const name = buffer.toString('utf8', start, nameEnd).replace(/^\uFEFF/, '');
    const valueStart = Math.min(buffer[nameEnd + 1] === SPACE ? nameEnd + 2 : nameEnd + 1, end);
    if (name === 'data') {
      const text = buffer.toString('utf8', valueStart, end);
      this.size += text.length + BYTES_A_LINE;
      this.bound();
      this.data = this.data === undefined ? text : `${this.data}\n${text}`;
    } else if (name === 'event') {
      this.event = buffer.toString('utf8', valueStart, end);
    }
  }

  private dispatch(): void {
    if (this.data !== undefined) this.onEvent({ event: this.event, data: this.data });
    this.event = '';
    this.data = undefined;
    this.size = 0;
  }

  private bound(): void {
    checkEventSize(this.size + this.heldBytes);
  }
}
