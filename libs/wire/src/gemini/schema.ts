// JSON Schema → the OpenAPI subset that `parameters` and `responseSchema` take; any other keyword there is a 400.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import {
  anyObject,
  asSchema,
  asSchemas,
  MAX_DEPTH,
  mergeAllOf,
  mergeSchemas,
  NodeBudget,
  plainKeywords,
  resolvePointer,
} from './schema-nodes.js';

const COMMON = ['title', 'description', 'nullable', 'default', 'example'] as const;

const BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  string: ['format', 'enum', 'minLength', 'maxLength', 'pattern'],
  number: ['format', 'minimum', 'maximum'],
  integer: ['format', 'minimum', 'maximum'],
  boolean: [],
  array: ['minItems', 'maxItems'],
  object: ['minProperties', 'maxProperties', 'propertyOrdering'],
};

const FORMATS: Readonly<Record<string, readonly string[]>> = {
  string: ['enum', 'date-time'],
  number: ['float', 'double'],
  integer: ['int32', 'int64'],
};

/** A schema without a type says it by its keywords. */
const TELLTALES: readonly (readonly [string, string])[] = [
  ['properties', 'object'],
  ['required', 'object'],
  ['additionalProperties', 'object'],
  ['items', 'array'],
  ['prefixItems', 'array'],
  ['minItems', 'array'],
  ['minimum', 'number'],
  ['maximum', 'number'],
  ['multipleOf', 'number'],
];

/**
 * References are written out, `oneOf` becomes `anyOf`, `allOf` is merged, `[T, 'null']` becomes `nullable`, several
 * types become `anyOf`; what has no counterpart is left out. Ends for any input, cycles included.
 */
export const toGeminiSchema = (schema: JsonObject): JsonObject => new Sanitiser(schema).node(schema, 0, []);

class Sanitiser {
  private readonly budget = new NodeBudget();

  constructor(private readonly root: JsonObject) {}

  /** @param open references being written out: one that comes up again is a cycle */
  node(raw: JsonObject, depth: number, open: readonly string[]): JsonObject {
    if (depth > MAX_DEPTH || !this.budget.spend(raw)) return anyObject();
    const reference = raw['$ref'];
    if (typeof reference === 'string') return this.reference(raw, reference, depth, open);
    if (asSchemas(raw['allOf']).length > 0) {
      const { merged, inside } = mergeAllOf(this.root, raw, open);
      return this.node(merged, depth + 1, inside);
    }
    const schema = plainKeywords(raw);
    const union = [...asSchemas(schema['anyOf']), ...asSchemas(schema['oneOf'])];
    if (union.length > 0) return this.union(schema, union, depth, open);
    const types = typesOf(schema);
    const isNullable = types.includes('null') || schema['nullable'] === true || hasNull(schema['enum']);
    const wanted = types.filter((name) => name !== 'null');
    if (wanted.length < 2) return this.typed(schema, wanted[0] ?? 'string', isNullable, depth, open);
    const { enum: values, ...rest } = withoutLabels(schema);
    const branches = wanted.map((type) => ({ ...rest, type, ...ofType(values, type) }));
    return this.union(labels(schema), branches, depth, open, isNullable);
  }

  private reference(raw: JsonObject, reference: string, depth: number, open: readonly string[]): JsonObject {
    const { $ref: _, ...beside } = raw;
    const target = open.includes(reference) ? undefined : resolvePointer(this.root, reference);
    if (!target) return { ...anyObject(), ...labels(beside) };
    return this.node(mergeSchemas(target, beside), depth + 1, [...open, reference]);
  }

  /** Beside `anyOf` only labels may stand, so what else stands there goes into each branch. */
  private union(
    schema: JsonObject,
    branches: readonly JsonObject[],
    depth: number,
    open: readonly string[],
    isNullable = false,
  ): JsonObject {
    const { anyOf: _, oneOf: __, type, nullable, ...shared } = withoutLabels(schema);
    const isNull = (branch: JsonObject) => branch['type'] === 'null' || isOnlyNull(branch['enum'] ?? branch['const']);
    const wanted = branches.filter((branch) => !isNull(branch));
    const common = typeof type === 'string' && type !== 'null' ? { ...shared, type } : shared;
    const nodes = wanted.map((branch) =>
      this.budget.isSpent ? anyObject() : this.node(mergeSchemas(common, branch), depth + 1, open),
    );
    const label = labels(schema);
    const canBeNull = isNullable || nullable === true || wanted.length < branches.length;
    const marked = { ...label, ...(canBeNull ? { nullable: true } : {}) };
    if (nodes.length === 0) return { type: 'string', ...marked, nullable: true };
    return nodes.length === 1 ? { ...nodes[0], ...marked } : { anyOf: nodes, ...marked };
  }

