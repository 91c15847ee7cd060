// Lines of JSON, byte for byte: any cut of the input gives the same lines.
import { unreadable, type JsonValue } from '@turnpike/plugin-sdk';

const LF = 0x0a;
/** A call of a tool arrives in one line, arguments and all. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Push parser. Blank lines are skipped; a last line without its end is read by `end()`. */
export class NdjsonParser {
  private tail: Buffer[] = [];
  private tailBytes = 0;

  constructor(private readonly onValue: (value: JsonValue) => void) {}

  /** @throws GW_UPSTREAM_INVALID_RESPONSE */
  push(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (let end = buffer.indexOf(LF); end !== -1; end = buffer.indexOf(LF, start)) {
      this.line(buffer.subarray(start, end));
      start = end + 1;
    }
    if (start < buffer.length) this.keep(buffer.subarray(start));
  }

  end(): void {
    this.line(Buffer.alloc(0));
  }

  private keep(piece: Buffer): void {
    this.tailBytes += piece.length;
    if (this.tailBytes > MAX_LINE_BYTES) throw unreadable(`a stream line is larger than ${MAX_LINE_BYTES} bytes`);
    this.tail.push(piece);
  }

  private line(last: Buffer): void {
    const text = (this.tail.length > 0 ? Buffer.concat([...this.tail, last]) : last).toString('utf8').trim();
    this.tail = [];
    this.tailBytes = 0;
    if (text === '') return;
    let value: JsonValue;
    try {
      value = JSON.parse(text) as JsonValue;
    } catch (error) {
      throw unreadable('a stream line is not JSON', error);
    }
    this.onValue(value);
  }
}
