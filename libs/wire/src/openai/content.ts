// Message content: OpenAI's parts ⇄ domain parts.
import type {
  AssistantPart,
  AudioPart,
  ContentPart,
  FilePart,
  ImagePart,
  JsonObject,
  JsonValue,
  ReasoningPart,
  TextPart,
} from '@turnpike/domain';
import { isJsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { objectAt, optionalObject, optionalString, requiredString } from '../fields.js';
import { audioFormatToMediaType, mediaTypeToAudioFormat, parseDataUrl, toDataUrl } from '../media.js';

/** `"text"` or `[{type: 'text' | 'image_url' | 'input_audio' | 'file', …}]` → parts; null and absent → none. */
export const fromOpenAiContent = (content: JsonValue | undefined, path: string): ContentPart[] => {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalidRequest(`'${path}' must be a string or an array of parts.`, path);
  return content.map((part, index) => fromOpenAiPart(objectAt(part, `${path}[${index}]`), `${path}[${index}]`));
};

/** The same where only text is allowed (system messages). */
export const fromOpenAiText = (content: JsonValue | undefined, path: string): TextPart[] =>
  fromOpenAiContent(content, path).map((part) => {
    if (part.type === 'text') return part;
    throw invalidRequest(`'${path}' may only hold text.`, path);
  });

const cacheControl = (part: JsonObject, path: string): { cacheControl?: JsonObject } => {
  const value = optionalObject(part, 'cache_control', `${path}.cache_control`);
  return value ? { cacheControl: value } : {};
};

const fromOpenAiPart = (part: JsonObject, path: string): ContentPart => {
  const type = requiredString(part, 'type', `${path}.type`);
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: requiredString(part, 'text', `${path}.text`), ...cacheControl(part, path) };
    case 'refusal':
      return { type: 'text', text: requiredString(part, 'refusal', `${path}.refusal`) };
    case 'image_url':
      return fromImageUrl(part, path);
    case 'input_audio': {
      const audio = objectAt(part['input_audio'], `${path}.input_audio`);
      return {
        type: 'audio',
        data: requiredString(audio, 'data', `${path}.input_audio.data`),
        mediaType: audioFormatToMediaType(requiredString(audio, 'format', `${path}.input_audio.format`)),
      };
    }
    case 'file':
      return fromFile(part, path);
  }
  throw invalidRequest(`'${path}.type' is '${type}', which is no known kind of content.`, `${path}.type`);
};

const fromImageUrl = (part: JsonObject, path: string): ImagePart => {
  const value = part['image_url'];
  const image: JsonObject = typeof value === 'string' ? { url: value } : objectAt(value, `${path}.image_url`);
  const url = requiredString(image, 'url', `${path}.image_url.url`);
  const detail = optionalString(image, 'detail', `${path}.image_url.detail`);
  return {
    type: 'image',
    ...(parseDataUrl(url) ?? { url }),
    ...(detail ? { detail } : {}),
    ...cacheControl(part, path),
  };
};

const fromFile = (part: JsonObject, path: string): FilePart => {
  const file = objectAt(part['file'], `${path}.file`);
  const fileId = optionalString(file, 'file_id', `${path}.file.file_id`);
  const data = optionalString(file, 'file_data', `${path}.file.file_data`);
  const filename = optionalString(file, 'filename', `${path}.file.filename`);
  if (!fileId && !data) throw invalidRequest(`'${path}.file' needs 'file_data' or 'file_id'.`, `${path}.file`);
  const source = data
    ? (parseDataUrl(data) ?? (/^https?:/.test(data) ? { url: data } : { data, mediaType: 'application/pdf' }))
    : { fileId };
  return { type: 'file', ...source, ...(filename ? { filename } : {}), ...cacheControl(part, path) };
};

/** Parts → OpenAI content: a plain string for a single text without markers, which every host reads. */
export const toOpenAiContent = (parts: readonly ContentPart[]): JsonValue => {
  const [first] = parts;
  if (first === undefined) return '';
  if (parts.length === 1 && first.type === 'text' && !first.cacheControl) return first.text;
  return parts.map(toOpenAiPart);
};

/** @throws GW_INVALID_REQUEST for media that only the provider keeping it could read */
const toOpenAiPart = (part: ContentPart): JsonObject => {
  const marker: JsonObject = 'cacheControl' in part && part.cacheControl ? { cache_control: part.cacheControl } : {};
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text, ...marker };
    case 'image':
      if (part.data === undefined && part.url === undefined) throw outOfReach('An image');
      return {
        type: 'image_url',
        image_url: { url: mediaUrl(part), ...(part.detail ? { detail: part.detail } : {}) },
        ...marker,
      };
    case 'audio':
      if (part.data === undefined) throw outOfReach('Audio');
      return {
        type: 'input_audio',
        input_audio: { data: part.data, format: mediaTypeToAudioFormat(part.mediaType ?? 'audio/wav') },
      };
    case 'file':
      return {
        type: 'file',
        file: part.fileId
          ? { file_id: part.fileId }
          : { file_data: mediaUrl(part), ...(part.filename ? { filename: part.filename } : {}) },
        ...marker,
      };
  }
};

