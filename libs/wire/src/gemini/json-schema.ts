// JSON Schema → the near-real JSON Schema that `parametersJsonSchema` and `responseJsonSchema` take.
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import {
  anyObject,
  asSchema,
  asSchemas,
  MAX_DEPTH,
  mergeAllOf,
  NodeBudget,
  plainKeywords,
  resolvePointer,
} from './schema-nodes.js';

/** Read, or ignored without complaint. What stands nowhere in this file is left out. */
const KEPT = [
  'type',
  'format',
  'title',
  'description',
  'default',
  'enum',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minProperties',
  'maxProperties',
  'required',
  'propertyOrdering',
  '$id',
  '$anchor',
] as const;

/**
 * References to definitions stay references, so that recursive types keep their meaning; others are written out.
 * `allOf` is merged, `const` becomes `enum`, OpenAPI's `nullable` becomes a type, `definitions` becomes `$defs`. Ends
 * for any input, cycles included.
 */
export const toGeminiJsonSchema = (schema: JsonObject): JsonObject => new Translator(schema).node(schema, 0, []);

class Translator {
  private readonly budget = new NodeBudget();

  constructor(private readonly root: JsonObject) {}

  node(raw: JsonObject, depth: number, open: readonly string[]): JsonObject {
    if (depth > MAX_DEPTH || !this.budget.spend(raw)) return anyObject();
    const { $defs, definitions, ...schema } = raw;
    const sources = [definitions, $defs].filter(isJsonObject);
    const defined = sources.length > 0 ? { $defs: this.each(Object.assign({}, ...sources) as JsonObject, depth) } : {};
    return { ...this.own(schema, depth, open), ...defined };
  }

  /** The node without its definitions. */
  private own(raw: JsonObject, depth: number, open: readonly string[]): JsonObject {
    const reference = raw['$ref'];
    if (typeof reference === 'string') return this.reference(reference, depth, open);
    const parts = asSchemas(raw['allOf']);
    // Pydantic wraps a lone reference this way to put labels beside it.
    if (parts.length === 1 && parts[0]!['$ref'] !== undefined && isLabelled(raw))
      return this.node(parts[0]!, depth, open);
    if (parts.length > 0) {
      const { merged, inside } = mergeAllOf(this.root, raw, open);
      return this.node(merged, depth + 1, inside);
    }
    const schema = plainKeywords(raw);
    const node: JsonObject = {};
    for (const key of KEPT) if (schema[key] !== undefined) node[key] = schema[key];
    if (schema['nullable'] === true) allowNull(node);
    for (const key of ['anyOf', 'oneOf'] as const) {
      const branches = asSchemas(schema[key]);
      if (branches.length > 0) node[key] = branches.map((branch) => this.node(branch, depth + 1, open));
    }
    this.children(node, schema, depth, open);
    return node;
  }

  /** Google refuses any member beside a reference whose name does not begin with `$`. */
  private reference(reference: string, depth: number, open: readonly string[]): JsonObject {
    const inDefinitions = reference.replace(/^#\/definitions\//, '#/$defs/');
    if (inDefinitions.startsWith('#/$defs/')) return { $ref: inDefinitions };
    const target = open.includes(reference) ? undefined : resolvePointer(this.root, reference);
    return target ? this.node(target, depth + 1, [...open, reference]) : anyObject();
  }

  private children(node: JsonObject, schema: JsonObject, depth: number, open: readonly string[]): void {
    const child = (value: JsonObject) => this.node(value, depth + 1, open);
    if (isJsonObject(schema['properties'])) node['properties'] = this.each(schema['properties'], depth, open);
    const listed = asSchemas(Array.isArray(schema['items']) ? schema['items'] : schema['prefixItems']);
    if (listed.length > 0) node['prefixItems'] = listed.map(child);
    const items = asSchema(schema['items']);
    if (items) node['items'] = child(items);
    const additional = schema['additionalProperties'];
    if (typeof additional === 'boolean') node['additionalProperties'] = additional;
    else if (isJsonObject(additional)) node['additionalProperties'] = child(additional);
  }

  private each(schemas: JsonObject, depth: number, open: readonly string[] = []): JsonObject {
    const translated: JsonObject = {};
    for (const [name, value] of Object.entries(schemas)) {
      const schema = asSchema(value);
      if (schema) translated[name] = this.node(schema, depth + 1, open);
    }
    return translated;
  }
}

const LABELS: ReadonlySet<string> = new Set(['allOf', 'title', 'description', 'default', 'examples', 'deprecated']);

const isLabelled = (schema: JsonObject): boolean => Object.keys(schema).every((key) => LABELS.has(key));

const allowNull = (node: JsonObject): void => {
  const type = node['type'];
  if (typeof type === 'string') node['type'] = [type, 'null'];
  else if (Array.isArray(type) && !type.includes('null')) node['type'] = [...type, 'null'];
};
