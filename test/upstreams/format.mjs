/** Small things that several dialects write: ids, headers, JSON as each provider spaces it. */
import { createHash } from 'node:crypto';

/**
 * An id such as the provider gives out, the same for the same call of the same server.
 * @param {string} prefix
 * @param {string} seed
 * @param {number} [length]
 */
export const idOf = (prefix, seed, length = 24) =>
  prefix + createHash('sha256').update(seed).digest('base64').replace(/[+/=]/g, 'x').slice(0, length);

/** @param {unknown} value */
export const json = (value) => JSON.stringify(value);

/**
 * Text parts of a content field, which may be a string or a list of parts.
 * @param {unknown} content
 * @returns {string}
 */
export function textOf(content) {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (typeof part === 'string' ? part : (part?.text ?? textOf(part?.content)))).join('');
}

/**
 * The first top-level field that the provider would not know.
 * @param {Record<string, unknown>} body
 * @param {ReadonlySet<string>} known
 */
export const unknownField = (body, known) => Object.keys(body).find((name) => !known.has(name));

/** @param {string} words separated by white space */
export const wordSet = (words) => new Set(words.trim().split(/\s+/));

/**
 * A unit vector that depends on the text alone.
 * @param {string} text
 * @param {number} dimensions
 */
export function embeddingOf(text, dimensions) {
  const seed = createHash('sha256').update(text).digest();
  const values = Array.from({ length: dimensions }, (_, index) => ((seed[index % 32] ?? 0) + (index % 7) + 1) / 256);
  const norm = Math.hypot(...values);
  return values.map((value) => Math.fround(value / norm));
}

/** @param {readonly number[]} values @returns {string} little-endian 32-bit floats, base64 */
export const base64Floats = (values) => Buffer.from(Float32Array.from(values).buffer).toString('base64');
