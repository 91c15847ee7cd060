// Comparison by what JSON can say: an absent member and one that is undefined are equal.
import { ConformanceError } from './check.js';

/** In an expected value: anything, as long as something is there. For ids and times made on the spot. */
export const ANY = '<any>';

const MAX_DIFFERENCES = 8;

const show = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : String(JSON.stringify(value));
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Where `actual` is not what `expected` says: `$.messages[0].content: expected "a", got "b"`. At most 8. */
export const differences = (actual: unknown, expected: unknown): string[] => {
  const found: string[] = [];
  const walk = (left: unknown, right: unknown, path: string): void => {
    if (found.length >= MAX_DIFFERENCES || Object.is(left, right)) return;
    if (right === ANY && left !== undefined && left !== null && left !== '') return;
    const isList = Array.isArray(right);
    if (!isRecord(left) || !isRecord(right) || Array.isArray(left) !== isList) {
      found.push(`${path}: expected ${show(right)}, got ${show(left)}`);
      return;
    }
    for (const key of new Set([...Object.keys(right), ...Object.keys(left)])) {
      walk(left[key], right[key], isList ? `${path}[${key}]` : `${path}.${key}`);
    }
  };
  walk(actual, expected, '$');
  return found;
};

/** @throws ConformanceError listing the differences */
export const mustEqual = (actual: unknown, expected: unknown, what: string): void => {
  const found = differences(actual, expected);
  if (found.length > 0) throw new ConformanceError(`${what}:\n  ${found.join('\n  ')}`);
};

/** The same for a part: members that `expected` does not name are not looked at. */
export const mustContain = (actual: object, expected: object, what: string): void => {
  const named = Object.fromEntries(Object.keys(expected).map((key) => [key, (actual as Record<string, unknown>)[key]]));
  mustEqual(named, expected, what);
};

/** A copy that shares nothing; members that are undefined are gone. */
export const cloneJson = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

/** Freezes a value and all it holds, so that whoever changes it throws. Typed arrays cannot be frozen and stay. */
export const deepFreeze = <T>(value: T): T => {
  if (isRecord(value) && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
};
