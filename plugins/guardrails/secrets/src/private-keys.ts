// Private keys in PEM and PGP armour, whole or cut off.
import type { Finding } from '@turnpike/plugin-sdk';

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----/y;
/** A key with 16,384 bits has 13,000 characters. */
const LONGEST = 16_384;
const LONGEST_MARK = 80;
/** What may become the mark at a key's beginning. */
const MARK = /-{1,5}(?:[A-Z0-9 ]{1,60}-{0,5})?$/;
/** The rows of a key that has no end. */
const ROWS = /(?:(?:\s|\\[rn]){0,8}[A-Za-z0-9+/=]{24,16384}){0,512}/y;

export const findPrivateKeys = (text: string): Finding[] => {
  const findings: Finding[] = [];
  for (const { 0: begin, index: start } of text.matchAll(BEGIN)) {
    if (start < (findings.at(-1)?.end ?? 0)) continue;
    findings.push({ start, end: endOf(text, start + begin.length) });
  }
  return findings;
};

const endOf = (text: string, from: number): number => {
  // The next dashes are this key's end or another's beginning: nothing is searched twice.
  const dashes = text.indexOf('-----', from);
  if (dashes !== -1 && dashes - from <= LONGEST) {
    END.lastIndex = dashes;
    const end = END.exec(text)?.[0];
    if (end !== undefined) return dashes + end.length;
  }
  const rows = text.slice(from, from + LONGEST);
  ROWS.lastIndex = 0;
  return from + (ROWS.exec(rows)?.[0].length ?? 0);
};

/** Where, at the end of a text, a key begins that is not complete, or the mark of one. */
export const startOfOpenKey = (text: string): number => {
  const tail = Math.max(0, text.length - LONGEST - 2 * LONGEST_MARK);
  for (const { 0: begin, index } of text.slice(tail).matchAll(BEGIN)) {
    const start = tail + index;
    if (isOpen(text, start + begin.length)) return start;
  }
  const last = Math.max(0, text.length - LONGEST_MARK);
  const mark = MARK.exec(text.slice(last));
  return mark ? last + mark.index : text.length;
};

/** Neither its end has come, nor anything that is none. */
const isOpen = (text: string, from: number): boolean => {
  const dashes = text.indexOf('-----', from);
  const until = dashes === -1 ? text.length : dashes;
  if (until - from > LONGEST) return false;
  if (dashes === -1) return true;
  END.lastIndex = dashes;
  return !END.test(text) && text.length - dashes < LONGEST_MARK;
};
