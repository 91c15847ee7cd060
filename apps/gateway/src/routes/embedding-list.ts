// Embeddings in OpenAI's format as lists: an entry of `data` for each entry of `input`.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { ListAnswer, ListForm } from '../cache/list-parts.js';
import { estimateTokens } from '../upstream/estimate-usage.js';

const isTokens = (value: JsonValue): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'number');

const isThing = (value: JsonValue): boolean => typeof value === 'string' || isTokens(value);

export const embeddingList: ListForm = {
  field: 'input',
  thingsOf(input) {
    if (input === undefined) return undefined;
    if (isThing(input)) return [input];
    return Array.isArray(input) && input.length > 0 && input.every(isThing) ? input : undefined;
  },
  asking: (things) => [...things],
  weightOf: (thing) => (typeof thing === 'string' ? estimateTokens(thing.length) : (thing as number[]).length),
  read(answer) {
    if (!isJsonObject(answer) || !Array.isArray(answer['data'])) return undefined;
    const { data, usage, ...rest } = answer;
    const entries = inOrder(data);
    if (!entries) return undefined;
    const tokens = isJsonObject(usage) ? usage['prompt_tokens'] : undefined;
    return { rest, entries, tokens: typeof tokens === 'number' ? tokens : undefined };
  },
  write: ({ rest, entries, tokens = 0 }: ListAnswer) => ({
    object: 'list',
    data: entries.map(({ embedding, ...entry }, index) => ({ object: 'embedding', ...entry, index, embedding })),
    ...rest,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }),
};

/** By their `index`, without it; undefined: one is missing, or is there twice. */
const inOrder = (data: readonly JsonValue[]): JsonObject[] | undefined => {
  const entries: (JsonObject | undefined)[] = data.map(() => undefined);
  for (const [position, one] of data.entries()) {
    if (!isJsonObject(one) || (typeof one['embedding'] !== 'string' && !Array.isArray(one['embedding'])))
      return undefined;
    const { index = position, ...entry } = one;
    if (typeof index !== 'number' || !(index in entries) || entries[index]) return undefined;
    entries[index] = entry;
  }
  return entries as JsonObject[];
};
