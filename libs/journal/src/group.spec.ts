import { describe, expect, it } from '@jest/globals';
import { readFrames } from './frame.js';
import { Group } from './group.js';

const textsOf = (group: Group): string[] =>
  Array.from(readFrames(group.content, { isEnd: true }).entries, (entry) => entry.toString());

describe('a group', () => {
  it('holds entries in their order, until it is cleared', () => {
    const group = new Group();
    for (const text of ['{"a":"ü"}', '{"b":"🚀"}']) expect(group.add(text, 1)).toBe(true);
    expect([group.entries, textsOf(group)]).toEqual([2, ['{"a":"ü"}', '{"b":"🚀"}']]);
    group.clear();
    expect([group.entries, group.bytes, group.content.length]).toEqual([0, 0, 0]);
  });

  it('is full some time, and takes no more until it is cleared', () => {
    const group = new Group();
    const text = JSON.stringify('x'.repeat(1_000));
    let count = 0;
    while (group.add(text, 1)) count += 1;
    expect(count).toBe(Math.floor((256 * 1_024) / (text.length + 16)));
    expect(textsOf(group)).toEqual(Array.from({ length: count }, () => text));
    group.clear();
    expect(group.add(text, 1)).toBe(true);
  });

  it.each([
    ['of one byte a character', 'x'],
    ['of three bytes a character', '漢'],
  ])('takes a large entry %s when it is empty, and only then', (_title, character) => {
    const text = JSON.stringify(character.repeat(300_000));
    const group = new Group();
    group.add('{}', 1);
    expect(group.add(text, 1)).toBe(false);
    group.clear();
    expect(group.add(text, 1)).toBe(true);
    expect(textsOf(group)).toEqual([text]);
  });
});
