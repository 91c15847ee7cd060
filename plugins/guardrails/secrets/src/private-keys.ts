// Private keys in PEM and PGP armour, whole or cut off.
import type { Finding } from '@turnpike/plugin-sdk';

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----/y;
/** Lines of base64, headers, and line ends that were written as `\n`. */
const BODY = /[\w+/=\s\\:,.()-]{0,16384}/y;
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
  BODY.lastIndex = from;
  const body = BODY.exec(text)?.[0] ?? '';
  // Dashes belong to the body's letters, so the end, if there is one, is inside.
  const dashes = body.indexOf('-----END');
  END.lastIndex = from + dashes;
  const end = dashes === -1 ? undefined : END.exec(text)?.[0];
  if (end !== undefined) return from + dashes + end.length;
  ROWS.lastIndex = from;
  return from + (ROWS.exec(text)?.[0].length ?? 0);
};
