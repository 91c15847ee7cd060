// What PostgreSQL has no place for: NUL, and halves of surrogate pairs, which would silently become other characters.
import { invalidRequest } from '@turnpike/errors';

const check = (text: string, path: string): void => {
  if (text.includes('\0'))
    throw invalidRequest(`${path || 'A text'} contains a NUL character (U+0000), which cannot be stored.`, path);
  if (!text.isWellFormed())
    throw invalidRequest(`${path || 'A text'} contains half of a surrogate pair, which is no character.`, path);
};

/**
 * Looks at every text in a value: strings, lists, objects with their keys.
 *
 * @param path what the value is called, as the error names it: `metadata.owner`
 * @throws GatewayError GW_INVALID_REQUEST
 */
export const assertStorable = (value: unknown, path = ''): void => {
  if (typeof value === 'string') return check(value, path);
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value)) return;
  if (Array.isArray(value)) return value.forEach((item, index) => assertStorable(item, `${path}[${index}]`));
  for (const [name, item] of Object.entries(value)) {
    check(name, path ? `A key in ${path}` : 'A key');
    assertStorable(item, path ? `${path}.${name}` : name);
  }
};

/** Nothing that cannot be stored can be found: a look-up by it needs no database. */
export const isStorable = (value: unknown): boolean => {
  try {
    assertStorable(value);
    return true;
  } catch {
    return false;
  }
};
