// Google's OpenAPI subset → JSON Schema, for clients that speak Gemini.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { anyObject, MAX_DEPTH } from './schema-nodes.js';
import { camelCased } from './json.js';

/** Type names become lower case, `nullable` becomes a type, counts written as text become numbers. */
export const fromGeminiSchema = (schema: JsonObject, depth = 0): JsonObject => {
  if (depth > MAX_DEPTH) return anyObject();
  const { nullable, type, example: _, ...rest } = camelCased(schema);
  const node: JsonObject = {};
  const name = typeof type === 'string' ? type.toLowerCase() : undefined;
  if (name && name !== 'type_unspecified') node['type'] = nullable === true ? [name, 'null'] : name;
  for (const [key, value] of Object.entries(rest)) node[key] = translated(key, value, depth);
  if (nullable === true && Array.isArray(node['anyOf'])) node['anyOf'] = [...node['anyOf'], { type: 'null' }];
  if (nullable === true && Array.isArray(node['enum'])) node['enum'] = [...node['enum'], null];
  return node;
};

/** 64-bit integers are text in Google's JSON. */
const COUNTS: ReadonlySet<string> = new Set([
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
]);

const translated = (key: string, value: JsonValue | undefined, depth: number): JsonValue | undefined => {
  const child = (entry: JsonValue | undefined) => (isJsonObject(entry) ? fromGeminiSchema(entry, depth + 1) : entry);
  if (COUNTS.has(key) && typeof value === 'string') return Number(value);
  if (key === 'items') return child(value);
  if (key === 'anyOf' && Array.isArray(value)) return value.map((entry) => child(entry) ?? null);
  if (key === 'properties' && isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, child(entry)]));
  }
  return value;
};
