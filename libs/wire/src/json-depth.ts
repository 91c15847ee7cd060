// How deep a JSON text nests, told before it is parsed: a parser takes seconds for millions of brackets.
import type { JsonValue } from '@turnpike/domain';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Deeper than any real request, shallow enough for every recursive walk that comes later. */
export const MAX_JSON_DEPTH = 200;

/** Stops at the first level too many. A text that is no JSON gets an answer too, which then does not matter. */
export const isNestedDeeper = (text: string, levels: number): boolean => {
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > levels) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    at += 1;
  }
  return false;
};

/** Offset just after the closing quote of the string that opens at `open`. */
const stringEnd = (text: string, open: number): number => {
  for (let quote = text.indexOf('"', open + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
  }
  return text.length;
};

/**
 * JSON that a client sent inside a text: arguments of a tool call, the result of a tool.
 * @throws SyntaxError, also for what is nested too deep
 */
export const parseClientJson = (text: string): JsonValue => {
  if (isNestedDeeper(text, MAX_JSON_DEPTH)) throw new SyntaxError('nested too deep');
  return JSON.parse(text) as JsonValue;
};