const outOfReach = (what: string): Error =>
  invalidRequest(`${what} that is kept elsewhere cannot be sent to this provider. Send its data.`, 'messages');

const mediaUrl = (part: ImagePart | FilePart | AudioPart): string =>
  part.data === undefined ? (part.url ?? '') : toDataUrl(part.mediaType ?? 'application/octet-stream', part.data);

/**
 * An assistant turn's fields → parts, in the order reasoning, text, refusal, tool calls: the order models write in.
 * Reads the reasoning spellings in use: `thinking_blocks`, `reasoning_content`, `reasoning`, `reasoning_details`, and
 * parts of the content.
 */
export const fromOpenAiAssistant = (message: JsonObject, path: string): AssistantPart[] => {
  const parts: AssistantPart[] = [...fromReasoning(message)];
  const content = message['content'];
  const written = Array.isArray(content) ? content.filter((part) => !isReasoningContent(part)) : content;
  if (Array.isArray(content)) parts.push(...content.filter(isReasoningContent).flatMap(fromReasoningContent));
  for (const part of fromOpenAiContent(written, `${path}.content`)) {
    if (part.type === 'text' || part.type === 'image' || part.type === 'audio') parts.push(part);
    else
      throw invalidRequest(`'${path}.content' may not hold a ${part.type} in an assistant message.`, `${path}.content`);
  }
  if (isJsonObject(message['provider_specific_fields'])) {
    const signature = message['provider_specific_fields']['thought_signature'];
    const last = parts.at(-1);
    if (typeof signature === 'string' && last?.type === 'text') last.signature = signature;
  }
  const refusal = optionalString(message, 'refusal', `${path}.refusal`);
  if (refusal) parts.push({ type: 'refusal', text: refusal });
  parts.push(...fromImages(message['images'], `${path}.images`));
  const audio = message['audio'];
  if (isJsonObject(audio) && typeof audio['id'] === 'string') parts.push({ type: 'audio', id: audio['id'] });
  const calls = message['tool_calls'] ?? [];
  if (!Array.isArray(calls)) throw invalidRequest(`'${path}.tool_calls' must be an array.`, `${path}.tool_calls`);
  calls.forEach((call, index) =>
    parts.push(fromToolCall(objectAt(call, `${path}.tool_calls[${index}]`), `${path}.tool_calls[${index}]`)),
  );
  const legacy = message['function_call'];
  if (isJsonObject(legacy)) {
    const name = requiredString(legacy, 'name', `${path}.function_call.name`);
    parts.push({ type: 'tool-call', id: legacyCallId(name), name, arguments: argumentsText(legacy['arguments']) });
  }
  return parts;
};

/** Pictures a model made, as OpenRouter and LiteLLM write them: `[{image_url: {url}}]`. */
export const fromImages = (value: JsonValue | undefined, path: string): ImagePart[] =>
  Array.isArray(value)
    ? value.map((entry, index) => fromImageUrl(objectAt(entry, `${path}[${index}]`), `${path}[${index}]`))
    : [];

/** Deprecated function calls carry no id; the name stands in, as a function message answers by name. */
export const legacyCallId = (name: string): string => `call_${name}`;

const fromReasoning = (message: JsonObject): AssistantPart[] => {
  const blocks = message['thinking_blocks'];
  if (Array.isArray(blocks) && blocks.length > 0) {
    return blocks.filter(isJsonObject).map((block) => ({
      type: 'reasoning',
      text: typeof block['thinking'] === 'string' ? block['thinking'] : '',
      ...(typeof block['signature'] === 'string' && block['signature'] ? { signature: block['signature'] } : {}),
      ...(block['type'] === 'redacted_thinking' && typeof block['data'] === 'string'
        ? { redacted: block['data'] }
        : {}),
    }));
  }
  const text = reasoningText(message) || textOfDetails(message['reasoning_details']);
  return text === '' ? [] : [{ type: 'reasoning', text }];
};

/** `reasoning_content` on most hosts, `reasoning` on Groq, OpenRouter, Ollama and others. */
export const reasoningText = ({ reasoning_content: content, reasoning }: JsonObject): string =>
  typeof content === 'string' && content !== '' ? content : typeof reasoning === 'string' ? reasoning : '';

