import { describe, expect, it } from '@jest/globals';
import { decodeHeader, encodeHeader, SEGMENT_HEADER_BYTES, segmentName, sequenceOf } from './segment.js';

const HEADER = { version: 1, entriesBefore: 12_345_678_901, createdAt: 1_767_225_600_123 };

describe('the header of a segment', () => {
  it('tells what was written', () => {
    expect(encodeHeader(HEADER)).toHaveLength(SEGMENT_HEADER_BYTES);
    expect(decodeHeader(encodeHeader(HEADER))).toEqual(HEADER);
  });

  it('is none when any of its bytes is another', () => {
    for (let at = 0; at < SEGMENT_HEADER_BYTES; at += 1) {
      const bytes = encodeHeader(HEADER);
      bytes[at] = bytes[at]! ^ 1;
      expect(decodeHeader(bytes)).toBeUndefined();
      expect(decodeHeader(encodeHeader(HEADER).subarray(0, at))).toBeUndefined();
    }
  });
});

describe('names of segments', () => {
  it('sort by their number', () => {
    expect([segmentName(9), segmentName(10)]).toEqual(['000000000009.journal', '000000000010.journal']);
  });

  it.each([
    ['000000000010.journal', 10],
    ['1234567890123.journal', 1_234_567_890_123],
    ['10.journal', undefined],
    ['000000000010.journal.bak', undefined],
    ['lock', undefined],
    ['cursor', undefined],
  ])('%s is number %p', (name, sequence) => expect(sequenceOf(name)).toBe(sequence));
});
