// Secrets inside values of any shape: a masked copy that is safe to write anywhere.
import { isSecretName, mayBeNumeric } from './redact.names.js';
import { MASK, redactText } from './redact.text.js';

const MAX_DEPTH = 10;
/** Of one value, all levels together. */
const MAX_NODES = 10_000;

interface Walk {
  /** Objects between the root and here, to tell a cycle from a value that occurs twice. */
  readonly path: Set<object>;
  nodes: number;
}

/** A getter may throw, and so may `toJSON`. */
const attempt = (read: () => unknown): unknown => {
  try {
    return read();
  } catch {
    return '[unreadable]';
  }
};

const copyNamed = (name: string, value: unknown, walk: Walk, depth: number): unknown => {
  const saysNothing = value === null || value === undefined || value === '' || typeof value === 'boolean';
  if (saysNothing || !isSecretName(name)) return copy(value, walk, depth);
  return typeof value === 'number' && !mayBeNumeric(name) ? value : MASK;
};

const copyEntries = (entries: Iterable<readonly [string, () => unknown]>, walk: Walk, depth: number): object => {
  const copied: [string, unknown][] = [];
  for (const [name, read] of entries) {
    if (walk.nodes >= MAX_NODES) {
      copied.push(['…', '[truncated]']);
      break;
    }
    copied.push([redactText(name), copyNamed(name, attempt(read), walk, depth + 1)]);
  }
  return Object.fromEntries(copied);
};

const copyList = (items: Iterable<unknown>, walk: Walk, depth: number): unknown[] => {
  const copied: unknown[] = [];
  for (const item of items) {
    if (walk.nodes >= MAX_NODES) {
      copied.push('[truncated]');
      break;
    }
    copied.push(copy(item, walk, depth + 1));
  }
  return copied;
};

const readers = (value: object, names: Iterable<string>): [string, () => unknown][] =>
  [...names].map((name) => [name, () => (value as Record<string, unknown>)[name]]);

/** What an error has besides its own enumerable properties, which are copied too. */
const ERROR_NAMES = ['name', 'message', 'code', 'stack', 'cause', 'errors'];

const namesOfError = (error: Error): string[] => [
  ...new Set([...ERROR_NAMES.filter((name) => attempt(() => name in error) === true), ...Object.keys(error)]),
];

const copyObject = (value: object, walk: Walk, depth: number): unknown => {
  if (value instanceof Error) return copyEntries(readers(value, namesOfError(value)), walk, depth);
  if (Array.isArray(value) || value instanceof Set) return copyList(value, walk, depth);
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)].map(([key, item]): [string, () => unknown] => [
      String(key),
      (): unknown => item,
    ]);
    return copyEntries(entries, walk, depth);
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof RegExp) return redactText(String(value));
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return copy(toJSON.call(value), walk, depth + 1);
  return copyEntries(readers(value, Object.keys(value)), walk, depth);
};

const copy = (value: unknown, walk: Walk, depth: number): unknown => {
  walk.nodes += 1;
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'number': {
      const text = String(value);
      const masked = redactText(text);
      return masked === text ? value : masked;
    }
    case 'bigint':
      return redactText(String(value));
    case 'symbol':
      return redactText(String(value));
    case 'function':
      return '[function]';
    case 'object': {
      if (value === null) return null;
      if (walk.path.has(value)) return '[circular]';
      if (depth >= MAX_DEPTH) return '[too deep]';
      walk.path.add(value);
      const copied = attempt(() => copyObject(value, walk, depth));
      walk.path.delete(value);
      return copied;
    }
    default:
      return value;
  }
};

/**
 * A copy made of plain JSON-able data, secrets replaced by `***`: values of telling names, keys, texts, errors with
 * their causes. Cycles, depth beyond 10 and size beyond 10,000 nodes are cut and say so. Never throws.
 */
export const redactValue = (value: unknown): unknown => copy(value, { path: new Set(), nodes: 0 }, 0);

/** Headers as an object, `Headers` or pairs; names keep their case. */
export const redactHeaders = (
  headers: Readonly<Record<string, unknown>> | Iterable<readonly [string, string]>,
): Record<string, unknown> => {
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  const walk: Walk = { path: new Set(), nodes: 0 };
  return Object.fromEntries(entries.map(([name, value]) => [redactText(name), copyNamed(name, value, walk, 1)]));
};
