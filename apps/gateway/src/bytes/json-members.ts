// Where the top-level members of a JSON object stand in its bytes, so that one can be changed and the rest kept.
/** Offsets into the bytes: `start` at the key's quote, `valueStart` at the value, `end` just after it. */
export interface Member {
  key: string;
  start: number;
  valueStart: number;
  end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Most strings in a request are short; the native search pays off only beyond this. */
const SHORT = 48;

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const skipSpace = (bytes: Buffer, from: number): number => {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
};

/** Offset just after the closing quote of the string that opens at `open`. */
export const stringEnd = (bytes: Buffer, open: number): number => {
  let at = open + 1;
  for (const stop = Math.min(bytes.length, at + SHORT); at < stop; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) return bytes.length;
    let slashes = 0;
    while (quote - 1 - slashes >= at && bytes[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
};

/** Offset just after the object or array that opens at `open`. */
const nestedEnd = (bytes: Buffer, open: number): number => {
  let depth = 0;
  for (let at = open; at < bytes.length;) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = stringEnd(bytes, at);
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
  return bytes.length;
};

const scalarEnd = (bytes: Buffer, from: number): number => {
  let at = from;
  while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== CLOSE_BRACE && !isSpace(bytes[at])) at += 1;
  return at;
};

const valueEnd = (bytes: Buffer, from: number): number => {
  const byte = bytes[from];
  if (byte === QUOTE) return stringEnd(bytes, from);
  if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return nestedEnd(bytes, from);
  return scalarEnd(bytes, from);
};

const ESCAPED_LATIN = Buffer.from('\\u00');
/** A prompt full of escapes is cheaper to walk than to search. */
const MAX_SEARCHED = 64;

/** Whether some key might be spelled with escapes for ASCII letters, as `"mod\u0065l"`. */
const mayHideKeys = (bytes: Buffer): boolean => {
  // Looking for one byte is much cheaper than looking for four.
  if (bytes.indexOf(BACKSLASH) === -1) return false;
  let at = bytes.indexOf(ESCAPED_LATIN);
  for (let searched = 0; at !== -1; searched += 1) {
    const digit = bytes[at + 4];
    // \u002x to \u007x are ASCII.
    if (searched === MAX_SEARCHED || (digit !== undefined && digit >= 0x32 && digit <= 0x37)) return true;
    at = bytes.indexOf(ESCAPED_LATIN, at + 6);
  }
  return false;
};

/**
 * The top-level members with these keys, all occurrences, in their order. The keys must be in the object.
 * A key whose quoted name stands in the bytes just once must be that member, so the rest need not be walked: in a large
 * prompt that is most of the cost.
 */
export const findMembers = (bytes: Buffer, keys: ReadonlySet<string>): Member[] => {
  if (keys.size === 0) return [];
  const found = mayHideKeys(bytes) ? undefined : searchMembers(bytes, keys);
  return found ?? membersOf(bytes).filter((member) => keys.has(member.key));
};

/**
 * Whether members of this name may stand in the bytes more than once. A mention inside a text counts as well.
 * @param name the key as it stands in JSON, quotes included
 */
export const mayRepeat = (bytes: Buffer, name: Buffer): boolean => {
  const start = bytes.indexOf(name);
  return mayHideKeys(bytes) || (start !== -1 && bytes.indexOf(name, start + name.length) !== -1);
};

const searchMembers = (bytes: Buffer, keys: ReadonlySet<string>): Member[] | undefined => {
  const members: Member[] = [];
  for (const key of keys) {
    const name = JSON.stringify(key);
    const start = bytes.indexOf(name);
    if (start === -1 || bytes.indexOf(name, start + 1) !== -1) return undefined;
    const colon = skipSpace(bytes, start + Buffer.byteLength(name));
    const valueStart = skipSpace(bytes, colon + 1);
    members.push({ key, start, valueStart, end: valueEnd(bytes, valueStart) });
  }
  return members.sort((a, b) => a.start - b.start);
};

/** @param bytes the text of one JSON object that JSON.parse accepted; anything else gives nonsense */
export const membersOf = (bytes: Buffer): Member[] => {
  const members: Member[] = [];
  let at = skipSpace(bytes, bytes.indexOf(OPEN_BRACE) + 1);
  while (bytes[at] === QUOTE) {
    const start = at;
    const keyEnd = stringEnd(bytes, start);
    const text = bytes.toString('utf8', start + 1, keyEnd - 1);
    const key = text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
    const colon = skipSpace(bytes, keyEnd);
    const valueStart = skipSpace(bytes, bytes[colon] === COLON ? colon + 1 : colon);
    const end = valueEnd(bytes, valueStart);
    members.push({ key, start, valueStart, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return members;
};
