// Whether a JSON text says something twice. Readers differ in which one they take; JSON.parse takes the last.
import type { JsonValue } from '@turnpike/domain';
import { stringEnd } from './json-members.js';

const QUOTE = 0x22;
const COLON = 0x3a;

/**
 * Whether some object of the text, at any depth, has two members of one name.
 * @param bytes text that JSON.parse accepted
 * @param parsed what it gave: each name once
 */
export const hasRepeatedMembers = (bytes: Buffer, parsed: JsonValue): boolean =>
  membersWritten(bytes) !== membersKept(parsed);

/** Outside of strings, a colon stands in each member and nowhere else. */
const membersWritten = (bytes: Buffer): number => {
  let count = 0;
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = stringEnd(bytes, at);
      continue;
    }
    if (byte === COLON) count += 1;
    at += 1;
  }
  return count;
};

const membersKept = (value: JsonValue | undefined): number => {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const entry of value) count += membersKept(entry);
  else for (const key in value) count += 1 + membersKept(value[key]);
  return count;
};
