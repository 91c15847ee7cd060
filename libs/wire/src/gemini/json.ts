// Reading and writing objects of Google's API.
import type { JsonObject, JsonValue } from '@turnpike/domain';

/** Without members that are undefined. */
export const defined = (value: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));

/** Undefined instead of an object without members. */
export const nonEmpty = (value: JsonObject): JsonObject | undefined => {
  const kept = defined(value);
  return Object.keys(kept).length > 0 ? kept : undefined;
};

const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Google reads each field in camelCase and in snake_case; `name` is the former. Null counts as absent. */
export const either = (value: JsonObject, name: string): JsonValue | undefined =>
  value[name] ?? value[toSnakeCase(name)] ?? undefined;

/** A copy whose top-level names are camelCase. */
export const camelCased = (value: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      member,
    ]),
  );

export const textOf = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
