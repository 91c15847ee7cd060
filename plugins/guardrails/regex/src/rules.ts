// A rule, and how it finds what it forbids.
import { foldText, type Finding } from '@turnpike/plugin-sdk';
import { createKeywordSearch } from './keywords.js';
import { compilePattern, createPatternSearch } from './patterns.js';

export interface Rule {
  name: string;
  description?: string;
  pattern?: string;
  keywords?: readonly string[];
  isCaseSensitive: boolean;
  action: 'block' | 'mask' | 'log';
  where: 'request' | 'answer' | 'both';
  replacement: string;
}

/** Finds one after the other, as long as it is asked for more. */
export type Search = (text: string) => Iterable<Finding>;

export interface CompiledRule extends Rule {
  /** Finds in the text as it is and as it looks. */
  readonly search: Search;
}

export const compileRules = (rules: readonly Rule[]): CompiledRule[] =>
  rules.map((rule) => ({ ...rule, search: seeing(searchOf(rule)) }));

const searchOf = ({ pattern, keywords = [], isCaseSensitive }: Rule): Search =>
  pattern === undefined
    ? createKeywordSearch(keywords, isCaseSensitive)
    : createPatternSearch(compilePattern(pattern, isCaseSensitive));

const seeing = (search: Search): Search =>
  function* (text) {
    yield* search(text);
    const folded = foldText(text);
    if (folded.text === text) return;
    for (const { start, end } of search(folded.text)) yield folded.original(start, end);
  };
