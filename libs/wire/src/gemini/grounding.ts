// What an answer from a search rests on: `groundingMetadata` ⇄ citations in OpenAI's shape.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { defined, textOf } from './json.js';
import { geminiModelFacts } from './model.js';

const objects = (value: JsonValue | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

const numberOf = (value: JsonValue | undefined): number => (typeof value === 'number' ? value : 0);

/** `{web: {uri, title}}` or `{maps: …}`; other chunks are documents without a public address. */
const sourceOf = (chunk: JsonObject | undefined): { url: string; title: string } | undefined => {
  const source = chunk?.['web'] ?? chunk?.['maps'];
  if (!isJsonObject(source) || typeof source['uri'] !== 'string') return undefined;
  return { url: source['uri'], title: textOf(source['title']) ?? '' };
};

/**
 * One `url_citation` for each source of each supported segment.
 * @param text the whole answer: Google counts its bytes, OpenAI its characters
 */
export const fromGrounding = (metadata: JsonValue | undefined, text: string): JsonObject[] => {
  if (!isJsonObject(metadata)) return [];
  const sources = objects(metadata['groundingChunks']).map(sourceOf);
  const bytes = Buffer.from(text, 'utf8');
  const characters = (byteOffset: number) => bytes.toString('utf8', 0, byteOffset).length;
  return objects(metadata['groundingSupports']).flatMap((support) => {
    const segment = isJsonObject(support['segment']) ? support['segment'] : {};
    const indices = Array.isArray(support['groundingChunkIndices']) ? support['groundingChunkIndices'] : [];
    const range = {
      start_index: characters(numberOf(segment['startIndex'])),
      end_index: characters(numberOf(segment['endIndex'])),
    };
    return indices.flatMap((index) => {
      const source = sources[numberOf(index)];
      return source ? [{ type: 'url_citation', url_citation: { ...range, ...source } }] : [];
    });
  });
};

/** The way back; undefined when nothing is cited. */
export const toGrounding = (annotations: readonly JsonObject[], text: string): JsonObject | undefined => {
  const citations = annotations.map((annotation) => annotation['url_citation']).filter(isJsonObject);
  if (citations.length === 0) return undefined;
  const bytes = (characterOffset: number) => Buffer.byteLength(text.slice(0, characterOffset), 'utf8');
  return {
    groundingChunks: citations.map(({ url, title }) => ({ web: defined({ uri: url, title }) })),
    groundingSupports: citations.map((citation, index) => {
      const [start, end] = [numberOf(citation['start_index']), numberOf(citation['end_index'])];
      return {
        segment: { startIndex: bytes(start), endIndex: bytes(end), text: text.slice(start, end) },
        groundingChunkIndices: [index],
      };
    }),
  };
};

/**
 * Searches that Google bills for one candidate: each query of the newest generation, one for all of them before.
 * Empty and repeated queries are free. Undefined when there was none.
 */
export const billedSearches = (metadata: JsonValue | undefined, model: string): number | undefined => {
  const queries = isJsonObject(metadata) ? metadata['webSearchQueries'] : undefined;
  const distinct = new Set(Array.isArray(queries) ? queries.filter((query) => query !== '') : []).size;
  if (distinct === 0) return undefined;
  return geminiModelFacts(model).billsSearchQueries ? distinct : 1;
};

/** Undefined when nothing is known. */
export const sumOfKnown = (counts: readonly (number | undefined)[]): number | undefined => {
  const known = counts.filter((count) => count !== undefined);
  return known.length > 0 ? known.reduce((sum, count) => sum + count) : undefined;
};
