// Changes members of a JSON object in its bytes. Everything else stays as it is, byte for byte.
import type { JsonObject } from '@turnpike/domain';
import { membersOf, type Member } from './json-members.js';

export interface Splice {
  /** Values to set; existing members keep their place, new ones come last. */
  set: Readonly<JsonObject>;
  remove: ReadonlySet<string>;
}

const COMMA = Buffer.from(',');

/**
 * @param bytes text of one JSON object that JSON.parse accepted
 * @param members its members, when they are known already
 */
export const spliceJson = (
  bytes: Buffer,
  { set, remove }: Splice,
  members: readonly Member[] = membersOf(bytes),
): Buffer => {
  const first = members[0];
  const last = members.at(-1);
  if (!first || !last) return Buffer.from(JSON.stringify(set));

  const pieces: Buffer[] = [bytes.subarray(0, first.start)];
  const present = new Set<string>();
  let former: Member | undefined;
  let isGap = false;
  // Bytes up to here are in `pieces`; an unchanged run is copied in one piece.
  let copied = first.start;
  for (const member of members) {
    if (remove.has(member.key)) {
      isGap = true;
      continue;
    }
    if (former === undefined) copied = member.start;
    else if (isGap) {
      pieces.push(bytes.subarray(copied, former.end), COMMA);
      copied = member.start;
    }
    const value = set[member.key];
    if (value !== undefined) {
      pieces.push(bytes.subarray(copied, member.valueStart), Buffer.from(JSON.stringify(value)));
      copied = member.end;
    }
    present.add(member.key);
    former = member;
    isGap = false;
  }
  if (former) pieces.push(bytes.subarray(copied, former.end));
  const added = Object.keys(set).filter((key) => set[key] !== undefined && !present.has(key));
  added.forEach((key, index) => {
    const comma = former !== undefined || index > 0 ? ',' : '';
    pieces.push(Buffer.from(`${comma}${JSON.stringify(key)}:${JSON.stringify(set[key])}`));
  });
  pieces.push(bytes.subarray(last.end));
  return Buffer.concat(pieces);
};
