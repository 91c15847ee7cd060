// One log line for a person at a terminal: `12:30:05.120 WARN  message  name=value`.
import { styleText } from 'node:util';
import type { LogFields, LogLevel } from './logger.js';

const COLOURS: Readonly<Record<LogLevel, 'gray' | 'green' | 'yellow' | 'red'>> = {
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
};

const isPlainWord = (text: string): boolean => /^[^\s"=]+$/.test(text);

/** An error shows as its name and message: the stack would take more lines. */
const readError = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, message, stack } = value as Record<string, unknown>;
  return typeof message === 'string' && typeof stack === 'string' ? `${String(name)}: ${message}` : undefined;
};

const formatValue = (value: unknown): string => {
  const text = readError(value) ?? value;
  if (typeof text === 'string') return isPlainWord(text) ? text : JSON.stringify(text);
  return String(JSON.stringify(text));
};

/** Control characters could move the cursor, or colour what follows. */
const printable = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Ends with a line break; local time. */
export const formatTerminalLine = (time: Date, level: LogLevel, message: string, fields: LogFields): string => {
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  const stamp = styleText('gray', `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`);
  const label = styleText(COLOURS[level], level.toUpperCase().padEnd(5));
  const pairs = Object.entries(fields).map(
    ([name, value]) => `  ${styleText('gray', `${printable(name)}=`)}${printable(formatValue(value))}`,
  );
  return `${stamp} ${label} ${printable(message)}${pairs.join('')}\n`;
};
