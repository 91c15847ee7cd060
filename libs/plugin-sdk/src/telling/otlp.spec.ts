import { describe, expect, it } from '@jest/globals';
import { otlpNanos } from './otlp-common.js';
import { encodeOtlpSpans, type OtlpSpan } from './otlp.js';

/** The same request, serialised by the Python package `opentelemetry-proto` 1.45, in pieces of 76. */
const BY_PYTHON = [
  'Ct8CChwKGgoMc2VydmljZS5uYW1lEgoKCHR1cm5waWtlEr4CCgsKBHRlc3QSAzEuMBL1AQoQASNF',
  'Z4mrze8BI0VniavN7xIIAAAAAAAAAKoiCAAAAAAAAAC7KgtjaGF0IGdwdC00bzADOXhg9Si85YoY',
  'QQCvW4K85YoYShYKBHRleHQSDgoMR3LDvMOfZSDwn5qASgsKBWVtcHR5EgIKAEoJCgN5ZXMSAhAB',
  'SggKAm5vEgIQAEoMCgV3aG9sZRIDGKwCShcKCG5lZ2F0aXZlEgsY////////////AUoKCgR6ZXJv',
  'EgIYAEoRCgRwYXJ0EgkhAAAAAAAA0D9KFAoEbGlzdBIMKgoKAwoBYQoDCgFiSgoKBG5vbmUSAioA',
  'egoSBmJyb2tlbhgCEjcKEAEjRWeJq83vASNFZ4mrze8SCAAAAAAAAADMKgF4MAE5AIDzKLzlihhB',
  'AIDzKLzlihh6AhgB',
].join('');

const TRACE = '0123456789abcdef0123456789abcdef';

const spans: OtlpSpan[] = [
  {
    traceId: TRACE,
    spanId: '00000000000000aa',
    parentSpanId: '00000000000000bb',
    name: 'chat gpt-4o',
    kind: 'client',
    startedAt: 1_768_478_400_000.123,
    endedAt: 1_768_478_401_500,
    attributes: {
      text: 'Grüße 🚀',
      empty: '',
      yes: true,
      no: false,
      whole: 300,
      negative: -1,
      zero: 0,
      part: 0.25,
      list: ['a', 'b'],
      none: [],
      absent: undefined,
    },
    status: { code: 'error', message: 'broken' },
  },
  {
    traceId: TRACE,
    spanId: '00000000000000cc',
    name: 'x',
    kind: 'internal',
    startedAt: 1_768_478_400_000,
    endedAt: 1_768_478_400_000,
    attributes: {},
    status: { code: 'ok' },
  },
];

const source = { resource: { 'service.name': 'turnpike' }, scope: { name: 'test', version: '1.0' } };

describe('spans in OTLP', () => {
  it('are, byte for byte, what the official library writes', () => {
    expect(Buffer.from(encodeOtlpSpans(spans, source)).toString('base64')).toBe(BY_PYTHON);
  });

  it.each([
    ['half a surrogate pair', 'a\ud800b'],
    ['a NUL', 'a\0b'],
    ['an infinite number', Infinity],
    ['a number that is none', NaN],
    ['one that is too large for an integer', 2 ** 70],
  ])('may hold %s', (_title, value) => {
    expect(encodeOtlpSpans([{ ...spans[1]!, attributes: { value } }], source).length).toBeGreaterThan(80);
  });

  it.each([
    [1_768_478_400_000, 1_768_478_400_000_000_000n],
    [1_768_478_400_000.123, 1_768_478_400_000_123_000n],
    [-5, 0n],
  ])('have %d ms in nanoseconds', (ms, nanos) => expect(otlpNanos(ms)).toBe(nanos));
});
