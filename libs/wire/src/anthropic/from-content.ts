// Anthropic content blocks of a client's request → domain parts.
import type {
  AssistantPart,
  ContentPart,
  FilePart,
  ImagePart,
  JsonObject,
  JsonValue,
  TextPart,
} from '@turnpike/domain';
import { isJsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { objectAt, optionalObject, optionalString, requiredString } from '../fields.js';

/** `"text"` or `[{type, …}]` → blocks; null and absent → none. */
export const blocksAt = (content: JsonValue | undefined, path: string): JsonObject[] => {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalidRequest(`'${path}' must be a string or an array of blocks.`, path);
  return content.map((block, index) => objectAt(block, `${path}[${index}]`));
};

const cacheControl = (block: JsonObject, path: string): { cacheControl?: JsonObject } => {
  const value = optionalObject(block, 'cache_control', `${path}.cache_control`);
  return value ? { cacheControl: value } : {};
};

export const fromTextBlock = (block: JsonObject, path: string): TextPart => ({
  type: 'text',
  text: requiredString(block, 'text', `${path}.text`),
  ...cacheControl(block, path),
});

/** The same where only text is allowed (system prompts). */
export const fromAnthropicText = (content: JsonValue | undefined, path: string): TextPart[] =>
  blocksAt(content, path).map((block, index) => fromTextBlock(block, `${path}[${index}]`));

/** A block of a user's turn or of a tool's result. @throws GW_INVALID_REQUEST for an unknown kind */
export const fromContentBlock = (block: JsonObject, path: string): ContentPart[] => {
  const type = requiredString(block, 'type', `${path}.type`);
  switch (type) {
    case 'text':
      return [fromTextBlock(block, path)];
    case 'image':
      return [{ type: 'image', ...fromSource(block, path), ...cacheControl(block, path) }];
    case 'document':
      return fromDocument(block, path);
    case 'search_result':
      return [{ type: 'text', text: searchResultText(block, path), ...cacheControl(block, path) }];
    case 'container_upload':
      return [{ type: 'file', fileId: requiredString(block, 'file_id', `${path}.file_id`) }];
    case 'tool_reference':
      // Names a tool that the upstream's own search found; it says nothing to other models.
      return [];
  }
  throw invalidRequest(`'${path}.type' is '${type}', which is no known kind of content.`, `${path}.type`);
};

type Source = Pick<ImagePart, 'url' | 'data' | 'fileId' | 'mediaType'>;

const fromSource = (block: JsonObject, path: string): Source => {
  const at = `${path}.source`;
  const source = objectAt(block['source'], at);
  const type = requiredString(source, 'type', `${at}.type`);
  switch (type) {
    case 'base64':
      return {
        data: requiredString(source, 'data', `${at}.data`),
        mediaType: requiredString(source, 'media_type', `${at}.media_type`),
      };
    case 'text':
      return {
        data: Buffer.from(requiredString(source, 'data', `${at}.data`), 'utf8').toString('base64'),
        mediaType: optionalString(source, 'media_type', `${at}.media_type`) ?? 'text/plain',
      };
    case 'url':
      return { url: requiredString(source, 'url', `${at}.url`) };
    case 'file':
      return { fileId: requiredString(source, 'file_id', `${at}.file_id`) };
  }
  throw invalidRequest(`'${at}.type' is '${type}'; use base64, url, file or text.`, `${at}.type`);
};

/** A document is one file, or the parts it holds inline. */
const fromDocument = (block: JsonObject, path: string): ContentPart[] => {
  const source = objectAt(block['source'], `${path}.source`);
  if (source['type'] === 'content') {
    const inside = `${path}.source.content`;
    return blocksAt(source['content'], inside).flatMap((inner, index) =>
      fromContentBlock(inner, `${inside}[${index}]`),
    );
  }
  const title = optionalString(block, 'title', `${path}.title`);
  const file: FilePart = { type: 'file', ...fromSource(block, path), ...(title ? { title, filename: title } : {}) };
  return [{ ...file, ...cacheControl(block, path) }];
};

const searchResultText = (block: JsonObject, path: string): string => {
  const texts = blocksAt(block['content'], `${path}.content`).map((inner) => inner['text']);
  return [block['title'], block['source'], ...texts].filter((line) => typeof line === 'string').join('\n');
};

/** Blocks of an assistant's turn; those of the server's own tools mean nothing to another model and are left out. */
export const fromAssistantBlock = (block: JsonObject, path: string): AssistantPart[] => {
  switch (requiredString(block, 'type', `${path}.type`)) {
    case 'text':
      return [fromTextBlock(block, path)];
    case 'thinking':
      return [fromThinking(block)];
    case 'redacted_thinking':
      return [{ type: 'reasoning', text: '', redacted: requiredString(block, 'data', `${path}.data`) }];
    case 'tool_use':
      return [
        {
          type: 'tool-call',
          id: requiredString(block, 'id', `${path}.id`),
          name: requiredString(block, 'name', `${path}.name`),
          arguments: toArguments(block['input']),
        },
      ];
  }
  return [];
};

/** An empty signature is one that another provider's answer was given on its way to an Anthropic client. */
export const fromThinking = ({ thinking, signature }: JsonObject): AssistantPart => ({
  type: 'reasoning',
  text: typeof thinking === 'string' ? thinking : '',
  ...(typeof signature === 'string' && signature !== '' ? { signature } : {}),
});

export const toArguments = (input: JsonValue | undefined): string =>
  typeof input === 'string' ? input || '{}' : JSON.stringify(isJsonObject(input) ? input : {});
