// `contents` and `systemInstruction` → messages.
import {
  isJsonObject,
  type ContentPart,
  type JsonObject,
  type JsonValue,
  type Message,
  type ToolMessage,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { toContent } from './from-response.js';
import { either, textOf } from './json.js';
import { readPieces } from './pieces.js';

/** Google reads a lone object where it documents an array. */
const listOf = (value: JsonValue | undefined): JsonValue[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

/** @throws GW_INVALID_REQUEST naming the turn at fault */
export const fromGeminiContents = (contents: JsonValue, systemInstruction: JsonValue | undefined): Message[] => {
  const conversation = new Conversation();
  const system = textsOf(systemInstruction);
  if (system.length > 0) {
    conversation.messages.push({ role: 'system', content: system.map((text) => ({ type: 'text', text })) });
  }
  listOf(contents).forEach((turn, index) => conversation.add(turn, `contents[${index}]`));
  return conversation.messages;
};

const textsOf = (value: JsonValue | undefined): string[] => {
  if (typeof value === 'string') return [value];
  if (!isJsonObject(value)) return [];
  return listOf(value['parts']).flatMap((part) => (isJsonObject(part) ? (textOf(part['text']) ?? []) : []));
};

class Conversation {
  readonly messages: Message[] = [];
  /** Calls that no result has come for yet. */
  private open: { id: string; name: string }[] = [];
  private calls = 0;

  add(turn: JsonValue, path: string): void {
    if (!isJsonObject(turn)) throw invalidRequest(`'${path}' must be an object.`, path);
    const parts = listOf(turn['parts']).filter(isJsonObject);
    const role = turn['role'] ?? 'user';
    if (role === 'model') return this.model(parts);
    if (role !== 'user' && role !== 'function') {
      throw invalidRequest(`'${path}.role' must be 'user' or 'model'.`, `${path}.role`);
    }
    const content: ContentPart[] = [];
    parts.forEach((part, index) => {
      const response = either(part, 'functionResponse');
      if (isJsonObject(response)) this.messages.push(this.result(response, `${path}.parts[${index}]`));
      else content.push(...toContentParts(part, `${path}.parts[${index}]`));
    });
    if (content.length > 0) this.messages.push({ role: 'user', content });
  }

  private model(parts: readonly JsonObject[]): void {
    const content = toContent(readPieces([...parts]), () => `call_${this.calls++}`);
    this.open = content.flatMap((part) => (part.type === 'tool-call' ? [{ id: part.id, name: part.name }] : []));
    this.messages.push({ role: 'assistant', content });
  }

  private result(response: JsonObject, path: string): ToolMessage {
    const name = textOf(response['name']);
    if (!name) throw invalidRequest(`'${path}.functionResponse.name' is required.`, `${path}.functionResponse.name`);
    const media = listOf(response['parts']).filter(isJsonObject);
    const { content, ...outcome } = resultOf(response['response']);
    return {
      role: 'tool',
      toolCallId: textOf(response['id']) ?? this.answered(name),
      name,
      content: [...content, ...media.flatMap((part) => toContentParts(part, path))],
      ...outcome,
    };
  }

  /** The id of the first call of this function that waits for its result. */
  private answered(name: string): string {
    const at = this.open.findIndex((call) => call.name === name);
    return this.open.splice(at, at === -1 ? 0 : 1)[0]?.id ?? `call_${name}`;
  }
}

/** `{result}` and `{output}` hold what a tool said, `{error}` what went wrong; anything else is the result itself. */
const resultOf = (response: JsonValue | undefined): { content: ContentPart[]; isError?: boolean } => {
  if (!isJsonObject(response)) return { content: [] };
  const [key, ...others] = Object.keys(response);
  const only = others.length === 0 && key !== undefined ? response[key] : undefined;
  if (typeof only === 'string' && (key === 'result' || key === 'output')) return { content: toText(only) };
  if (typeof only === 'string' && key === 'error') return { content: toText(only), isError: true };
  return { content: toText(JSON.stringify(response)) };
};

const toText = (text: string): ContentPart[] => [{ type: 'text', text }];

const kindOf = (mediaType: string): 'image' | 'audio' | 'file' =>
  mediaType.startsWith('image/') ? 'image' : mediaType.startsWith('audio/') ? 'audio' : 'file';

const toContentParts = (part: JsonObject, path: string): ContentPart[] => {
  const text = textOf(part['text']);
  if (text !== undefined) return text === '' ? [] : toText(text);
  const inline = either(part, 'inlineData');
  if (isJsonObject(inline)) {
    const mediaType = textOf(either(inline, 'mimeType')) ?? 'application/octet-stream';
    return [{ type: kindOf(mediaType), data: textOf(inline['data']) ?? '', mediaType }];
  }
  const file = either(part, 'fileData');
  if (isJsonObject(file)) {
    const uri = textOf(either(file, 'fileUri')) ?? '';
    const mediaType = textOf(either(file, 'mimeType'));
    const source = /^[a-z]+:\/\//.test(uri) ? { url: uri } : { fileId: uri };
    return [{ type: kindOf(mediaType ?? ''), ...source, ...(mediaType ? { mediaType } : {}) }];
  }
  throw invalidRequest(`'${path}' holds no kind of part that can be read.`, path);
};
