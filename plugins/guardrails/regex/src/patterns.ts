// Patterns in RE2's syntax: no look-around, no back-references, and so no text that takes them long.
import { RE2JS } from 're2js';
import { openMatchOf } from './open-match.js';
import type { Search } from './rules.js';

/** @throws Error that says what is wrong with the pattern */
export const compilePattern = (pattern: string, isCaseSensitive: boolean): RE2JS =>
  RE2JS.compile(pattern, isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);

/** @returns what is wrong with a pattern, in one sentence; undefined when nothing is */
export const patternProblem = (pattern: string): string | undefined => {
  try {
    // One that finds the empty text would be found in every text.
    return RE2JS.compile(pattern).test('') ? 'it matches the empty text' : undefined;
  } catch (error) {
    return `it cannot be matched in linear time or is mistaken: ${(error as Error).message}`;
  }
};

/** One match is found in linear time. Many may need the rest of the text each, as `a.*b|a` does in a row of a's. */
export const createPatternSearch = (pattern: RE2JS): Search => ({
  *find(text, from) {
    // Answered without the machinery that knows where a match begins: most texts hold none.
    if (!pattern.test(text)) return;
    const matcher = pattern.matcher(text);
    for (let isFound = matcher.find(from); isFound; isFound = matcher.find()) {
      if (matcher.end() > matcher.start()) yield { start: matcher.start(), end: matcher.end() };
    }
  },
  openFrom: openMatchOf(pattern),
});
