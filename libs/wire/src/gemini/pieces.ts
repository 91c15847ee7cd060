// One part of what a model wrote → what it says, for whole answers, streams and histories alike.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { newToolCallId } from '../openai/stream-tool-calls.js';
import { either, textOf } from './json.js';

export type Piece =
  | { type: 'text' | 'reasoning'; text: string; signature?: string }
  | { type: 'tool-call'; id?: string; name: string; arguments: string; signature?: string }
  | { type: 'media'; mediaType: string; data: string };

/** Undefined for a part without a counterpart: Google's own tools at work, and whatever comes next. */
export const readPiece = (part: JsonObject): Piece | undefined => {
  const signature = textOf(either(part, 'thoughtSignature'));
  const signed = signature ? { signature } : {};
  const call = either(part, 'functionCall');
  if (isJsonObject(call)) {
    const [id, name] = [textOf(call['id']), textOf(call['name'])];
    if (!name) return undefined;
    const text = JSON.stringify(call['args'] ?? {});
    return { type: 'tool-call', ...(id ? { id } : {}), name, arguments: text, ...signed };
  }
  const text = textOf(part['text']) ?? textOfCode(part);
  if (text !== undefined) return { type: part['thought'] === true ? 'reasoning' : 'text', text, ...signed };
  const media = either(part, 'inlineData');
  // Drafts of images, shown while the model thinks, are not part of the answer.
  if (!isJsonObject(media) || part['thought'] === true) return undefined;
  return {
    type: 'media',
    mediaType: textOf(either(media, 'mimeType')) ?? 'application/octet-stream',
    data: textOf(media['data']) ?? '',
  };
};

/** Code that Google ran, and what it printed, as fenced text. */
const textOfCode = (part: JsonObject): string | undefined => {
  const code = either(part, 'executableCode');
  if (isJsonObject(code)) {
    return `\n\`\`\`${(textOf(code['language']) ?? '').toLowerCase()}\n${textOf(code['code']) ?? ''}\n\`\`\`\n`;
  }
  const result = either(part, 'codeExecutionResult');
  return isJsonObject(result) ? `\n\`\`\`\n${textOf(result['output']) ?? ''}\n\`\`\`\n` : undefined;
};

/** What the parts of a turn say, in order; pieces that say nothing are gone. */
export const readPieces = (parts: JsonValue | undefined): Piece[] =>
  (Array.isArray(parts) ? parts : [])
    .filter(isJsonObject)
    .map(readPiece)
    .filter((piece) => piece !== undefined)
    .filter((piece) => !('text' in piece) || piece.text !== '' || piece.signature !== undefined);

/**
 * Gemini gives most calls no id. Made from the answer's own id, so that the same answer has the same ids again; random
 * where the answer has none. Letters, digits, `_` and `-` only, 64 characters at most.
 */
export const toolCallId = (responseId: string, choice: number, index: number): string => {
  const stem = responseId.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 48);
  return stem === '' ? newToolCallId() : `call_${stem}_${choice}_${index}`;
};
