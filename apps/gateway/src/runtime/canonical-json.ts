// JSON in one form, so that equal values are equal texts.
import type { JsonObject, JsonValue } from '@turnpike/domain';

/** JSON with the fields of every object in one order. */
export const canonicalJson = (value: JsonValue | undefined): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  return Array.isArray(value) ? canonicalList(value) : canonicalObject(value);
};

const canonicalList = (list: readonly JsonValue[]): string => {
  let text = '[';
  for (let at = 0; at < list.length; at += 1) text += (at === 0 ? '' : ',') + canonicalJson(list[at]);
  return `${text}]`;
};

/** @param isMeant which fields of the object count, by name and value; absent: all */
export const canonicalObject = (
  object: Readonly<JsonObject>,
  isMeant?: (name: string, value: JsonValue) => boolean,
): string => {
  let text = '{';
  for (const key of Object.keys(object).sort()) {
    const value = object[key];
    if (value !== undefined && (!isMeant || isMeant(key, value)))
      text += `${text.length === 1 ? '' : ','}${JSON.stringify(key)}:${canonicalJson(value)}`;
  }
  return `${text}}`;
};
