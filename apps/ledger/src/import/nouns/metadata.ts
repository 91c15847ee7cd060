// Open maps of keys, teams and users. What is sealed in them there is opened where it is sealed here as well, which is what
// callbacks are opened with; elsewhere it would stand in clear, and is left out.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { isMarked, SealedValue, type OldSecrets } from '../old-secrets.js';
import type { SourceRow } from '../source-row.js';

/** @param secrets absent: nothing of it is sealed here */
export const metadataOf = (source: SourceRow, secrets?: OldSecrets): JsonObject => {
  const read = (value: JsonValue | undefined, path: string): JsonValue | undefined => {
    if (Array.isArray(value)) return value.map((item, index) => read(item, `${path}[${index}]`) ?? null);
    if (typeof value === 'string' && isMarked(value)) return readSealed(value, path);
    if (!isJsonObject(value)) return value;
    const kept: JsonObject = {};
    for (const [name, item] of Object.entries(value)) {
      const one = read(item, `${path}.${name}`);
      if (one !== undefined) kept[name] = one;
    }
    return kept;
  };
  const readSealed = (value: string, path: string): string | undefined => {
    try {
      if (secrets && IN_VARIABLES.test(path)) return secrets.open(value);
      source.note(`${path} is sealed there: left out; set it anew`);
    } catch (error) {
      if (!(error instanceof SealedValue)) throw error;
      source.note(`${path} ${error.message}: left out; set it anew`);
    }
    return undefined;
  };
  return read(source.object('metadata'), 'metadata') as JsonObject;
};

const IN_VARIABLES = /\.callback_vars\.[^.]+$/;
