import { describe, expect, it } from '@jest/globals';
import { Recording } from './recording.js';

describe('a recording', () => {
  const heard = (count: number, text: string): number | undefined => {
    const recording = new Recording();
    for (let chunk = 0; chunk < count; chunk += 1) recording.hear({ type: 'text-delta', choice: 0, text });
    return recording.chunks?.length;
  };

  it.each([
    ['what was said', 3, 'a', 3],
    ['nothing of too many pieces', 100_001, 'a', undefined],
    ['nothing of too much text', 17, 'a'.repeat(1_024 * 1_024), undefined],
  ])('keeps %s', (_title, count, text, kept) => expect(heard(count, text)).toBe(kept));
});
