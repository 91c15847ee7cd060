// What comes back in pieces: the same chunks for any cut, and never half an answer that looks whole.
import { isGatewayError, type Call } from '@turnpike/plugin-sdk';
import { check, fail, must, type Check } from '../check.js';
import { ANY, differences, mustEqual } from '../json.js';
import { checkChunkOrder } from './chunk-order.js';
import { boundariesOf, cutsOf, isServerSentEvents, withCarriageReturns } from './cuts.js';
import { expectedFailure, type FixtureCase, type OperationName } from './fixtures.js';
import { plainCase } from './requests.js';
import {
  callOf,
  decode,
  httpOperation,
  joined,
  type AnyChunk,
  type AnyHttpOperation,
  type Decoded,
  type ProviderSubject,
} from './subject.js';

/** Every byte of a stream is tried, so these take longer than a check usually does. */
const EVERY_BYTE_MS = 60_000;

export const streamChecks = (subject: ProviderSubject, fixture: FixtureCase): Check[] => {
  const { name, chunks: bytes } = fixture;
  if (!bytes) return [];
  const open = () => new StreamUnderTest(subject, fixture, bytes);
  const checks = [
    check(`${name}/stream`, 'reads the stream', () => open().checkExpected()),
    check(`${name}/cuts`, 'gives the same chunks however the bytes are cut', () => open().checkCuts(), EVERY_BYTE_MS),
  ];
  if (isServerSentEvents(bytes)) {
    checks.push(check(`${name}/crlf`, 'reads lines that end in CRLF', () => open().checkCarriageReturns()));
  }
  if (!expectedFailure(fixture)) {
    checks.push(
      check(`${name}/chunk-order`, 'emits chunks in the order that encoders rely on', () => open().checkOrder()),
      check(
        `${name}/truncated`,
        'calls a cut stream cut, wherever it ends',
        () => open().checkTruncation(),
        EVERY_BYTE_MS,
      ),
    );
  }
  return checks;
};

class StreamUnderTest {
  private readonly operation: AnyHttpOperation;
  private readonly call: Call;

  constructor(
    subject: ProviderSubject,
    private readonly fixture: FixtureCase,
    private readonly bytes: Uint8Array,
  ) {
    this.operation = httpOperation(subject, fixture);
    this.call = callOf(subject.plugin, fixture, { stream: true });
  }

  checkExpected(): void {
    const { chunks, error } = this.decode([this.bytes]);
    const failure = expectedFailure(this.fixture);
    if (failure) {
      must(isGatewayError(error), () => `The stream should end in ${failure.error.code}, not in ${String(error)}`);
      mustEqual(error.code, failure.error.code, 'The code differs');
      if (failure.chunks) mustEqual(chunks, failure.chunks, 'The chunks before the error differ');
      return;
    }
    if (error !== undefined) fail(`The stream ended in an error: ${String(error)}`, error);
    mustEqual(
      joined(this.fixture.operation, chunks),
      withoutExtras(this.fixture.expected),
      `The joined stream differs from ${this.fixture.name}.expected.json`,
    );
  }

  checkCuts(): void {
    const compare = this.comparer();
    for (const at of cutsOf(this.bytes)) {
      compare([this.bytes.subarray(0, at), this.bytes.subarray(at)], `cut at byte ${at}`);
    }
    compare(
      Array.from(this.bytes, (byte) => Uint8Array.of(byte)),
      'one byte at a time',
    );
    compare([this.bytes, new Uint8Array(0)], 'with an empty piece');
  }

  checkCarriageReturns(): void {
    this.comparer()([withCarriageReturns(this.bytes)], 'with CRLF');
  }

  checkOrder(): void {
    checkChunkOrder(this.decode([this.bytes]).chunks);
  }

  checkTruncation(): void {
    const whole = this.answerOf(this.decode([this.bytes]));
    must(whole !== undefined, 'The whole stream is no answer.');
    const boundaries = boundariesOf(this.bytes);
    for (const at of new Set([0, ...cutsOf(this.bytes), ...boundaries])) {
      const cut = this.decode([this.bytes.subarray(0, at)]);
      if (cut.error === undefined) {
        const found = differences(this.answerOf(cut), whole);
        must(found.length === 0, `Cut at byte ${at}, half an answer passes for a whole one:\n  ${found.join('\n  ')}`);
        continue;
      }
      must(isGatewayError(cut.error), () => `Cut at byte ${at}, it threw no error of ours: ${String(cut.error)}`);
      const { code } = cut.error;
      // Inside an event a decoder may as well say that the event cannot be read.
      const isInside = at !== 0 && !boundaries.has(at);
      must(
        code === 'GW_STREAM_CUT' || (isInside && code === 'GW_UPSTREAM_INVALID_RESPONSE'),
        `Cut at byte ${at}, the code is ${code} and not GW_STREAM_CUT.`,
      );
    }
  }

  private decode(pieces: Iterable<Uint8Array>): Decoded {
    return decode(this.operation, this.call, pieces);
  }

  /** Compares with the uncut stream; what differs between two uncut runs is made on the spot and does not count. */
  private comparer(): (pieces: readonly Uint8Array[], how: string) => void {
    const first = this.decode([this.bytes]);
    const second = this.decode([this.bytes]);
    const expected = first.chunks.map((chunk, index) => masked(chunk, second.chunks[index]));
    const ending = endingOf(first);
    return (pieces, how) => {
      const { chunks, error } = this.decode(pieces);
      mustEqual(chunks, expected, `The chunks differ when ${how}`);
      mustEqual(endingOf({ chunks, error }), ending, `The end differs when ${how}`);
    };
  }

  /** Undefined when the chunks do not make a whole answer. Usage may be told after all else, so it does not count. */
  private answerOf({ chunks }: Decoded): unknown {
    try {
      const answer = joined(this.fixture.operation, chunks);
      return { ...(answer as object), usage: undefined, created: undefined };
    } catch {
      return undefined;
    }
  }
}

const endingOf = ({ error }: Decoded): string =>
  error === undefined ? 'complete' : isGatewayError(error) ? error.code : String(error);

/** Members that two runs disagree about become `<any>`; so does the time, which may tick between them. */
const masked = (chunk: AnyChunk, again: AnyChunk | undefined): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(chunk).map(([key, value]) => [
      key,
      key === 'created' || differences((again as Record<string, unknown> | undefined)?.[key], value).length > 0
        ? ANY
        : (value as unknown),
    ]),
  );

/** Chunks carry no extras: what only a whole answer tells is not expected of a stream. */
const withoutExtras = (expected: unknown): unknown => ({ ...(expected as object), extras: undefined });

const NO_STREAMS: Readonly<Record<string, string>> = {
  'html-stream': '<!doctype html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n',
  'broken-json-stream': 'event: message\ndata: {"id": "x", "choices": [\n\n',
  'empty-stream': '',
};

/** A 200 whose bytes are no stream. */
export const invalidStreamChecks = (subject: ProviderSubject, operation: OperationName): Check[] =>
  Object.entries(NO_STREAMS).map(([name, text]) =>
    check(`${operation}/${name}`, 'ends in an error', () => {
      const fixture = plainCase(operation);
      const call = callOf(subject.plugin, fixture, { stream: true });
      const { error } = decode(httpOperation(subject, fixture), call, [Buffer.from(text)]);
      must(error !== undefined, 'It was taken for a complete answer.');
      must(isGatewayError(error), () => `It threw something that is no error of ours: ${String(error)}`);
      mustEqual(error.kind, 'upstream-invalid-response', 'The kind of error differs');
    }),
  );
