// Domain parts → Anthropic content blocks.
import type { AssistantPart, ContentPart, FilePart, ImagePart, JsonObject, ToolCallPart } from '@turnpike/domain';
import { isJsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { parseClientJson } from '../json-depth.js';
import type { ParameterPolicy } from '../parameters.js';
import { reportDropped } from './dropped.js';

/** The API refuses text blocks without anything to read. */
export const isBlank = (text: string): boolean => text.trim() === '';

/** What stands for a turn without content, which the API refuses. */
export const PLACEHOLDER: JsonObject = { type: 'text', text: '.' };

const marked = (block: JsonObject, { cacheControl }: { cacheControl?: JsonObject }): JsonObject =>
  cacheControl ? { ...block, cache_control: cacheControl } : block;

/** Blank texts are left out. @throws GW_INVALID_REQUEST for content that Anthropic cannot read */
export const toAnthropicBlocks = (parts: readonly ContentPart[], path: string, policy: ParameterPolicy): JsonObject[] =>
  parts.flatMap((part, index): JsonObject[] => {
    switch (part.type) {
      case 'text':
        return isBlank(part.text) ? [] : [marked({ type: 'text', text: part.text }, part)];
      case 'image':
        if (part.detail && part.detail !== 'auto') reportDropped(policy, 'messages.image_url.detail');
        return [marked(toMediaBlock(part, `${path}[${index}]`), part)];
      case 'file':
        return [marked(toMediaBlock(part, `${path}[${index}]`), part)];
      case 'audio':
        throw invalidRequest(
          `'${path}[${index}]' is audio, which Anthropic's models do not take.`,
          `${path}[${index}]`,
        );
    }
  });

/** `image` or `document`, by what the data is rather than by what the client called it. */
const toMediaBlock = (part: ImagePart | FilePart, path: string): JsonObject => {
  const mediaType = part.data === undefined ? part.mediaType : (sniffedType(part.data) ?? part.mediaType);
  const isImage = mediaType ? mediaType.startsWith('image/') : part.type === 'image';
  const title = part.type === 'file' ? (part.title ?? part.filename) : undefined;
  return {
    type: isImage ? 'image' : 'document',
    source: toSource(part, mediaType, path),
    ...(!isImage && title ? { title } : {}),
  };
};

const toSource = (part: ImagePart | FilePart, mediaType: string | undefined, path: string): JsonObject => {
  if (part.fileId !== undefined) return { type: 'file', file_id: part.fileId };
  if (part.data === undefined) return { type: 'url', url: part.url };
  if (isPlainText(mediaType)) {
    return { type: 'text', media_type: 'text/plain', data: Buffer.from(part.data, 'base64').toString('utf8') };
  }
  if (mediaType === 'application/pdf' || mediaType?.startsWith('image/')) {
    return { type: 'base64', media_type: mediaType, data: part.data };
  }
  throw invalidRequest(
    `'${path}' is ${mediaType ?? 'of an unknown type'}; Anthropic reads images, PDF and text.`,
    path,
  );
};

const isPlainText = (mediaType: string | undefined): boolean =>
  mediaType !== undefined && (mediaType.startsWith('text/') || mediaType === 'application/json');

/** First base64 characters of the formats that Anthropic reads; it refuses data that is not what `media_type` says. */
const MAGIC: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
  ['JVBERi0', 'application/pdf'],
];

const sniffedType = (base64: string): string | undefined => MAGIC.find(([start]) => base64.startsWith(start))?.[1];

/** A tool's result. A cache marker anywhere in it marks the whole: the API knows none further inside. */
export const toToolResult = (
  id: string,
  content: readonly ContentPart[],
  isError: boolean | undefined,
  path: string,
  policy: ParameterPolicy,
): JsonObject => {
  const blocks = toAnthropicBlocks(content, path, policy);
  const marker = blocks.findLast((block) => block['cache_control'])?.['cache_control'];
  const bare = blocks.map(({ cache_control: _marker, ...block }) => block);
  const [first] = bare;
  const text = bare.length === 1 && first?.['type'] === 'text' ? first['text'] : bare;
  return {
    type: 'tool_result',
    tool_use_id: id,
    ...(bare.length > 0 ? { content: text } : {}),
    ...(isError ? { is_error: true } : {}),
    ...(marker ? { cache_control: marker } : {}),
  };
};

/** What an assistant wrote. `toId` gives a tool call the id it goes by upstream. @throws GW_INVALID_REQUEST */
export const toAssistantBlocks = (
  parts: readonly AssistantPart[],
  path: string,
  toId: (id: string) => string,
): JsonObject[] =>
  parts.flatMap((part): JsonObject[] => {
    switch (part.type) {
      case 'text':
        return isBlank(part.text) ? [] : [marked({ type: 'text', text: part.text }, part)];
      case 'refusal':
        return isBlank(part.text) ? [] : [{ type: 'text', text: part.text }];
      case 'reasoning':
        if (part.redacted !== undefined) return [{ type: 'redacted_thinking', data: part.redacted }];
        // Reasoning without a signature is another provider's, and the API takes only its own.
        return part.signature ? [{ type: 'thinking', thinking: part.text, signature: part.signature }] : [];
      case 'tool-call':
        return [{ type: 'tool_use', id: toId(part.id), name: part.name, input: toInput(part, path) }];
      case 'audio':
        if (part.transcript) return [{ type: 'text', text: part.transcript }];
        throw invalidRequest(`'${path}' holds audio without a transcript, which Anthropic's models do not take.`, path);
      case 'image':
        throw invalidRequest(`'${path}' is an assistant's and holds an image; Anthropic takes images of users.`, path);
    }
  });

const toInput = (call: ToolCallPart, path: string): JsonObject => {
  let input: unknown;
  try {
    input = isBlank(call.arguments) ? {} : parseClientJson(call.arguments);
  } catch {
    input = undefined;
  }
  if (isJsonObject(input)) return input;
  throw invalidRequest(`'${path}.tool_calls': the arguments of '${call.name}' are not a JSON object.`, path);
};
