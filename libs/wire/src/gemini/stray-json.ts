// Finds the error that Google writes into a running stream as bare JSON, outside any event.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';

const LF = 0x0a;
const MAX_BYTES = 65_536;

/** An event's line never begins with one of these; its JSON holds no line breaks. */
const isOpening = (byte: number | undefined): boolean => byte === 0x7b || byte === 0x5b;

export class StrayJson {
  private isLineStart = true;
  private kept: Buffer[] | undefined;
  private size = 0;

  /** Keeps what is bare JSON. @returns the bytes before it, which are for the parser of events */
  take(bytes: Uint8Array): Uint8Array {
    if (this.kept) {
      this.keep(bytes);
      return bytes.subarray(0, 0);
    }
    const at = this.opening(bytes);
    if (bytes.length > 0) this.isLineStart = bytes[bytes.length - 1] === LF;
    if (at === -1) return bytes;
    this.kept = [];
    this.keep(bytes.subarray(at));
    return bytes.subarray(0, at);
  }

  /** The `error` object of the bare JSON, if that is what it was. */
  error(): JsonObject | undefined {
    if (!this.kept) return undefined;
    try {
      const value = JSON.parse(Buffer.concat(this.kept).toString('utf8')) as JsonValue;
      const first = Array.isArray(value) ? value[0] : value;
      return isJsonObject(first) && isJsonObject(first['error']) ? first['error'] : undefined;
    } catch {
      return undefined;
    }
  }

  private keep(bytes: Uint8Array): void {
    this.size += bytes.length;
    if (this.size <= MAX_BYTES) this.kept?.push(Buffer.from(bytes));
  }

  private opening(bytes: Uint8Array): number {
    if (this.isLineStart && isOpening(bytes[0])) return 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, end + 1)) {
      if (isOpening(bytes[end + 1])) return end + 1;
    }
    return -1;
  }
}
