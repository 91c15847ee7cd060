// All secrets of a text, each by its kind; and what at its end may yet become one.
import { foldText, type Finding } from '@turnpike/plugin-sdk';
import { findAssignments, findBearers, findCredentials, isSecretProperty } from './assignments.js';
import { findPrivateKeys, startOfOpenKey } from './private-keys.js';
import { TOKEN_SHAPES, type TokenShape } from './tokens.js';

const FINDERS = {
  'private-key': findPrivateKeys,
  'url-password': findCredentials,
  bearer: findBearers,
  assignment: findAssignments,
} as const;

export type SecretKind = keyof typeof TOKEN_SHAPES | keyof typeof FINDERS;

export const SECRET_KINDS = [...Object.keys(TOKEN_SHAPES), ...Object.keys(FINDERS)] as [SecretKind, ...SecretKind[]];

export interface SecretFinding extends Finding {
  readonly kind: SecretKind;
}

/** @param key property that the text is the value of */
export const findSecrets = (text: string, key?: string): SecretFinding[] => {
  const folded = foldText(text);
  const found: SecretFinding[] = [];
  const add = (kind: string, findings: Iterable<Finding>): void => {
    for (const { start, end } of findings) found.push({ kind: kind as SecretKind, ...folded.original(start, end) });
  };
  for (const [kind, shape] of Object.entries(TOKEN_SHAPES)) add(kind, findTokens(folded.text, shape));
  for (const [kind, find] of Object.entries(FINDERS)) add(kind, find(folded.text));
  if (key !== undefined && isSecretProperty(key, folded.text)) {
    found.push({ kind: 'assignment', start: 0, end: text.length });
  }
  return found;
};

/** The longest name with its sign and all blanks; a value is one because of what it is assigned to. */
const LONGEST_NAME = 64;

/** Those that begin at `from` or later. */
export const findSecretsFrom = (text: string, from: number): SecretFinding[] => {
  const cut = Math.max(0, from - LONGEST_NAME);
  return findSecrets(text.slice(cut))
    .map((one) => ({ ...one, start: one.start + cut, end: one.end + cut }))
    .filter(({ start }) => start >= from);
};

/** Longer than any token; three words are `password`, `=` and what it is. */
const LONGEST_WORD = 3 * 4_096 + 16_384;
const WORDS = 3;
const MOST_BLANKS = 8;

/** Where something begins that more text could make a secret: a name with its value, or a private key. */
export const openFrom = (text: string, from: number): number => {
  const folded = foldText(text.slice(from));
  const at = Math.min(startOfWords(folded.text), startOfOpenKey(folded.text));
  return at >= folded.text.length ? text.length : from + folded.original(at, at + 1).start;
};

/** The last words of a line, with few blanks between them. */
const startOfWords = (text: string): number => {
  let start = text.length;
  let at = text.length;
  for (let words = 0; words < WORDS; words += 1) {
    const end = back(text, at, MOST_BLANKS, /[ \t]/);
    const begin = back(text, end, LONGEST_WORD, /\S/);
    const isSameWord = words > 0 && end === at;
    // A line ends here, or more blanks than an assignment has.
    if (begin === end || isSameWord) return words === 0 ? end : start;
    start = begin;
    at = begin;
  }
  return start;
};

/** Goes back over such characters, so many at most. */
const back = (text: string, from: number, most: number, character: RegExp): number => {
  let at = from;
  while (at > 0 && from - at < most && character.test(text.charAt(at - 1))) at -= 1;
  return at;
};

const findTokens = (text: string, { hints, pattern, isReal }: TokenShape): Finding[] => {
  if (!hints.some((hint) => text.includes(hint))) return [];
  return Array.from(text.matchAll(pattern), ({ 0: token, index }) => ({
    start: index,
    end: index + token.length,
    token,
  }))
    .filter(({ token }) => isReal?.(token) ?? true)
    .map(({ start, end }) => ({ start, end }));
};
