// What both schema translations share: references, merging, and keywords that say the same in another way.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';

/** Deeper nodes become `{type: 'object'}`; Google refuses schemas far shallower than this. */
export const MAX_DEPTH = 48;

/** Enough for any schema Google accepts; stops definitions that unfold into each other without end. */
const MAX_NODES = 10_000;

/** How much of a schema may still be written out. Spent, the rest becomes `{type: 'object'}`. */
export class NodeBudget {
  private nodes = 0;

  /** Counts a node with what it lists. @returns whether it is still within bounds */
  spend(schema: JsonObject): boolean {
    this.nodes += 1 + lengthOf(schema['required']) + lengthOf(schema['allOf']);
    return this.nodes <= MAX_NODES;
  }

  get isSpent(): boolean {
    return this.nodes >= MAX_NODES;
  }
}

const lengthOf = (value: JsonValue | undefined): number => (Array.isArray(value) ? value.length : 0);

/** Stands for what cannot be written out: a cycle, an unknown reference, a branch that is too deep. */
export const anyObject = (): JsonObject => ({ type: 'object' });

/** The node that `#/a/b` names in `root`; undefined for anything else. */
export const resolvePointer = (root: JsonObject, reference: string): JsonObject | undefined => {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let node: JsonValue | undefined = root;
  for (const step of reference.split('/').slice(1)) {
    const key = decodeStep(step);
    if (Array.isArray(node)) node = node[Number(key)];
    else if (isJsonObject(node) && Object.hasOwn(node, key)) node = node[key];
    else return undefined;
  }
  return isJsonObject(node) ? node : undefined;
};

const decodeStep = (step: string): string => {
  const plain = step.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
};

/** `true` and `{}` allow anything; `false` and what is no schema at all give undefined. */
export const asSchema = (value: JsonValue | undefined): JsonObject | undefined =>
  value === true ? {} : isJsonObject(value) ? value : undefined;

export const asSchemas = (value: JsonValue | undefined): JsonObject[] =>
  Array.isArray(value) ? value.map(asSchema).filter((schema) => schema !== undefined) : [];

const strings = (value: JsonValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];

/** Both at once, as `allOf` means it: members of both; where both say something else, `right` wins. */
export const mergeSchemas = (left: JsonObject, right: JsonObject): JsonObject => mergeAll([left, right], 0);

/** Takes time in proportion to their size, however many there are. */
const mergeAll = (schemas: readonly JsonObject[], depth: number): JsonObject => {
  const merged: JsonObject = {};
  for (const schema of schemas) Object.assign(merged, schema);
  const properties = schemas.map((schema) => schema['properties']).filter(isJsonObject);
  if (properties.length > 1) merged['properties'] = mergeProperties(properties, depth);
  const lists = schemas.map((schema) => schema['allOf']).filter(Array.isArray);
  if (lists.length > 1) merged['allOf'] = lists.flat();
  const required = new Set(schemas.flatMap((schema) => strings(schema['required'])));
  if (required.size > 0) merged['required'] = [...required];
  return merged;
};

const mergeProperties = (groups: readonly JsonObject[], depth: number): JsonObject => {
  const byName = new Map<string, JsonValue[]>();
  for (const group of groups) {
    for (const [name, value = null] of Object.entries(group)) {
      const values = byName.get(name);
      if (values) values.push(value);
      else byName.set(name, [value]);
    }
  }
  return Object.fromEntries([...byName].map(([name, values]) => [name, mergeProperty(values, depth)]));
};

const mergeProperty = (values: readonly JsonValue[], depth: number): JsonValue | undefined => {
  const schemas = values.map(asSchema).filter((schema) => schema !== undefined);
  const areAll = schemas.length === values.length;
  return values.length > 1 && areAll && depth < MAX_DEPTH ? mergeAll(schemas, depth + 1) : values.at(-1);
};

/**
 * A schema with its `allOf` merged into it, what its references name included.
 * @param open references being written out; one that comes up again is a cycle
 * @returns the schema, and the references that are open inside it
 */
export const mergeAllOf = (
  root: JsonObject,
  schema: JsonObject,
  open: readonly string[],
): { merged: JsonObject; inside: readonly string[] } => {
  const { allOf, ...beside } = schema;
  const inside = new Set(open);
  const parts = asSchemas(allOf).map((part) => {
    const reference = part['$ref'];
    if (typeof reference !== 'string') return part;
    const target = inside.has(reference) ? undefined : resolvePointer(root, reference);
    inside.add(reference);
    return target ?? anyObject();
  });
  return { merged: mergeAll([...parts, beside], 0), inside: [...inside] };
};

/** `const` as an enumeration of one; exclusive bounds as inclusive ones, exact for whole numbers. */
export const plainKeywords = (schema: JsonObject): JsonObject => {
  const { const: only, exclusiveMinimum, exclusiveMaximum, ...node } = schema;
  if (only !== undefined) node['enum'] = [only];
  const step = schema['type'] === 'integer' ? 1 : 0;
  const above = bound(exclusiveMinimum, node['minimum'], step);
  const below = bound(exclusiveMaximum, node['maximum'], -step);
  if (above !== undefined) node['minimum'] = Math.max(above, numeric(node['minimum']) ?? -Infinity);
  if (below !== undefined) node['maximum'] = Math.min(below, numeric(node['maximum']) ?? Infinity);
  return node;
};

const numeric = (value: JsonValue | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

/** A number by itself, or `true` beside the inclusive bound, as JSON Schema draft 4 wrote it. */
const bound = (
  exclusive: JsonValue | undefined,
  inclusive: JsonValue | undefined,
  step: number,
): number | undefined => {
  const limit = exclusive === true ? numeric(inclusive) : numeric(exclusive);
  return limit === undefined ? undefined : limit + step;
};
