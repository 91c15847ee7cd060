// Changes texts inside JSON text. All else stays byte for byte: long numbers, order and names that stand twice.

/** @param key property whose value the text is; undefined in a list, for a name and for what is no JSON */
export type ChangeJsonText = (text: string, key: string | undefined) => string;

/**
 * Shows every string, name and number. A changed number becomes a string, so what was JSON stays JSON. What is no JSON
 * is shown as one text.
 */
export const changeJsonTexts = (json: string, change: ChangeJsonText): string => {
  if (!isJson(json)) return change(json, undefined);
  const pieces: string[] = [];
  let copied = 0;
  let key: string | undefined;
  for (let at = 0; at < json.length;) {
    const character = json.charCodeAt(at);
    if (character === COMMA || character === OPENING_BRACKET) key = undefined;
    const end = endOfToken(json, at, character);
    if (end === at) {
      at += 1;
      continue;
    }
    const token = json.slice(at, end);
    const text = character === QUOTE ? (JSON.parse(token) as string) : token;
    const isName = character === QUOTE && isFollowedByColon(json, end);
    const changed = change(text, isName ? undefined : key);
    if (isName) key = text;
    if (changed !== text) {
      pieces.push(json.slice(copied, at), JSON.stringify(changed));
      copied = end;
    }
    at = end;
  }
  return copied === 0 ? json : pieces.join('') + json.slice(copied);
};

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** @returns `at` when no string and no number begins there */
const endOfToken = (json: string, at: number, character: number): number => {
  if (character === QUOTE) return endOfString(json, at);
  return character === MINUS || isDigit(character) ? endOfNumber(json, at) : at;
};

const endOfString = (json: string, at: number): number => {
  let end = at + 1;
  while (json.charCodeAt(end) !== QUOTE) end += json.charCodeAt(end) === BACKSLASH ? 2 : 1;
  return end + 1;
};

const endOfNumber = (json: string, at: number): number => {
  let end = at + 1;
  while (end < json.length && /[\d.eE+-]/.test(json.charAt(end))) end += 1;
  return end;
};

const isDigit = (character: number): boolean => character >= 0x30 && character <= 0x39;

const isFollowedByColon = (json: string, at: number): boolean => {
  let next = at;
  while (/\s/.test(json.charAt(next))) next += 1;
  return json.charAt(next) === ':';
};
