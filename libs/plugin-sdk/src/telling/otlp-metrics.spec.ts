import { describe, expect, it } from '@jest/globals';
import { encodeOtlpHistograms } from './otlp-metrics.js';

/** The same request, serialised by the Python package `opentelemetry-proto`, in pieces of 76. */
const BY_PYTHON = [
  'CusBChwKGgoMc2VydmljZS5uYW1lEgoKCHR1cm5waWtlEsoBCgsKBHRlc3QSAzEuMBK6AQogZ2Vu',
  'X2FpLmNsaWVudC5vcGVyYXRpb24uZHVyYXRpb24SCER1cmF0aW9uGgFzSogBCoMBEQCA8yi85YoY',
  'GQCvW4K85YoYIQQAAAAAAAAAKQAAAAAAABtAMhgBAAAAAAAAAAIAAAAAAAAAAQAAAAAAAAA6EAAA',
  'AAAAAOA/AAAAAAAAAEBKHwoVZ2VuX2FpLm9wZXJhdGlvbi5uYW1lEgYKBGNoYXRZAAAAAAAA0D9h',
  'AAAAAAAAEEAQAQ==',
].join('');

describe('histograms in OTLP', () => {
  it('are, byte for byte, what the official library writes', () => {
    const point = {
      attributes: { 'gen_ai.operation.name': 'chat', 'error.type': undefined },
      from: 1_768_478_400_000,
      to: 1_768_478_401_500,
      values: [0.25, 0.75, 1.75, 4],
    };
    const histogram = {
      name: 'gen_ai.client.operation.duration',
      description: 'Duration',
      unit: 's',
      bounds: [0.5, 2],
      points: [point],
    };
    const source = { resource: { 'service.name': 'turnpike' }, scope: { name: 'test', version: '1.0' } };
    expect(Buffer.from(encodeOtlpHistograms([histogram], source)).toString('base64')).toBe(BY_PYTHON);
  });
});
