// What both schema translations share: references, merging, and keywords that say the same in another way.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';

/** Deeper nodes become `{type: 'object'}`; Google refuses schemas far shallower than this. */
export const MAX_DEPTH = 48;

/** Enough for any schema Google accepts; stops definitions that unfold into each other without end. */
export const MAX_NODES = 5_000;

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
export const mergeSchemas = (left: JsonObject, right: JsonObject, depth = 0): JsonObject => {
  const merged: JsonObject = { ...left, ...right };
  const [ours, theirs] = [left['properties'], right['properties']];
  if (isJsonObject(ours) && isJsonObject(theirs)) {
    const properties: JsonObject = { ...ours, ...theirs };
    for (const name of Object.keys(theirs)) {
      const [one, other] = [asSchema(ours[name]), asSchema(theirs[name])];
      if (one && other && depth < MAX_DEPTH) properties[name] = mergeSchemas(one, other, depth + 1);
    }
    merged['properties'] = properties;
  }
  if (Array.isArray(left['allOf']) && Array.isArray(right['allOf'])) {
    merged['allOf'] = [...left['allOf'], ...right['allOf']];
  }
  const required = new Set([...strings(left['required']), ...strings(right['required'])]);
  if (required.size > 0) merged['required'] = [...required];
  return merged;
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
  return { merged: [...parts, beside].reduce((left, right) => mergeSchemas(left, right)), inside: [...inside] };
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
