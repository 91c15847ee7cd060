// YAML text → plain values that remember the line each was written on.
import type { JsonObject, JsonValue } from '@turnpike/domain';
import { isJsonObject } from '@turnpike/domain';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type YAMLMap } from 'yaml';
import type { Diagnostics } from './diagnostics.js';
import type { Place, Places } from './places.js';

/** Aliases may multiply what a small file says; these hold far more than any real configuration. */
const MAX_VALUES = 250_000;
const MAX_DEPTH = 64;
/** One slip often makes the parser complain many times. */
const MAX_SYNTAX_ERRORS = 3;

class TooLarge extends Error {}

interface Sink {
  places: Places;
  diagnostics: Diagnostics;
}

/**
 * Reads one YAML (or JSON) document. Duplicate keys warn and the last one wins, `<<` merges, anchors are copied.
 *
 * @param file the name shown in messages
 * @returns undefined when the text is not valid (the problem is in `diagnostics`); null when it holds nothing
 */
export const parseYaml = (text: string, file: string, { places, diagnostics }: Sink): JsonValue | undefined => {
  const lines = new LineCounter();
  let document;
  try {
    document = parseDocument(text, { uniqueKeys: false, lineCounter: lines, prettyErrors: false });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    diagnostics.fail('is nested too deeply.', file);
    return undefined;
  }
  for (const { message, code, pos } of document.errors.slice(0, MAX_SYNTAX_ERRORS)) {
    const { line, col } = lines.linePos(pos[0]);
    const remedy = code === 'TAB_AS_INDENT' ? 'Indent with spaces' : 'Correct the YAML there';
    diagnostics.fail(`${message}. ${remedy}.`, `${file}:${line}:${col}`);
  }
  if (document.errors.length > 0) return undefined;
  for (const { message, pos } of document.warnings) {
    diagnostics.warn('value', `${message}; the value is read without it.`, `${file}:${lines.linePos(pos[0]).line}`);
  }
  const reader = new Reader((offset) => ({ file, line: lines.linePos(offset).line }), places, diagnostics);
  try {
    return reader.read(document.contents, 0);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    diagnostics.fail(error.message, file);
    return undefined;
  }
};

class Reader {
  readonly #anchors = new Map<string, Node>();
  #values = 0;

  constructor(
    private readonly placeOf: (offset: number) => Place,
    private readonly places: Places,
    private readonly diagnostics: Diagnostics,
  ) {}

  read(node: unknown, depth: number): JsonValue {
    this.#values += 1;
    if (this.#values > MAX_VALUES)
      throw new TooLarge(`holds more than ${MAX_VALUES} values once aliases are expanded.`);
    if (depth > MAX_DEPTH)
      throw new TooLarge(`is nested deeper than ${MAX_DEPTH} levels, or an alias contains itself.`);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target) return this.read(target, depth + 1);
      this.diagnostics.fail(`The alias *${node.source} has no anchor before it.`, this.#where(node));
      return null;
    }
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    }
    if (isMap(node)) return this.#readMap(node, depth);
    if (isSeq(node)) {
      const list: JsonValue[] = [];
      node.items.forEach((item, index) => {
        list.push(this.read(item, depth + 1));
        this.places.mark(list, index, this.#place(item));
      });
      return list;
    }
    return isScalar(node) ? scalarValue(node.value, node.source) : null;
  }

  #readMap(node: YAMLMap, depth: number): JsonObject {
    const map: JsonObject = {};
    const own = new Set<string>();
    const merged: JsonObject[] = [];
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? keyText(key.value, key.source) : undefined;
      if (name === undefined || name === '__proto__') {
        this.diagnostics.fail('A key must be plain text here.', this.#where(isNode(key) ? key : node));
        continue;
      }
      if (name === '<<') {
        const source = this.read(value, depth + 1);
        merged.push(...(Array.isArray(source) ? source : [source]).filter(isJsonObject));
        continue;
      }
      const place = this.#place(key);
      if (own.has(name)) {
        const before = this.places.at(map, name);
        this.diagnostics.warn(
          'duplicate',
          `'${name}' is written twice, first on line ${before?.line}; the last one is used.`,
          place && `${place.file}:${place.line}`,
        );
      }
      own.add(name);
      map[name] = this.read(value, depth + 1);
      this.places.mark(map, name, place);
    }
    for (const source of merged) {
      for (const [name, value] of Object.entries(source)) {
        if (Object.hasOwn(map, name)) continue;
        map[name] = value;
        this.places.mark(map, name, this.places.at(source, name));
      }
    }
    return map;
  }

  #place(node: unknown): Place | undefined {
    const offset = isNode(node) ? node.range?.[0] : undefined;
    return offset === undefined ? undefined : this.placeOf(offset);
  }

  #where(node: unknown): string | undefined {
    const place = this.#place(node);
    return place && `${place.file}:${place.line}`;
  }
}

const isNode = (value: unknown): value is Node => isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);

/** JSON has no infinities: those stay as they were written. */
const scalarValue = (value: unknown, source: string | undefined): JsonValue => {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return value === null ? null : (source ?? null);
};

const keyText = (value: unknown, source: string | undefined): string | undefined => {
  const key = scalarValue(value, source);
  return typeof key === 'object' ? undefined : String(key);
};
