// Anthropic message → ChatResponse.
import { isJsonObject, type AssistantPart, type ChatResponse, type JsonObject, type JsonValue } from '@turnpike/domain';
import { ANSWERED_WITH_ERROR, toInnerError, unreadable } from '../faults.js';
import { fromAnthropicCitations } from './citations.js';
import { fromAnthropicStopReason } from './finish-reason.js';
import { fromThinking, toArguments } from './from-content.js';
import { JSON_TOOL_NAME } from './json-tool.js';
import { fromAnthropicServiceTier } from './service-tier.js';
import { fromAnthropicUsage } from './usage.js';

const READ: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'usage',
]);

/** @throws GW_UPSTREAM_INVALID_RESPONSE, or the error that came in a 200 */
export const fromAnthropicResponse = (body: JsonValue): ChatResponse => {
  if (isJsonObject(body) && body['type'] === 'error') {
    throw toInnerError({ error: body['error'] ?? {} }, ANSWERED_WITH_ERROR);
  }
  if (!isJsonObject(body) || !Array.isArray(body['content'])) throw unreadable("it has no 'content'");
  const { content, serverBlocks } = fromBlocks(body['content'].filter(isJsonObject));
  const word = typeof body['stop_reason'] === 'string' ? body['stop_reason'] : '';
  const hasToolCalls = content.some((part) => part.type === 'tool-call');
  const serviceTier = fromAnthropicServiceTier(isJsonObject(body['usage']) ? body['usage']['service_tier'] : undefined);
  const extras = toExtras(body, serverBlocks);
  return {
    id: typeof body['id'] === 'string' ? body['id'] : '',
    model: typeof body['model'] === 'string' ? body['model'] : '',
    created: Math.floor(Date.now() / 1_000),
    choices: [
      {
        index: 0,
        content,
        finishReason: fromAnthropicStopReason(word, hasToolCalls),
        ...(word ? { nativeFinishReason: word } : {}),
      },
    ],
    usage: fromAnthropicUsage(body['usage']),
    ...(serviceTier ? { serviceTier } : {}),
    ...(Object.keys(extras).length > 0 ? { extras } : {}),
  };
};

/** Text blocks that follow each other are one text: the API splits it where citations and server tools begin. */
const fromBlocks = (blocks: readonly JsonObject[]): { content: AssistantPart[]; serverBlocks: JsonObject[] } => {
  const content: AssistantPart[] = [];
  const serverBlocks: JsonObject[] = [];
  let written = 0;
  const write = (text: string, citations?: JsonValue): void => {
    const annotations = fromAnthropicCitations(citations, written, written + text.length);
    written += text.length;
    if (text === '') return;
    let last = content.at(-1);
    if (last?.type === 'text') last.text += text;
    else content.push((last = { type: 'text', text }));
    if (annotations) last.annotations = [...(last.annotations ?? []), ...annotations];
  };
  for (const block of blocks) {
    switch (block['type']) {
      case 'text':
        write(typeof block['text'] === 'string' ? block['text'] : '', block['citations']);
        break;
      case 'thinking':
        content.push(fromThinking(block));
        break;
      case 'redacted_thinking':
        content.push({ type: 'reasoning', text: '', redacted: typeof block['data'] === 'string' ? block['data'] : '' });
        break;
      case 'tool_use':
        if (block['name'] === JSON_TOOL_NAME) write(toArguments(block['input']));
        else content.push(fromToolUse(block));
        break;
      default:
        serverBlocks.push(block);
    }
  }
  return { content, serverBlocks };
};

const fromToolUse = (block: JsonObject): AssistantPart => {
  if (typeof block['id'] !== 'string' || typeof block['name'] !== 'string') {
    throw unreadable('a tool call has no id or no name');
  }
  return { type: 'tool-call', id: block['id'], name: block['name'], arguments: toArguments(block['input']) };
};

/** `container`, `stop_details` …, and what the server's own tools did, which is no call of the client's. */
const toExtras = (body: JsonObject, serverBlocks: JsonObject[]): JsonObject => {
  const extras: JsonObject = {};
  for (const [key, value] of Object.entries(body)) if (!READ.has(key) && value !== null) extras[key] = value;
  if (serverBlocks.length > 0) extras['provider_specific_fields'] = { server_tool_blocks: serverBlocks };
  return extras;
};
