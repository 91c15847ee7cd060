// What the service is told.
// docs: https://docs.litellm.ai/docs/adding_provider/generic_guardrail_api, read 2026-11-21
import {
  textsOfRequest,
  textsOfResponse,
  type AssistantPart,
  type ChatRequest,
  type ChatResponse,
  type ContentPart,
  type FunctionTool,
  type GuardrailContext,
  type JsonObject,
  type PlacedText,
} from '@turnpike/plugin-sdk';
import type { Settings } from './settings.js';

type Part = ContentPart | AssistantPart;

export const requestPayload = (request: ChatRequest, context: GuardrailContext, settings: Settings): JsonObject => {
  const parts = request.messages.flatMap<Part>(({ content }) => content);
  return payload('request', textsOfRequest(request), parts, context, settings, {
    structured_messages: request.messages.map(({ role, content }) => ({
      role,
      content: structured(content, settings),
    })),
    tools: request.tools?.flatMap((tool) => (tool.type === 'function' ? [toolOf(tool)] : [])) ?? [],
  });
};

export const responsePayload = (response: ChatResponse, context: GuardrailContext, settings: Settings): JsonObject => {
  const parts = response.choices.flatMap(({ content }) => content);
  return payload('response', textsOfResponse(response), parts, context, settings, {});
};

/** Texts beside the arguments of tool calls, which travel as `tool_calls`. */
export const isSentAsText = ({ kind }: Pick<PlacedText, 'kind'>): boolean => kind !== 'argument';

const payload = (
  inputType: 'request' | 'response',
  texts: readonly PlacedText[],
  parts: readonly Part[],
  context: GuardrailContext,
  { additional_provider_specific_params, send_images, exclude_payload_fields, extra_headers }: Settings,
  more: JsonObject,
): JsonObject => {
  const fields: JsonObject = {
    texts: texts.filter(isSentAsText).map(({ text }) => text),
    ...(send_images ? { images: parts.flatMap(imageOf) } : {}),
    tool_calls: parts.flatMap(toolCallOf),
    ...more,
    request_data: callerOf(context),
    ...(extra_headers ? { request_headers: headersOf(context, extra_headers) } : {}),
    additional_provider_specific_params: { ...additional_provider_specific_params, ...context.parameters },
  };
  const excluded: ReadonlySet<string> = new Set(exclude_payload_fields);
  return {
    ...Object.fromEntries(Object.entries(fields).filter(([name]) => !excluded.has(name))),
    input_type: inputType,
    litellm_call_id: context.callId,
    litellm_trace_id: traceOf(context),
  };
};

/** Null where it is not known. */
const callerOf = (context: GuardrailContext): JsonObject => ({
  user_api_key_hash: context.keyHash || null,
  user_api_key_alias: context.keyAlias || null,
  user_api_key_user_id: context.userId || null,
  user_api_key_team_id: context.teamId || null,
  user_api_key_team_alias: context.teamAlias || null,
  user_api_key_org_id: context.organizationId || null,
  user_api_key_end_user_id: context.endUser || null,
});

const headersOf = (context: GuardrailContext, names: readonly string[]): JsonObject => {
  const headers: JsonObject = {};
  for (const name of names) {
    const value = context.header(name);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
};

/** Calls of one conversation may have one trace. */
const traceOf = ({ metadata, callId }: GuardrailContext): string => {
  const { trace_id: trace } = metadata;
  return typeof trace === 'string' && trace !== '' ? trace : callId;
};

const imageOf = (part: Part): string[] => {
  if (part.type !== 'image') return [];
  const image = part.url ?? part.data;
  return image === undefined ? [] : [image];
};

const toolCallOf = (part: Part): JsonObject[] =>
  part.type === 'tool-call'
    ? [{ id: part.id, type: 'function', function: { name: part.name, arguments: part.arguments } }]
    : [];

const toolOf = ({ name, description, parameters }: FunctionTool): JsonObject => ({
  type: 'function',
  function: { name, ...(description ? { description } : {}), ...(parameters ? { parameters } : {}) },
});

/** Texts alone are one string, as most services expect it. */
const structured = (parts: readonly Part[], { send_images }: Settings): string | JsonObject[] => {
  const shown = parts.flatMap<JsonObject>((part) => {
    if (part.type === 'text' || part.type === 'refusal') return [{ type: 'text', text: part.text }];
    if (part.type !== 'image') return [];
    const image = part.url ?? (part.data === undefined ? undefined : `data:${part.mediaType};base64,${part.data}`);
    return image === undefined ? [] : [{ type: 'image_url', image_url: { url: send_images ? image : '[omitted]' } }];
  });
  return shown.every(({ type }) => type === 'text') ? shown.map(({ text }) => String(text)).join('\n') : shown;
};
