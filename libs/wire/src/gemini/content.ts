// Message parts → Gemini's parts.
import {
  isJsonObject,
  type AssistantPart,
  type AudioPart,
  type ContentPart,
  type FilePart,
  type ImagePart,
  type JsonObject,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { parseClientJson } from '../json-depth.js';
import { defined } from './json.js';

/** Documented stand-in for a thought signature that got lost on the way. */
const SIGNATURE_STAND_IN = 'skip_thought_signature_validator';

/** Empty texts are left out: Gemini refuses them. */
export const toGeminiParts = (content: readonly ContentPart[]): JsonObject[] =>
  content.flatMap((part): JsonObject[] => {
    if (part.type !== 'text') return [toMedia(part)];
    return part.text === '' ? [] : [{ text: part.text }];
  });

const EXTENSIONS: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  aac: 'audio/aac',
  m4a: 'audio/mp4',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mpeg: 'video/mpeg',
};

const typeByExtension = (url: string): string | undefined =>
  EXTENSIONS[/\.([a-z0-9]{2,5})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? ''];

const DEFAULT_TYPES = { image: 'image/jpeg', audio: 'audio/wav', file: undefined } as const;

/** Data goes inline; an address (https, gs, a file kept at Google, a video) is Google's to fetch. */
const toMedia = (part: ImagePart | AudioPart | FilePart): JsonObject => {
  if (part.data !== undefined) {
    const mimeType = part.mediaType ?? DEFAULT_TYPES[part.type] ?? 'application/octet-stream';
    return { inlineData: { mimeType, data: part.data } };
  }
  const fileUri = part.url ?? part.fileId;
  if (!fileUri) throw invalidRequest(`A part of type '${part.type}' has neither data nor an address.`, 'messages');
  const mimeType = part.mediaType ?? typeByExtension(fileUri) ?? DEFAULT_TYPES[part.type];
  return { fileData: defined({ fileUri, mimeType }) };
};

/**
 * An assistant's turn. Reasoning is left out: Gemini does not want its summaries back, and other models' are not its
 * own; what it needs to go on is in the signatures.
 * @param path of the message, for errors
 */
export const toGeminiTurn = (content: readonly AssistantPart[], path: string): JsonObject[] =>
  content.flatMap((part): JsonObject[] => {
    switch (part.type) {
      case 'text':
        if (part.text === '' && !part.signature) return [];
        return [defined({ text: part.text, thoughtSignature: part.signature })];
      case 'refusal':
        return part.text === '' ? [] : [{ text: part.text }];
      case 'reasoning':
        return [];
      case 'tool-call':
        return [
          defined({
            functionCall: defined({ id: part.id || undefined, name: part.name, args: parseArguments(part, path) }),
            thoughtSignature: part.signature,
          }),
        ];
      case 'image':
        return [toMedia(part)];
      case 'audio':
        return part.data === undefined ? [] : [toMedia(part)];
    }
  });

const parseArguments = (call: { name: string; arguments: string }, path: string): JsonObject => {
  let value: unknown;
  try {
    value = parseClientJson(call.arguments || '{}');
  } catch {
    value = undefined;
  }
  if (isJsonObject(value)) return value;
  throw invalidRequest(`The arguments of the call to '${call.name}' are not a JSON object.`, `${path}.tool_calls`);
};

/** Gives the first call of each run of calls a signature when it has none; later ones of the run need none. */
export const withSignatures = (parts: readonly JsonObject[]): JsonObject[] =>
  parts.map((part, index) => {
    const isFirstCall = part['functionCall'] !== undefined && parts[index - 1]?.['functionCall'] === undefined;
    return isFirstCall && part['thoughtSignature'] === undefined
      ? { ...part, thoughtSignature: SIGNATURE_STAND_IN }
      : part;
  });
