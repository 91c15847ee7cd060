// Private keys in PEM and PGP armour, whole or cut off.
import type { Finding } from '@turnpike/plugin-sdk';

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----/y;
/** A key with 16,384 bits has 13,000 characters. */
const LONGEST = 16_384;
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
  ROWS.lastIndex = from;
  return from + (ROWS.exec(text)?.[0].length ?? 0);
};
