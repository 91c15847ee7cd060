// Payment cards: 13 to 19 digits of a known issuer that pass Luhn's check, alone or among other groups of digits.
import type { Finding } from '@turnpike/plugin-sdk';
import { isLuhn } from './check-digits.js';

/** First digits and lengths. docs: https://en.wikipedia.org/wiki/Payment_card_number */
const ISSUER = new RegExp(
  [
    /^4(?:\d{12}|\d{15}|\d{18})$/,
    /^(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}$/,
    /^3[47]\d{13}$/,
    /^(?:6011|64[4-9]\d|65\d{2})\d{12}(?:\d{3})?$/,
    /^3(?:0[0-5]|095|[689]\d)\d{11}(?:\d{2,5})?$/,
    /^35(?:2[89]|[3-8]\d)\d{12}$/,
    /^62\d{14,17}$/,
    /^(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}$/,
    /^220[0-4]\d{12,15}$/,
    /^(?:50[69]\d|6[05]\d{2}|8[12]\d{2})\d{12}$/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** Digits in a row, and whether a single space or dash joins them to those before. */
interface Group {
  /** The first 20. */
  readonly digits: string;
  readonly start: number;
  end: number;
  readonly isJoined: boolean;
}

/** Group by group: an expression for all of them at once would need memory in proportion to the text. */
export const findCards = (text: string): Finding[] => {
  const groups = groupsOf(text);
  const found: Finding[] = [];
  for (let first = 0; first < groups.length; first += 1) {
    const last = lastOfCard(groups, first);
    // What follows a decimal point is a fraction.
    if (last === undefined || text.charAt(groups[first]!.start - 1) === '.') continue;
    found.push({ start: groups[first]!.start, end: groups[last]!.end });
    first = last;
  }
  return found;
};

/** One more than a card has; longer rows are taken in pieces, because an expression needs memory for each repetition. */
const PIECE = /\d{1,20}/g;

const groupsOf = (text: string): Group[] => {
  const groups: Group[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const { 0: digits, index: start } of text.matchAll(PIECE)) {
    const isSameRow = start === end;
    const isJoined = start - end === 1 && /[ -]/.test(text.charAt(end));
    end = start + digits.length;
    // Of what is too long already, the rest tells nothing.
    if (isSameRow) groups.at(-1)!.end = end;
    else groups.push({ digits, start, end, isJoined });
  }
  return groups;
};

/** A card is one or more neighbouring groups. */
const lastOfCard = (groups: readonly Group[], first: number): number | undefined => {
  let number = '';
  for (let last = first; last < groups.length && number.length < LONGEST; last += 1) {
    const group = groups[last]!;
    if (last > first && !group.isJoined) return undefined;
    number += group.digits;
    if (isCard(number)) return last;
  }
  return undefined;
};

const LONGEST = 19;

const isCard = (number: string): boolean =>
  number.length >= 13 && number.length <= LONGEST && ISSUER.test(number) && isLuhn(number);
