import { describe, expect, it } from '@jest/globals';
import { frameEntry, writeFrame } from './frame.js';
import { MemoryTail } from './memory-tail.js';

const framed = (...texts: readonly string[]): Buffer => {
  const bytes = Buffer.alloc(1_000);
  return bytes.subarray(
    0,
    texts.reduce((at, text) => writeFrame(bytes, at, text, 1), 0),
  );
};

const textsOf = (frames: readonly Buffer[]): string[] => frames.map((frame) => frameEntry(frame).toString());

describe('entries in memory', () => {
  it('are given oldest first, and leave when they are dropped', () => {
    const tail = new MemoryTail();
    tail.push(framed('{"id":1}', '{"id":2}'));
    tail.push(framed('{"id":3}'));
    expect(textsOf(tail.first(10, 1_000))).toEqual(['{"id":1}', '{"id":2}', '{"id":3}']);
    tail.drop(2);
    expect([tail.entries, textsOf(tail.first(10, 1_000))]).toEqual([1, ['{"id":3}']]);
  });

  it.each([
    [1, 1_000, 1],
    [9, 48, 2],
    [9, 47, 1],
    [9, 0, 1],
  ])('are given at most %d at once, or %d bytes, and one at least', (maxEntries, maxBytes, expected) => {
    const tail = new MemoryTail();
    tail.push(framed('{"id":1}', '{"id":2}', '{"id":3}'));
    expect(tail.first(maxEntries, maxBytes)).toHaveLength(expected);
  });

  it('are counted with what it costs to keep them', () => {
    const tail = new MemoryTail();
    const frames = framed('{"id":1}', '{"id":2}');
    tail.push(frames);
    expect(tail.memoryBytes).toBe(frames.length + 2 * 128);
    tail.drop(2);
    expect(tail.memoryBytes).toBe(0);
  });

  it('are copies', () => {
    const tail = new MemoryTail();
    const frames = framed('{"id":1}');
    tail.push(frames);
    frames.fill(0);
    expect(textsOf(tail.first(1, 1_000))).toEqual(['{"id":1}']);
  });
});