/** `[{text} | {summary}]`, which OpenRouter sends beside the text and MiniMax instead of it. */
const textOfDetails = (details: JsonValue | undefined): string =>
  (Array.isArray(details) ? details : [])
    .filter(isJsonObject)
    .map(({ text, summary }) => text ?? summary)
    .filter((text) => typeof text === 'string')
    .join('');

/** Mistral and Databricks write reasoning as parts of the content. */
export const isReasoningContent = (part: JsonValue): part is JsonObject =>
  isJsonObject(part) && (part['type'] === 'thinking' || part['type'] === 'reasoning');

/** `{thinking: "…" | [{text}]}` or `{summary: [{text, signature}]}` → reasoning parts. */
export const fromReasoningContent = (part: JsonObject): ReasoningPart[] => {
  const pieces = part['thinking'] ?? part['summary'];
  const list: JsonValue[] = Array.isArray(pieces) ? pieces : [{ text: pieces }];
  return list.filter(isJsonObject).flatMap((piece) => {
    const { text, signature } = piece;
    if (typeof text !== 'string' || (text === '' && typeof signature !== 'string')) return [];
    return [{ type: 'reasoning', text, ...(typeof signature === 'string' ? { signature } : {}) }];
  });
};

/** Some hosts write the arguments as an object, or null. */
export const argumentsText = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);

const fromToolCall = (call: JsonObject, path: string): AssistantPart => {
  const signature = thoughtSignature(call);
  const described = call['type'] === 'custom' ? call['custom'] : call['function'];
  const body = objectAt(described, `${path}.function`);
  return {
    type: 'tool-call',
    id: optionalString(call, 'id', `${path}.id`) ?? '',
    name: requiredString(body, 'name', `${path}.function.name`),
    arguments: argumentsText(body['arguments'] ?? body['input']) || '{}',
    ...(signature ? { signature } : {}),
  };
};

/** Google's compat shape `extra_content.google.thought_signature`, or LiteLLM's `provider_specific_fields`. */
export const thoughtSignature = (call: JsonObject): string | undefined => {
  const extra = call['extra_content'];
  const google = isJsonObject(extra) ? (extra['google'] ?? extra['vertex']) : undefined;
  const fields = isJsonObject(google) ? google : call['provider_specific_fields'];
  const value = isJsonObject(fields) ? fields['thought_signature'] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** What an assistant wrote → the fields of OpenAI's message, answer or history alike. */
export const toOpenAiAssistant = (parts: readonly AssistantPart[]): JsonObject => {
  const message: JsonObject = { role: 'assistant', content: null };
  const text = parts.filter((part) => part.type === 'text');
  if (text.length > 0) message['content'] = text.map((part) => part.text).join('');
  const annotations = text.flatMap((part) => part.annotations ?? []);
  if (annotations.length > 0) message['annotations'] = annotations;
  const signature = text.find((part) => part.signature)?.signature;
  if (signature) message['provider_specific_fields'] = { thought_signature: signature };

  const reasoning = parts.filter((part) => part.type === 'reasoning');
  if (reasoning.length > 0) {
    message['reasoning_content'] = reasoning.map((part) => part.text).join('');
    if (reasoning.some((part) => part.signature ?? part.redacted)) {
      message['thinking_blocks'] = reasoning.map((part) =>
        part.redacted
          ? { type: 'redacted_thinking', data: part.redacted }
          : { type: 'thinking', thinking: part.text, ...(part.signature ? { signature: part.signature } : {}) },
      );
    }
  }
  const refusal = parts.filter((part) => part.type === 'refusal');
  if (refusal.length > 0) message['refusal'] = refusal.map((part) => part.text).join('');
  const images = parts.filter((part) => part.type === 'image');
  if (images.length > 0) {
    message['images'] = images.map((part) => ({ type: 'image_url', image_url: { url: mediaUrl(part) } }));
  }
  const audio = parts.find((part) => part.type === 'audio');
  if (audio) {
    message['audio'] = {
      id: audio.id ?? '',
      ...(audio.data === undefined
        ? {}
        : { data: audio.data, expires_at: audio.expiresAt ?? 0, transcript: audio.transcript ?? '' }),
    };
  }
  const calls = parts.filter((part) => part.type === 'tool-call');
  if (calls.length > 0) {
    message['tool_calls'] = calls.map((part) => ({
      id: part.id,
      type: 'function',
      function: { name: part.name, arguments: part.arguments },
      ...(part.signature ? signatureFields(part.signature) : {}),
    }));
  }
  return message;
};

export const signatureFields = (signature: string): JsonObject => ({
  extra_content: { google: { thought_signature: signature } },
});
