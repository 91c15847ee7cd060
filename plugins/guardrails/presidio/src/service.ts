// Presidio's analyzer and anonymizer, and the places of their findings.
// docs: https://microsoft.github.io/presidio/api-docs/api-docs.html
import {
  askService,
  isJsonObject,
  ServiceFailure,
  type Finding,
  type HttpClient,
  type JsonObject,
  type JsonValue,
} from '@turnpike/plugin-sdk';
import type { Settings } from './index.js';

export interface Entity extends Finding {
  readonly entity: string;
  /** As the analyzer told it. */
  readonly told: JsonObject;
}

const trimmed = (base: string): string => base.replace(/\/+$/, '');

/** In UTF-16 places of the text. @throws ServiceFailure */
export const analyze = async (
  http: HttpClient,
  text: string,
  language: string,
  settings: Settings,
  signal: AbortSignal,
): Promise<Entity[]> => {
  const { pii_entities_config, presidio_score_thresholds, presidio_entities_deny_list } = settings;
  const answer = await askService(http, {
    url: `${trimmed(settings.presidio_analyzer_api_base)}/analyze`,
    body: {
      text,
      language,
      ...(pii_entities_config ? { entities: Object.keys(pii_entities_config) } : {}),
    },
    signal,
  });
  if (!Array.isArray(answer)) throw unclear('no list');
  const places = placesOf(text);
  return answer.flatMap((told) => {
    const { entity_type: entity, start, end, score } = fieldsOf(told);
    const lowest = presidio_score_thresholds?.[entity] ?? presidio_score_thresholds?.['ALL'] ?? 0;
    if (score < lowest || presidio_entities_deny_list?.includes(entity)) return [];
    return [{ entity, start: places(start), end: places(end), told: told as JsonObject }];
  });
};

/** @throws ServiceFailure */
export const anonymize = async (
  http: HttpClient,
  base: string,
  text: string,
  entities: readonly Entity[],
  signal: AbortSignal,
): Promise<string> => {
  const answer = await askService(http, {
    url: `${trimmed(base)}/anonymize`,
    body: { text, analyzer_results: entities.map(({ told }) => told) },
    signal,
  });
  const anonymous = isJsonObject(answer) ? answer['text'] : undefined;
  if (typeof anonymous !== 'string') throw unclear('no text');
  return anonymous;
};

const fieldsOf = (told: JsonValue): { entity_type: string; start: number; end: number; score: number } => {
  if (!isJsonObject(told)) throw unclear('a finding that is none');
  const { entity_type, start, end, score } = told;
  if (typeof entity_type !== 'string' || !isPlace(start) || !isPlace(end) || end <= start) {
    throw unclear('a finding without place');
  }
  return { entity_type, start, end, score: typeof score === 'number' ? score : 1 };
};

const isPlace = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

/** Presidio counts whole characters; here those beyond U+FFFF count as two. */
const placesOf = (text: string): ((character: number) => number) => {
  if (!/[\ud800-\udfff]/.test(text)) return (character) => character;
  const places: number[] = [];
  let at = 0;
  for (const character of text) {
    places.push(at);
    at += character.length;
  }
  return (character) => places[character] ?? text.length;
};

const unclear = (what: string): ServiceFailure => new ServiceFailure(`Presidio answered with ${what}.`, false);
