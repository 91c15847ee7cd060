// JSON Schema as Anthropic takes it: for tools at large, and the narrower subset behind structured outputs.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';

/** Arguments of a tool: an object always, `{}` included. `$schema` is refused there. */
export const toInputSchema = (parameters: JsonObject | undefined): JsonObject => {
  const { $schema: _schema, ...schema } = parameters ?? {};
  if (schema['type'] === undefined && schema['properties'] === undefined) return { ...EMPTY, ...schema };
  return { ...schema, type: 'object' };
};

const EMPTY: JsonObject = { type: 'object', properties: {} };

/** Keywords that structured outputs take as they are. */
const KEPT: ReadonlySet<string> = new Set(['type', '$ref', 'enum', 'const', 'title', 'required']);
/** Keywords that hold a schema, a list of schemas, or schemas by name. */
const ONE: ReadonlySet<string> = new Set(['items']);
const LISTS: Readonly<Record<string, string>> = { anyOf: 'anyOf', oneOf: 'anyOf', allOf: 'allOf' };
const NAMED: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
/** Said by other means, or without effect on the value. */
const DROPPED: ReadonlySet<string> = new Set(['$schema', '$id', '$comment', 'additionalProperties', 'description']);

const FORMATS: ReadonlySet<unknown> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

const isKept = (key: string, value: JsonValue): boolean =>
  KEPT.has(key) || (key === 'format' && FORMATS.has(value)) || (key === 'minItems' && (value === 0 || value === 1));

/**
 * The subset that structured outputs take: objects are closed, and what cannot be enforced (`minimum`, `pattern` …)
 * is told in the description instead, as Anthropic's own SDKs do.
 * docs: https://platform.claude.com/docs/en/build-with-claude/structured-outputs, read 2026-11-20
 */
export const toStructuredSchema = (schema: JsonObject): JsonObject => {
  const out: JsonObject = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || DROPPED.has(key)) continue;
    const list = LISTS[key];
    if (isKept(key, value)) out[key] = value;
    else if (ONE.has(key) && isJsonObject(value)) out[key] = toStructuredSchema(value);
    else if (list && Array.isArray(value)) out[list] = value.map(structured);
    else if (NAMED.has(key) && isJsonObject(value)) {
      out[key] = Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, structured(entry ?? null)]));
    } else told.push(`${key}: ${JSON.stringify(value)}`);
  }
  if (isObjectSchema(schema)) out['additionalProperties'] = false;
  const description = [schema['description'], told.length > 0 ? `{${told.join(', ')}}` : undefined];
  const text = description.filter((line) => typeof line === 'string' && line !== '').join('\n\n');
  if (text) out['description'] = text;
  return out;
};

const structured = (value: JsonValue): JsonValue => (isJsonObject(value) ? toStructuredSchema(value) : value);

const isObjectSchema = (schema: JsonObject): boolean => {
  const type = schema['type'];
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || isJsonObject(schema['properties']);
};

/** True where an object may hold members that it does not name: structured outputs would close it. */
export const hasOpenObjects = (schema: JsonValue | undefined): boolean => {
  if (Array.isArray(schema)) return schema.some(hasOpenObjects);
  if (!isJsonObject(schema)) return false;
  const more = schema['additionalProperties'];
  if (more === true || isJsonObject(more)) return true;
  if (schema['type'] === 'object' && more === undefined && !schema['properties'] && !isComposed(schema)) return true;
  return (
    [...ONE, ...Object.keys(LISTS)].some((key) => hasOpenObjects(schema[key])) ||
    [...NAMED].some((key) => isJsonObject(schema[key]) && Object.values(schema[key]).some(hasOpenObjects))
  );
};

const isComposed = (schema: JsonObject): boolean => Object.keys(LISTS).some((key) => schema[key] !== undefined);
