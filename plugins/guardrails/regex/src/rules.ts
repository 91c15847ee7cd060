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

export interface Search {
  /** One after the other, as long as it is asked for more, from a place on; what stands before is looked back at. */
  find(text: string, from: number): Iterable<Finding>;
  /** Where, from that place on, something begins that more text could make a finding of, lengthen or undo. */
  openFrom(text: string, from: number): number;
}

export interface CompiledRule extends Rule {
  /** Looks at the text as it is and as it looks. */
  readonly search: Search;
}

export const compileRules = (rules: readonly Rule[]): CompiledRule[] =>
  rules.map((rule) => ({ ...rule, search: seeing(searchOf(rule)) }));

const searchOf = ({ pattern, keywords = [], isCaseSensitive }: Rule): Search =>
  pattern === undefined
    ? createKeywordSearch(keywords, isCaseSensitive)
    : createPatternSearch(compilePattern(pattern, isCaseSensitive));

const seeing = (search: Search): Search => ({
  *find(text, from) {
    yield* search.find(text, from);
    const folded = foldText(text);
    if (folded.text === text) return;
    for (const { start, end } of search.find(folded.text, folded.folded(from))) yield folded.original(start, end);
  },
  openFrom(text, from) {
    const open = search.openFrom(text, from);
    const folded = foldText(text);
    if (folded.text === text) return open;
    const at = search.openFrom(folded.text, folded.folded(from));
    return at >= folded.text.length ? open : Math.min(open, folded.original(at, at + 1).start);
  },
});
