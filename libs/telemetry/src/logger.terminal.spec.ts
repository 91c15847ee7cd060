import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { LogFields } from './logger.js';
import { formatTerminalLine } from './logger.terminal.js';

const TIME = new Date(2026, 2, 1, 9, 5, 7, 45);
const format = (message: string, fields: LogFields = {}): string =>
  stripVTControlCharacters(formatTerminalLine(TIME, 'warn', message, fields));

describe('formatTerminalLine', () => {
  it.each<[string, LogFields, string]>([
    ['ready', {}, 'ready'],
    ['ready', { port: 4000, host: '::1' }, 'ready  port=4000  host=::1'],
    ['ready', { text: 'two words', empty: '' }, 'ready  text="two words"  empty=""'],
    ['ready', { nested: { a: [1] }, none: undefined }, 'ready  nested={"a":[1]}  none=undefined'],
    ['failed', { error: { name: 'TypeError', message: 'no', stack: 'at x' } }, 'failed  error="TypeError: no"'],
  ])('shows %p with %p on one line', (message, fields, text) => {
    expect(format(message, fields)).toBe(`09:05:07.045 WARN  ${text}\n`);
  });

  it('shows control characters instead of obeying them', () => {
    expect(formatTerminalLine(TIME, 'info', 'a\nb\u001b[2Jc\u009b', {})).toContain(String.raw`a\x0ab\x1b[2Jc\x9b`);
  });
});
