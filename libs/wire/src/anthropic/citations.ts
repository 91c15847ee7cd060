// Citations: Anthropic hangs them on a text block; OpenAI lists annotations with positions in the whole text.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';

/**
 * One citation → one annotation, `url_citation` for what has an address and `file_citation` for documents.
 * `start` and `end` delimit the cited text within the whole message, in UTF-16 units. Anthropic's own fields stay.
 */
const fromAnthropicCitation = (citation: JsonObject, start: number, end: number): JsonObject => {
  const type = typeof citation['url'] === 'string' ? 'url_citation' : 'file_citation';
  return { type, [type]: { ...citation, start_index: start, end_index: end } };
};

export const fromAnthropicCitations = (
  citations: JsonValue | undefined,
  start: number,
  end: number,
): JsonObject[] | undefined =>
  Array.isArray(citations) && citations.length > 0
    ? citations.filter(isJsonObject).map((citation) => fromAnthropicCitation(citation, start, end))
    : undefined;

/** An annotation of any provider → a citation; undefined for kinds that Anthropic has no place for. */
export const toAnthropicCitation = (annotation: JsonObject): JsonObject | undefined => {
  const described = annotation['url_citation'] ?? annotation['file_citation'];
  if (!isJsonObject(described)) return undefined;
  const { start_index: _start, end_index: _end, ...citation } = described;
  if (typeof citation['type'] === 'string') return citation;
  if (typeof citation['url'] !== 'string') return undefined;
  return {
    type: 'web_search_result_location',
    url: citation['url'],
    title: citation['title'] ?? null,
    cited_text: citation['cited_text'] ?? '',
    encrypted_index: '',
  };
};

export const toAnthropicCitations = (annotations: readonly JsonObject[] | undefined): JsonObject[] | undefined => {
  const citations = annotations?.map(toAnthropicCitation).filter((citation) => citation !== undefined);
  return citations && citations.length > 0 ? citations : undefined;
};
