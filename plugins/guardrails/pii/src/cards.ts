// Payment cards: 13 to 19 digits of a known issuer that pass Luhn's check, alone or among other groups of digits.
import type { Finding } from '@turnpike/plugin-sdk';
import { isLuhn } from './check-digits.js';

const RUN = /(?<![\d.])\d(?:[ -]?\d){12,127}/g;

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

export const findCards = (text: string): Finding[] =>
  Array.from(text.matchAll(RUN)).flatMap(({ 0: run, index }) => cardsIn(run, index));

/** A card is one or more neighbouring groups of the run. */
const cardsIn = (run: string, offset: number): Finding[] => {
  const groups = Array.from(run.matchAll(/\d+/g), ({ 0: digits, index }) => ({ digits, index }));
  const found: Finding[] = [];
  for (let first = 0; first < groups.length; first += 1) {
    let number = '';
    for (let last = first; last < groups.length && number.length < 19; last += 1) {
      number += groups[last]!.digits;
      if (!isCard(number)) continue;
      const end = groups[last]!.index + groups[last]!.digits.length;
      found.push({ start: offset + groups[first]!.index, end: offset + end });
      first = last;
      break;
    }
  }
  return found;
};

const isCard = (number: string): boolean =>
  number.length >= 13 && number.length <= 19 && ISSUER.test(number) && isLuhn(number);
