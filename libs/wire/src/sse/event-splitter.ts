// Cuts a byte stream at the blank lines between server-sent events, without decoding it.
import { checkEventSize } from './event-size.js';

const LF = 0x0a;
const CR = 0x0d;

/** Just after the last blank line, or 0 when there is none. */
const lastBoundary = (bytes: Buffer): number => {
  const length = bytes.length;
  if (length >= 2 && bytes[length - 1] === LF && bytes[length - 2] === LF) return length;
  const plain = bytes.lastIndexOf('\n\n');
  const windows = bytes.lastIndexOf('\n\r\n');
  return Math.max(plain === -1 ? 0 : plain + 2, windows === -1 ? 0 : windows + 3);
};

/** Holds back an incomplete last event until the rest of it arrives. */
export class EventSplitter {
  private held: Buffer[] = [];
  private heldBytes = 0;

  /** Whole events, or undefined while there is none. @throws GW_UPSTREAM_INVALID_RESPONSE for an endless event */
  push(chunk: Buffer): Buffer | undefined {
    if (chunk.length === 0) return undefined;
    let boundary = lastBoundary(chunk);
    if (boundary === 0) boundary = this.straddle(chunk);
    if (boundary === 0) {
      this.hold(chunk);
      return undefined;
    }
    const complete = boundary === chunk.length ? chunk : chunk.subarray(0, boundary);
    const whole = this.heldBytes === 0 ? complete : Buffer.concat([...this.held, complete]);
    this.held = [];
    this.heldBytes = 0;
    if (boundary < chunk.length) this.hold(chunk.subarray(boundary));
    return whole;
  }

  /** What is held when the stream ends. */
  rest(): Buffer {
    const rest = Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    return rest;
  }

  count(whole: Buffer): number {
    // Most pieces are one event of one line, which looking for one byte tells.
    if (whole.indexOf(LF) === whole.length - 2) return 1;
    let count = 0;
    for (let at = whole.indexOf('\n\n'); at !== -1; at = whole.indexOf('\n\n', at + 2)) count += 1;
    return count > 0 ? count : Math.max(1, this.eventsOf(whole).length);
  }

  /** Offsets of each event, its closing blank line included. */
  eventsOf(whole: Buffer): { start: number; end: number }[] {
    const events: { start: number; end: number }[] = [];
    let start = 0;
    for (let at = whole.indexOf(LF); at !== -1; at = whole.indexOf(LF, at + 1)) {
      const next = whole[at + 1] === CR ? at + 2 : at + 1;
      if (whole[next] !== LF) continue;
      events.push({ start, end: next + 1 });
      start = next + 1;
      at = next;
    }
    if (start < whole.length) events.push({ start, end: whole.length });
    return events;
  }

  /** The blank line may itself be cut: `…\n` is held and the chunk begins with the rest of it. */
  private straddle(chunk: Buffer): number {
    const last = this.held.at(-1);
    if (!last) return 0;
    const before = last.at(-1);
    if (before === LF && chunk[0] === LF) return 1;
    if (before === LF && chunk[0] === CR && chunk[1] === LF) return 2;
    return before === CR && chunk[0] === LF && this.endsLine(last) ? 1 : 0;
  }

  /** The held CR belongs to a blank line: a line end stands before it. */
  private endsLine(last: Buffer): boolean {
    const before = last.length > 1 ? last.at(-2) : this.held.at(-2)?.at(-1);
    return before === LF;
  }

  private hold(bytes: Buffer): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    checkEventSize(this.heldBytes);
  }
}
