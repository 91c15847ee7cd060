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

/** @throws whatever `outOfTime` throws; it is called between two matches */
export type Search = (text: string, outOfTime: () => void) => Finding[];

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

const seeing =
  (search: Search): Search =>
  (text, outOfTime) => {
    const findings = search(text, outOfTime);
    const folded = foldText(text);
    if (folded.text === text) return findings;
    return [
      ...findings,
      ...search(folded.text, outOfTime).map(({ start, end }) => folded.original(start, end)),
    ];
  };
