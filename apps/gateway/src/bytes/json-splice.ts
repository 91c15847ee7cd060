// Changes members of a JSON object in its bytes. Everything else stays as it is, byte for byte.
import type { JsonObject } from '@turnpike/domain';
import { findMembers, type Member } from './json-members.js';

export interface Splice {
  /** Values to set; existing members keep their place, new ones come last. */
  set: Readonly<JsonObject>;
  remove: ReadonlySet<string>;
}

/** A stretch of the bytes that gives way to a text. */
interface Change {
  from: number;
  to: number;
  text: string;
}

const COMMA = 0x2c;
const CLOSE_BRACE = 0x7d;

/**
 * @param bytes text of one JSON object that JSON.parse accepted
 * @param parsed what it gave
 */
export const spliceJson = (bytes: Buffer, { set, remove }: Splice, parsed: Readonly<JsonObject>): Buffer => {
  const touched = new Set<string>();
  const added: string[] = [];
  for (const key in set) {
    const value = set[key];
    if (value === undefined) continue;
    if (Object.hasOwn(parsed, key) && !remove.has(key)) touched.add(key);
    else added.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  }
  let kept = 0;
  for (const key in parsed) {
    if (remove.has(key)) touched.add(key);
    else kept += 1;
  }
  const changes = changesOf(bytes, findMembers(bytes, touched), set, remove);
  if (added.length > 0) {
    const end = bytes.lastIndexOf(CLOSE_BRACE);
    changes.push({ from: end, to: end, text: `${kept > 0 ? ',' : ''}${added.join(',')}` });
  }
  return apply(bytes, changes);
};

const changesOf = (
  bytes: Buffer,
  members: readonly Member[],
  set: Readonly<JsonObject>,
  remove: ReadonlySet<string>,
): Change[] => {
  const changes: Change[] = [];
  let done = 0;
  for (const member of members) {
    const change = remove.has(member.key)
      ? { ...withComma(bytes, member, done), text: '' }
      : { from: member.valueStart, to: member.end, text: JSON.stringify(set[member.key]) };
    changes.push(change);
    done = change.to;
  }
  return changes;
};

/** The stretch to cut for a member: with the comma before it, or the one behind it when that is gone or there is none. */
const withComma = (bytes: Buffer, { start, end }: Member, done: number): { from: number; to: number } => {
  let before = start - 1;
  while (before >= done && bytes[before] !== COMMA && isSpace(bytes[before])) before -= 1;
  if (before >= done && bytes[before] === COMMA) return { from: before, to: end };
  let after = end;
  while (isSpace(bytes[after])) after += 1;
  if (bytes[after] !== COMMA) return { from: start, to: end };
  after += 1;
  while (isSpace(bytes[after])) after += 1;
  return { from: start, to: after };
};

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const apply = (bytes: Buffer, changes: readonly Change[]): Buffer => {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { from, to, text } of changes) {
    if (from > at) pieces.push(bytes.subarray(at, from));
    if (text !== '') pieces.push(Buffer.from(text));
    at = to;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
};
