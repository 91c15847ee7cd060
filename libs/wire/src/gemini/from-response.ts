// Body of `generateContent` → ChatResponse.
import {
  isJsonObject,
  type AssistantPart,
  type ChatChoice,
  type ChatResponse,
  type JsonObject,
  type JsonValue,
  type Usage,
} from '@turnpike/domain';
import { ANSWERED_WITH_ERROR, unreadable } from '../faults.js';
import { fromGeminiInnerError } from './errors.js';
import { blockReason, fromGeminiFinishReason } from './finish-reason.js';
import { billedSearches, fromGrounding, sumOfKnown } from './grounding.js';
import { textOf } from './json.js';
import { fromGeminiLogprobs } from './logprobs.js';
import { readPieces, toolCallId, type Piece } from './pieces.js';
import { fromGeminiUsage } from './usage.js';

/**
 * A prompt that Google refused is answered with nothing, for the reason `content-filter`.
 * @throws GW_UPSTREAM_INVALID_RESPONSE, or what an error inside the body means
 */
export const fromGeminiResponse = (body: JsonValue): ChatResponse => {
  if (!isJsonObject(body)) throw unreadable('it is not an object');
  if (body['error']) throw fromGeminiInnerError(body['error'], ANSWERED_WITH_ERROR);
  const candidates = candidatesOf(body);
  const head = fromGeminiHead(body);
  const refused = blockReason(body['promptFeedback']);
  if (candidates.length === 0 && refused === undefined) throw unreadable("it has no 'candidates'");
  const extras = toExtras(body, candidates);
  return {
    ...head,
    choices:
      candidates.length > 0
        ? candidates.map((candidate, position) => fromCandidate(candidate, position, head.id))
        : [{ index: 0, content: [], finishReason: 'content-filter', nativeFinishReason: refused }],
    usage: readGeminiUsage(body),
    ...(Object.keys(extras).length > 0 ? { extras } : {}),
  };
};

/** What an answer and each event of a stream begin with. */
export const fromGeminiHead = (body: JsonObject): { id: string; model: string; created: number } => {
  const created = Date.parse(textOf(body['createTime']) ?? '');
  return {
    id: textOf(body['responseId']) ?? '',
    model: textOf(body['modelVersion']) ?? '',
    created: Math.floor((Number.isNaN(created) ? Date.now() : created) / 1_000),
  };
};

export const candidatesOf = ({ candidates }: JsonObject): JsonObject[] =>
  Array.isArray(candidates) ? candidates.filter(isJsonObject) : [];

export const indexOf = (candidate: JsonObject, position: number): number =>
  typeof candidate['index'] === 'number' ? candidate['index'] : position;

const fromCandidate = (candidate: JsonObject, position: number, responseId: string): ChatChoice => {
  const index = indexOf(candidate, position);
  const parts = isJsonObject(candidate['content']) ? candidate['content']['parts'] : [];
  const content = toContent(readPieces(parts), (call) => toolCallId(responseId, index, call));
  const text = content.find((part) => part.type === 'text');
  const all = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const annotations = fromGrounding(candidate['groundingMetadata'], all);
  if (text && annotations.length > 0) text.annotations = annotations;
  const word = textOf(candidate['finishReason']) ?? '';
  const hasToolCalls = content.some((part) => part.type === 'tool-call');
  return {
    index,
    content,
    finishReason: fromGeminiFinishReason(word, hasToolCalls, textOf(candidate['finishMessage'])),
    ...(word ? { nativeFinishReason: word } : {}),
    logprobs: fromGeminiLogprobs(candidate['logprobsResult']),
  };
};

/**
 * Pieces of a kind that follow each other are one part.
 * @param idOf the id of the nth call, for calls that have none
 */
export const toContent = (pieces: readonly Piece[], idOf: (call: number) => string): AssistantPart[] => {
  const content: AssistantPart[] = [];
  let calls = 0;
  for (const piece of pieces) {
    const last = content.at(-1);
    if (piece.type === 'tool-call') content.push({ ...piece, id: piece.id ?? idOf(calls++) });
    else if (piece.type === 'media') content.push(toMediaPart(piece));
    else if (last?.type === piece.type && (last.type !== 'reasoning' || last.signature === undefined)) {
      last.text += piece.text;
      if (piece.signature) last.signature = piece.signature;
    } else content.push({ ...piece });
  }
  return content;
};

const toMediaPart = ({ mediaType, data }: Extract<Piece, { type: 'media' }>): AssistantPart => ({
  type: mediaType.startsWith('audio/') ? 'audio' : 'image',
  mediaType,
  data,
});

/** Usage of a whole answer, searches included. */
export const readGeminiUsage = (body: JsonValue): Usage | undefined => {
  if (!isJsonObject(body)) return undefined;
  const model = textOf(body['modelVersion']) ?? '';
  const searches = candidatesOf(body).map((candidate) => billedSearches(candidate['groundingMetadata'], model));
  return fromGeminiUsage(body['usageMetadata'], sumOfKnown(searches));
};

/** What each candidate tells beside its content, under the names LiteLLM's clients read. */
const EXTRAS: readonly (readonly [string, string])[] = [
  ['groundingMetadata', 'vertex_ai_grounding_metadata'],
  ['urlContextMetadata', 'vertex_ai_url_context_metadata'],
  ['safetyRatings', 'vertex_ai_safety_results'],
  ['citationMetadata', 'vertex_ai_citation_metadata'],
];

const toExtras = (body: JsonObject, candidates: readonly JsonObject[]): JsonObject => {
  const extras: JsonObject = {};
  for (const [field, name] of EXTRAS) {
    const told = candidates.map((candidate) => candidate[field]).filter((value) => value !== undefined);
    if (told.length > 0) extras[name] = told;
  }
  if (body['promptFeedback'] !== undefined) extras['promptFeedback'] = body['promptFeedback'];
  return extras;
};
