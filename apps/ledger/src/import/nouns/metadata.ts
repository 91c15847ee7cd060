// Open maps of keys, teams and users. What is sealed in them there would stand in clear here, and is left out.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { isMarked } from '../old-secrets.js';
import type { SourceRow } from '../source-row.js';

export const metadataOf = (source: SourceRow): JsonObject => {
  const sealed: string[] = [];
  const metadata = without(source.object('metadata'), 'metadata', sealed) as JsonObject;
  for (const path of sealed) source.note(`${path} is sealed there: left out; set it anew`);
  return metadata;
};

const without = (value: JsonValue | undefined, path: string, sealed: string[]): JsonValue | undefined => {
  if (Array.isArray(value)) return value.map((item, index) => without(item, `${path}[${index}]`, sealed) ?? null);
  if (!isJsonObject(value)) return value;
  const kept: JsonObject = {};
  for (const [name, item] of Object.entries(value)) {
    if (typeof item === 'string' && isMarked(item)) sealed.push(`${path}.${name}`);
    else kept[name] = without(item, `${path}.${name}`, sealed);
  }
  return kept;
};
