// What was said in a call, as OpenTelemetry's conventions write messages, whatever the client's dialect.
// docs: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-input-messages.json, read 2026-11-21
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { CallFinished } from '../contracts/callback/v1/index.js';

/** `{role: 'user', parts: [{type: 'text', content: 'Hello'}]}` */
export interface GenAiMessage {
  role: string;
  parts: JsonObject[];
  finish_reason?: string;
}

/** Undefined: nothing may be told, or nothing of the kind was said. */
export const inputMessages = ({ request }: Pick<CallFinished, 'request'>): GenAiMessage[] | undefined => {
  if (!request) return undefined;
  const system = request['system'] ?? request['systemInstruction'] ?? request['system_instruction'];
  const first = system === undefined ? [] : [{ role: 'system', parts: partsOf(system) }];
  const said = request['messages'] ?? request['contents'];
  if (Array.isArray(said)) return [...first, ...said.filter(isJsonObject).map((one) => messageOf(one))];
  const prompt = request['prompt'] ?? request['input'];
  return prompt === undefined ? undefined : [...first, { role: 'user', parts: partsOf(prompt) }];
};

/** As above; vectors are none. */
export const outputMessages = ({ response }: Pick<CallFinished, 'response'>): GenAiMessage[] | undefined => {
  const choices = response?.['choices'] ?? response?.['candidates'];
  if (Array.isArray(choices)) return choices.filter(isJsonObject).map(choiceOf);
  const content = response?.['content'];
  if (content === undefined) return undefined;
  return [withReason({ role: 'assistant', parts: partsOf(content) }, response?.['stop_reason'])];
};

const choiceOf = ({ message, content, text, finish_reason: reason, finishReason }: JsonObject): GenAiMessage => {
  const said = message ?? content;
  const made = isJsonObject(said) ? messageOf(said, 'assistant') : { role: 'assistant', parts: partsOf(text) };
  return withReason(made, reason ?? finishReason);
};

const withReason = (message: GenAiMessage, reason: JsonValue | undefined): GenAiMessage =>
  typeof reason === 'string' ? { ...message, finish_reason: reason } : message;

const messageOf = (message: JsonObject, role = 'user'): GenAiMessage => {
  const { content, parts, tool_calls: calls, tool_call_id: id } = message;
  const said = typeof message['role'] === 'string' ? message['role'] : role;
  if (said === 'tool') {
    return { role: said, parts: [{ type: 'tool_call_response', id: id ?? null, response: content ?? null }] };
  }
  const called = Array.isArray(calls) ? calls.filter(isJsonObject).map(toolCallOf) : [];
  return { role: said === 'model' ? 'assistant' : said, parts: [...partsOf(content ?? parts), ...called] };
};

const toolCallOf = ({ id, function: called }: JsonObject): JsonObject => {
  const { name, arguments: given } = isJsonObject(called) ? called : {};
  return { type: 'tool_call', id: id ?? null, name: name ?? '', arguments: given ?? null };
};

const partsOf = (content: JsonValue | undefined): JsonObject[] => {
  if (content === undefined || content === null) return [];
  if (Array.isArray(content)) {
    // Tokens, which nobody reads one by one.
    if (typeof content[0] === 'number') return [{ type: 'text', content: JSON.stringify(content) }];
    return content.flatMap(partsOf);
  }
  if (!isJsonObject(content)) return [{ type: 'text', content: String(content) }];
  if (Array.isArray(content['parts'])) return partsOf(content['parts']);
  const { type, text } = content;
  if (typeof text === 'string') return [{ type: 'text', content: text }];
  if (type === 'tool_use') {
    return [
      {
        type: 'tool_call',
        id: content['id'] ?? null,
        name: content['name'] ?? '',
        arguments: content['input'] ?? null,
      },
    ];
  }
  if (type === 'tool_result') {
    const { tool_use_id: id = null, content: response = null } = content;
    return [{ type: 'tool_call_response', id, response }];
  }
  return [{ type: 'blob', ...content }];
};
