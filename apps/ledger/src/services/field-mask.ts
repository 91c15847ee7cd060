// Field masks: which fields of a message a caller means.
import { invalidRequest } from '@turnpike/errors';

/** Messages within messages, whose fields can be named one by one. */
const MESSAGES = new Set(['budget', 'limits', 'terms', 'defaultMemberTerms']);

type Fields = Record<string, unknown>;

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/**
 * A copy of `current` with the named fields of `changes`; one that is absent there becomes absent.
 * @param mask paths as in the .proto: "models", "budget.max_nano_usd", "metadata.tags", "model_terms.gpt-4o"
 * @param fixed fields that nobody sets so
 * @throws GW_INVALID_REQUEST for a path that there is not
 */
export const applyMask = <T extends object>(
  current: T,
  changes: T,
  mask: readonly string[],
  fixed: readonly (keyof T & string)[] = [],
): T => {
  const result: Fields = { ...(current as Fields) };
  for (const path of mask) {
    const [first = '', ...rest] = path.split('.');
    const field = camelCase(first);
    if (!Object.hasOwn(changes, field) && !Object.hasOwn(current, field)) {
      throw invalidRequest(`update_mask: there is no field '${path}'.`, 'update_mask');
    }
    if ((fixed as readonly string[]).includes(field)) {
      throw invalidRequest(`update_mask: '${path}' cannot be set.`, 'update_mask');
    }
    const value = (changes as Fields)[field];
    result[field] = rest.length === 0 ? value : withPart(result[field], value, partsOf(field, rest));
  }
  return result as T;
};

/** Names in open maps are the callers' own: they stay as they are, dots and all. */
const partsOf = (field: string, rest: readonly string[]): string[] =>
  MESSAGES.has(field) ? rest.map(camelCase) : [rest.join('.')];

const withPart = (current: unknown, changes: unknown, [name = '', ...deeper]: readonly string[]): Fields => {
  const result: Fields = { ...asFields(current) };
  const value = Object.hasOwn(asFields(changes), name) ? asFields(changes)[name] : undefined;
  const next = deeper.length === 0 ? value : withPart(result[name], value, deeper);
  if (next === undefined) delete result[name];
  else Object.defineProperty(result, name, { value: next, enumerable: true, configurable: true, writable: true });
  return result;
};

const asFields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
