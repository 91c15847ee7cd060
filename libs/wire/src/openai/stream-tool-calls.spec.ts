import { describe, expect, it } from '@jest/globals';
import { ToolCallTracker, newToolCallId } from './stream-tool-calls.js';

describe('ToolCallTracker', () => {
  it('counts the calls of each choice from 0, whatever the host counts', () => {
    const tracker = new ToolCallTracker();
    const place = (choice: number, index: number, id: string) =>
      tracker.place(choice, { index, id }, { name: 'f' }).index;
    expect([place(0, 7, 'a'), place(0, 3, 'b'), place(1, 9, 'c'), place(0, 7, 'a')]).toEqual([0, 1, 0, 0]);
  });

  it('begins a call once', () => {
    const tracker = new ToolCallTracker();
    expect(tracker.place(0, { index: 0, id: 'a' }, { name: 'f' })).toEqual({
      index: 0,
      started: { id: 'a', name: 'f' },
    });
    expect(tracker.place(0, { index: 0, id: 'a' }, { name: 'f' })).toEqual({ index: 0 });
  });

  it('knows which calls never got arguments', () => {
    const tracker = new ToolCallTracker();
    for (const id of ['a', 'b', 'c']) tracker.place(0, { id }, { name: 'f' });
    tracker.wrote(0, 1);
    expect(tracker.silent(0)).toEqual([0, 2]);
    expect(tracker.silent(1)).toEqual([]);
  });

  it('knows which choices call tools', () => {
    const tracker = new ToolCallTracker();
    tracker.place(1, { id: 'a' }, {});
    expect([tracker.has(0), tracker.has(1)]).toEqual([false, true]);
  });
});

it('makes ids that are never the same', () => {
  const ids = new Set(Array.from({ length: 1_000 }, newToolCallId));
  expect(ids.size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^call_[0-9a-f]{24}$/);
});
