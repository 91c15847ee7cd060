// All personal data of a text, each by its kind; and what at its end may yet become some.
import { foldText, mergedFindings, type Finding } from '@turnpike/plugin-sdk';
import { FINDERS, type Kind } from './kinds.js';

export interface KindFinding extends Finding {
  readonly kind: Kind;
}

/** In order, none overlapping another. */
export const findPersonalData = (text: string, kinds: readonly Kind[]): KindFinding[] => {
  const folded = foldText(text);
  return mergedFindings(
    kinds.flatMap((kind) =>
      FINDERS[kind](folded.text).map(({ start, end }) => ({ kind, ...folded.original(start, end) })),
    ),
  );
};

/** The same for what begins at `from` or later. The expressions look one character back. */
export const findFrom = (text: string, from: number, kinds: readonly Kind[]): KindFinding[] => {
  const cut = Math.max(0, from - 1);
  return findPersonalData(text.slice(cut), kinds).map(({ kind, start, end }) => ({
    kind,
    start: start + cut,
    end: end + cut,
  }));
};

/** Nothing is longer: a mailbox of 64 characters, and a host of 8 labels with 63 each and one with 24. */
const LONGEST_WORD = 64 + 1 + 8 * 64 + 24 + 1;
/** Digits with spaces and signs between them: cards, telephones. */
const NUMBER = /[\d+(][\d ().+\-/]{0,63}$/;
const LONGEST_NUMBER = 64;
/** An account number with spaces, as far as it goes. */
const ACCOUNT = /(?<![A-Za-z\d])[A-Z](?:[A-Z](?:\d(?:\d(?:[ -]?[A-Z\d]){0,30}[ -]?)?)?)?$/i;
const LONGEST_ACCOUNT = 72;

/** Where something begins that more text could make personal data: the last word, a number, an account. */
export const openFrom = (text: string, from: number): number => {
  const folded = foldText(text.slice(from));
  const { length } = folded.text;
  const at = Math.min(
    startOfWord(folded.text),
    startAt(NUMBER, folded.text, LONGEST_NUMBER),
    startAt(ACCOUNT, folded.text, LONGEST_ACCOUNT),
  );
  return at >= length ? text.length : from + folded.original(at, at + 1).start;
};

const startOfWord = (text: string): number => {
  const least = Math.max(0, text.length - LONGEST_WORD);
  let at = text.length;
  while (at > least && !/\s/.test(text.charAt(at - 1))) at -= 1;
  return at;
};

const startAt = (pattern: RegExp, text: string, longest: number): number => {
  const tail = Math.max(0, text.length - longest);
  const begun = pattern.exec(text.slice(tail));
  return begun ? tail + begun.index : text.length;
};
