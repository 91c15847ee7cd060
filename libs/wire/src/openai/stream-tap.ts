// The side reader for OpenAI's streams (chat and completions). It searches bytes and parses only the events that matter.
import { isJsonObject, type JsonValue, type Usage } from '@turnpike/domain';
import { BROKE_OFF_STREAM, streamCut, toInnerError } from '../faults.js';
import { EventSplitter } from '../sse/index.js';
import type { StreamTap } from '../stream-tap.js';
import { fromOpenAiUsage, type TellCost } from './usage.js';

const EMPTY = Buffer.alloc(0);
const DONE = Buffer.from('data: [DONE]\n\n');
// As bytes: a text would be turned into them at every look.
const ERROR = Buffer.from('"error"');
const USAGE = Buffer.from('"usage"');
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACKET = 0x5d;
/** Where a finish reason is looked for when the upstream closes without `[DONE]`. */
const REMEMBERED = 4;
const BYTES_A_TOKEN = 4;

export interface OpenAiTapOptions {
  /** The client did not ask for usage, we did: the usage-only chunk is ours and stays here. */
  withholdUsage: boolean;
  /** The client reads the cost in the usage that it asked for. */
  tellCost?: TellCost;
}

export class OpenAiStreamTap implements StreamTap {
  usage: Usage | undefined;
  events = 0;
  private readonly splitter = new EventSplitter();
  private readonly recent: Buffer[] = [];
  private before: Buffer = EMPTY;
  private isDone = false;
  private bytes = 0;
  private envelopeBytes = 0;

  constructor(private readonly options: OpenAiTapOptions) {}

  push(chunk: Buffer): Buffer {
    const whole = this.splitter.push(chunk);
    return whole ? this.inspect(whole) : EMPTY;
  }

  end(): Buffer {
    const rest = this.splitter.rest();
    // What the end of the stream cut off is nothing that a client could read.
    const last = endsWithDone(rest) || parseEvent(rest) !== undefined ? this.inspect(rest) : EMPTY;
    if (this.isDone) return last;
    const tail = Buffer.concat(this.recent);
    if (hasDoneLine(tail)) return last;
    if (!hasFinishReason(tail)) throw streamCut();
    return last.length === 0 ? DONE : Buffer.concat([last, last.at(-1) === 0x0a ? EMPTY : Buffer.from('\n\n'), DONE]);
  }

  leftover(): Buffer {
    const { before } = this;
    this.before = EMPTY;
    return before;
  }

  /** What one event's JSON takes besides content is learnt from the first one, which has none. */
  estimateOutputTokens(): number {
    const contentBytes = this.bytes - this.events * this.envelopeBytes;
    return Math.max(0, this.events - 1, Math.round(contentBytes / BYTES_A_TOKEN));
  }

  private inspect(whole: Buffer): Buffer {
    const count = this.splitter.count(whole);
    if (this.events === 0) this.envelopeBytes = whole.length / count;
    this.events += count;
    this.bytes += whole.length;
    if (whole.includes(ERROR)) this.throwIfError(whole);
    if (endsWithDone(whole)) this.isDone = true;
    this.recent.push(whole);
    if (this.recent.length > REMEMBERED) this.recent.shift();
    return this.takeUsage(whole);
  }

  /** An upstream that says what it cost is left with its word. */
  private costOf(told: JsonValue | undefined, usage: Usage): string | undefined {
    const { tellCost } = this.options;
    return tellCost && isJsonObject(told) && told['cost'] === undefined ? tellCost(usage) : undefined;
  }

  private throwIfError(whole: Buffer): void {
    for (const event of this.splitter.eventsOf(whole)) {
      const parsed = parseEvent(whole.subarray(event.start, event.end));
      if (!isJsonObject(parsed) || parsed['error'] === undefined || parsed['error'] === null) continue;
      this.before = this.takeUsage(whole.subarray(0, event.start));
      throw toInnerError({ error: parsed['error'] }, BROKE_OFF_STREAM);
    }
  }

  /** Most events say `"usage":null` or nothing; only one that holds an object is parsed. */
  private takeUsage(whole: Buffer): Buffer {
    for (let at = indexOf(whole, USAGE, 0); at !== -1; at = indexOf(whole, USAGE, at + USAGE.length)) {
      if (!opensObject(whole, at + USAGE.length)) continue;
      const event = this.splitter.eventsOf(whole).find(({ start, end }) => start <= at && at < end);
      const parsed = event && parseEvent(whole.subarray(event.start, event.end));
      if (!event || !isJsonObject(parsed)) continue;
      const usage = fromOpenAiUsage(parsed['usage']);
      if (!usage) continue;
      this.usage = usage;
      const isUsageOnly = Array.isArray(parsed['choices']) && parsed['choices'].length === 0;
      if (!this.options.withholdUsage || !isUsageOnly) {
        const cost = this.costOf(parsed['usage'], usage);
        if (cost === undefined) continue;
        const inside = whole.indexOf(OPEN_BRACE, at + USAGE.length) + 1;
        const told = Buffer.from(`"cost":${cost},`);
        return Buffer.concat([whole.subarray(0, inside), told, whole.subarray(inside)]);
      }
      const before = whole.subarray(0, event.start);
      const after = whole.subarray(event.end);
      return before.length === 0 ? after : after.length === 0 ? before : Buffer.concat([before, after]);
    }
    return whole;
  }
}

/** Spares itself the search where the name would not fit any more: usage stands at the end of most events. */
const indexOf = (bytes: Buffer, name: Buffer, from: number): number =>
  bytes.length - from < name.length ? -1 : bytes.indexOf(name, from);

const skipSpace = (bytes: Buffer, from: number): number => {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09) at += 1;
  return at;
};

/** `: {` follows. */
const opensObject = (bytes: Buffer, from: number): boolean => {
  const colon = skipSpace(bytes, from);
  return bytes[colon] === COLON && bytes[skipSpace(bytes, colon + 1)] === OPEN_BRACE;
};

const endsWithDone = (bytes: Buffer): boolean => {
  let last = bytes.length - 1;
  while (last >= 0 && (bytes[last] === 0x0a || bytes[last] === 0x0d)) last -= 1;
  return (
    bytes[last] === CLOSE_BRACKET && /data: ?\[DONE\]$/.test(bytes.toString('latin1', Math.max(0, last - 11), last + 1))
  );
};

const hasDoneLine = (bytes: Buffer): boolean => /(?:^|\n)data: ?\[DONE\]/.test(bytes.toString('latin1'));

const hasFinishReason = (bytes: Buffer): boolean => /"finish_reason"\s*:\s*"[^"]+"/.test(bytes.toString('latin1'));

/** The JSON of one event; undefined for comments, `[DONE]` and anything unreadable, which the client gets as it is. */
const parseEvent = (bytes: Buffer): JsonValue | undefined => {
  const data = bytes
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5))
    .join('\n');
  try {
    return JSON.parse(data) as JsonValue;
  } catch {
    return undefined;
  }
};
