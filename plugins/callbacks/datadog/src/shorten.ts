// Makes a payload small enough that its JSON stays whole, the largest parts first.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/plugin-sdk';

/** As JSON inside JSON, text takes up to six times its length: `\u0000` is `\\u0000`. */
const MAX_PART = 10_000;
/** Of the payload as JSON, quotes escaped once more. */
const MAX_PAYLOAD = 700_000;

/** Parts of parts are looked at where people may put whatever they like. */
const PARTED = new Set(['metadata', 'hidden_params']);

/** Content, and what clients attach to it: cut to text with a mark at its end until the whole is small enough. */
export const shortened = (payload: JsonObject): JsonObject => {
  const copy: JsonObject = { ...payload };
  for (const name of PARTED) if (isJsonObject(copy[name])) copy[name] = { ...copy[name] };
  const parts = [copy, ...[...PARTED].map((name) => copy[name]).filter(isJsonObject)].flatMap((holder) =>
    Object.entries(holder)
      .filter(([name]) => !(holder === copy && PARTED.has(name)))
      .map(([name, value]) => ({ holder, name, size: sizeOf(value) })),
  );
  let total = parts.reduce((sum, { size }) => sum + size, 0);
  for (const { holder, name, size } of parts.sort((a, b) => b.size - a.size)) {
    if (total <= MAX_PAYLOAD) break;
    holder[name] = cut(holder[name]);
    total -= size - sizeOf(holder[name]);
  }
  return copy;
};

/** Bytes in a message: JSON, written into JSON. */
const sizeOf = (value: JsonValue | undefined): number =>
  value === undefined ? 0 : Buffer.byteLength(JSON.stringify(JSON.stringify(value)));

const cut = (value: JsonValue | undefined): JsonValue => {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  if (text.length <= MAX_PART) return value ?? null;
  return `${text.slice(0, MAX_PART).toWellFormed()}… (${text.length - MAX_PART} more characters)`;
};