  private typed(
    schema: JsonObject,
    type: string,
    isNullable: boolean,
    depth: number,
    open: readonly string[],
  ): JsonObject {
    const node: JsonObject = { type };
    for (const key of [...COMMON, ...(BY_TYPE[type] ?? [])]) if (schema[key] !== undefined) node[key] = schema[key];
    if (isNullable) node['nullable'] = true;
    else delete node['nullable'];
    if (!FORMATS[type]?.includes(String(node['format']))) delete node['format'];
    this.enumeration(node, schema['enum']);
    if (type === 'array') node['items'] = this.items(schema, depth, open);
    if (type === 'object') this.properties(node, schema, depth, open);
    return node;
  }

  /** Only texts can be enumerated; other values are told in the description, so that the type stays right. */
  private enumeration(node: JsonObject, value: JsonValue | undefined): void {
    delete node['enum'];
    if (!Array.isArray(value)) return;
    const wanted = value.filter((entry) => entry !== null && entry !== '');
    if (wanted.length === 0) return;
    if (node['type'] === 'string') {
      node['enum'] = wanted.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry)));
      return;
    }
    const told = `One of: ${wanted.map((entry) => JSON.stringify(entry)).join(', ')}.`;
    const description = node['description'];
    node['description'] = typeof description === 'string' && description !== '' ? `${description} ${told}` : told;
  }

  private items(schema: JsonObject, depth: number, open: readonly string[]): JsonObject {
    const listed = asSchemas(Array.isArray(schema['items']) ? schema['items'] : schema['prefixItems']);
    const branches = listed.length > 0 ? listed : [asSchema(schema['items']) ?? {}];
    const [only, ...others] = branches;
    return others.length === 0 ? this.node(only!, depth + 1, open) : this.union({}, branches, depth + 1, open);
  }

  private properties(node: JsonObject, schema: JsonObject, depth: number, open: readonly string[]): void {
    if (!isJsonObject(schema['properties'])) return;
    const properties: JsonObject = {};
    for (const [name, value] of Object.entries(schema['properties'])) {
      const property = asSchema(value);
      if (property) properties[name] = this.node(property, depth + 1, open);
    }
    if (Object.keys(properties).length === 0) return;
    node['properties'] = properties;
    const required = schema['required'];
    const known = Array.isArray(required) ? required.filter((name) => Object.hasOwn(properties, String(name))) : [];
    if (known.length > 0) node['required'] = known;
  }
}

/** Lower-case names; what no keyword tells either counts as text. */
const typesOf = (schema: JsonObject): string[] => {
  const { type, enum: values } = schema;
  const named = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === 'string');
  const known = named.map((name) => name.toLowerCase()).filter((name) => name === 'null' || name in BY_TYPE);
  if (known.length > 0) return [...new Set(known)];
  if (Array.isArray(values)) {
    const kinds = new Set(values.map(typeOfValue));
    if (kinds.size > 0) return [...kinds];
  }
  return [TELLTALES.find(([keyword]) => schema[keyword] !== undefined)?.[1] ?? 'string'];
};

const typeOfValue = (value: JsonValue): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'array'
      : typeof value === 'number'
        ? Number.isInteger(value)
          ? 'integer'
          : 'number'
        : typeof value;

/** The enumerated values that a branch of this type can take. */
const ofType = (values: JsonValue | undefined, type: string): JsonObject => {
  const fitting = Array.isArray(values)
    ? values.filter((value) => [type, type === 'number' ? 'integer' : type].includes(typeOfValue(value)))
    : [];
  return fitting.length > 0 ? { enum: fitting } : {};
};

const hasNull = (value: JsonValue | undefined): boolean => Array.isArray(value) && value.includes(null);

const isOnlyNull = (value: JsonValue | undefined): boolean =>
  value === null || (Array.isArray(value) && value.length > 0 && value.every((entry) => entry === null));

const LABELS = ['title', 'description'] as const;

const labels = (schema: JsonObject): JsonObject =>
  Object.fromEntries(LABELS.filter((key) => schema[key] !== undefined).map((key) => [key, schema[key]]));

const withoutLabels = (schema: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => !(LABELS as readonly string[]).includes(key)));
