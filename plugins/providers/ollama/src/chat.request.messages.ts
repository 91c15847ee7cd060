// Messages → Ollama's: text is one string, pictures stand beside it, arguments are objects.
import {
  invalidRequest,
  isJsonObject,
  parseClientJson,
  type AssistantPart,
  type ContentPart,
  type JsonObject,
  type JsonValue,
  type Message,
  type ToolCallPart,
} from '@turnpike/plugin-sdk';
import type { OllamaMessage, OllamaToolCall } from './wire.js';

/** @throws GW_INVALID_REQUEST naming the message that holds what Ollama cannot be given */
export const toOllamaMessages = (messages: readonly Message[]): OllamaMessage[] => {
  const names = toolNames(messages);
  return messages.map((message, index) => {
    const path = `messages[${index}]`;
    switch (message.role) {
      case 'assistant':
        return toAssistant(message.content, path);
      case 'tool': {
        const name = names.get(message.toolCallId) ?? message.name;
        return {
          role: 'tool',
          ...toContent(message.content, path),
          ...(name ? { tool_name: name } : {}),
          tool_call_id: message.toolCallId,
        };
      }
      case 'system':
      case 'user':
        return { role: message.role, ...toContent(message.content, path) };
    }
  });
};

/** A result names its call by id; Ollama's templates want the tool's name. */
const toolNames = (messages: readonly Message[]): ReadonlyMap<string, string> =>
  new Map(
    messages.flatMap((message) =>
      message.role === 'assistant'
        ? message.content.filter((part) => part.type === 'tool-call').map(({ id, name }) => [id, name] as const)
        : [],
    ),
  );

const toContent = (parts: readonly ContentPart[], path: string): Pick<OllamaMessage, 'content' | 'images'> => {
  const images: string[] = [];
  const texts: string[] = [];
  for (const part of parts) {
    if (part.type === 'text') texts.push(part.text);
    else images.push(toImage(part, path));
  }
  return { content: texts.join('\n'), ...(images.length > 0 ? { images } : {}) };
};

const toImage = (part: Exclude<ContentPart | AssistantPart, { type: 'text' }>, path: string): string => {
  if (part.type !== 'image') throw invalidRequest(`Ollama takes text and images, no ${part.type}.`, `${path}.content`);
  if (part.data !== undefined) return part.data;
  throw invalidRequest(
    'Ollama takes images as data only: send a data URL (data:image/png;base64,…) instead of a link.',
    `${path}.content`,
  );
};

const toAssistant = (parts: readonly AssistantPart[], path: string): OllamaMessage => {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const images: string[] = [];
  const calls: OllamaToolCall[] = [];
  for (const part of parts) {
    if (part.type === 'text' || part.type === 'refusal') texts.push(part.text);
    else if (part.type === 'reasoning') thoughts.push(part.text);
    else if (part.type === 'tool-call') calls.push(toToolCall(part, calls.length, path));
    else images.push(toImage(part, path));
  }
  return {
    role: 'assistant',
    content: texts.join(''),
    ...(thoughts.some((thought) => thought !== '') ? { thinking: thoughts.join('') } : {}),
    ...(images.length > 0 ? { images } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
};

const toToolCall = (part: ToolCallPart, index: number, path: string): OllamaToolCall => ({
  id: part.id,
  function: { index, name: part.name, arguments: toArguments(part.arguments, `${path}.tool_calls[${index}]`) },
});

const toArguments = (text: string, path: string): JsonObject => {
  let value: JsonValue;
  try {
    value = parseClientJson(text || '{}');
  } catch {
    value = null;
  }
  if (isJsonObject(value)) return value;
  throw invalidRequest(`'${path}.function.arguments' must be the text of a JSON object.`, `${path}.function.arguments`);
};
