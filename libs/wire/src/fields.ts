// Typed reads of client fields. A wrong type is the client's error and names the path.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';

const describe = (value: JsonValue | undefined): string => {
  if (value === undefined) return 'absent';
  if (Array.isArray(value)) return 'an array';
  return isJsonObject(value) ? 'an object' : JSON.stringify(value).slice(0, 60);
};

const wrong = (path: string, expected: string, value: JsonValue | undefined): Error =>
  invalidRequest(`'${path}' must be ${expected}, not ${describe(value)}.`, path);

/** Absent and null are both "not given", as in OpenAI's API. */
const given = (body: JsonObject, key: string): JsonValue | undefined => body[key] ?? undefined;

export const optionalString = (body: JsonObject, key: string, path = key): string | undefined => {
  const value = given(body, key);
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(path, 'a string', value);
};

export const requiredString = (body: JsonObject, key: string, path = key): string => {
  const value = optionalString(body, key, path);
  if (value === undefined) throw invalidRequest(`'${path}' is required.`, path);
  return value;
};

export const optionalNumber = (body: JsonObject, key: string, path = key): number | undefined => {
  const value = given(body, key);
  if (value === undefined || typeof value === 'number') return value;
  throw wrong(path, 'a number', value);
};

export const optionalInteger = (body: JsonObject, key: string, path = key): number | undefined => {
  const value = optionalNumber(body, key, path);
  if (value === undefined || Number.isInteger(value)) return value;
  throw wrong(path, 'a whole number', value);
};

export const optionalBoolean = (body: JsonObject, key: string, path = key): boolean | undefined => {
  const value = given(body, key);
  if (value === undefined || typeof value === 'boolean') return value;
  throw wrong(path, 'true or false', value);
};

export const optionalObject = (body: JsonObject, key: string, path = key): JsonObject | undefined => {
  const value = given(body, key);
  if (value === undefined || isJsonObject(value)) return value;
  throw wrong(path, 'an object', value);
};

export const optionalArray = (body: JsonObject, key: string, path = key): JsonValue[] | undefined => {
  const value = given(body, key);
  if (value === undefined || Array.isArray(value)) return value;
  throw wrong(path, 'an array', value);
};

export const objectAt = (value: JsonValue | undefined, path: string): JsonObject => {
  if (isJsonObject(value)) return value;
  throw wrong(path, 'an object', value);
};

/** A word of a fixed set. */
export const optionalEnum = <T extends string>(
  body: JsonObject,
  key: string,
  words: readonly T[],
  path = key,
): T | undefined => {
  const value = given(body, key);
  if (value === undefined) return undefined;
  if (typeof value === 'string' && (words as readonly string[]).includes(value)) return value as T;
  throw wrong(path, `one of ${words.map((word) => `'${word}'`).join(', ')}`, value);
};

/** What `known` does not name. A field that a client calls `__proto__` is one like any other. */
export const otherFields = (body: JsonObject, known: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(body).filter(([key]) => !known.has(key)));

/** At least one number, and nothing else: token ids, a vector. */
export const isNumbers = (value: JsonValue | undefined): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((member) => typeof member === 'number');
