// Body of `generateContent` and `streamGenerateContent` → ChatRequest.
import {
  isJsonObject,
  type ChatRequest,
  type JsonObject,
  type JsonValue,
  type ResponseFormat,
  type Tool,
  type ToolChoice,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { optionalBoolean, optionalInteger, optionalNumber, optionalObject, requiredString } from '../fields.js';
import { fromGeminiContents } from './from-contents.js';
import { camelCased, nonEmpty, textOf } from './json.js';
import { fromGeminiSchema } from './schema-from.js';
import { fromGeminiThinking } from './thinking.js';

/**
 * The model's name and whether to stream come from the address.
 * @throws GW_INVALID_REQUEST naming the path of the field at fault
 */
export const fromGeminiRequest = (body: JsonObject, model: string, stream: boolean): ChatRequest => {
  const { contents, systemInstruction, tools, toolConfig, generationConfig, serviceTier, ...others } = camelCased(body);
  if (contents === undefined || contents === null) throw invalidRequest("'contents' is required.", 'contents');
  const config = camelCased(optionalObject({ generationConfig }, 'generationConfig') ?? {});
  const { functionCallingConfig, ...otherToolConfig } = camelCased(optionalObject({ toolConfig }, 'toolConfig') ?? {});
  const number = (key: string) => optionalNumber(config, key, `generationConfig.${key}`);
  const integer = (key: string) => optionalInteger(config, key, `generationConfig.${key}`);
  const read = readConfig(config);
  const { model: _, stream: __, ...unknown } = others;
  return {
    model,
    messages: fromGeminiContents(contents, systemInstruction),
    stream,
    includeUsage: true,
    maxOutputTokens: integer('maxOutputTokens'),
    temperature: number('temperature'),
    topP: number('topP'),
    topK: integer('topK'),
    frequencyPenalty: number('frequencyPenalty'),
    presencePenalty: number('presencePenalty'),
    seed: integer('seed'),
    n: integer('candidateCount'),
    stop: toStop(config['stopSequences']),
    logprobs: optionalBoolean(config, 'responseLogprobs', 'generationConfig.responseLogprobs'),
    topLogprobs: integer('logprobs'),
    tools: fromTools(tools),
    toolChoice: fromCallingConfig(functionCallingConfig),
    responseFormat: read.responseFormat,
    reasoning: fromGeminiThinking(optionalObject(config, 'thinkingConfig', 'generationConfig.thinkingConfig')),
    extras: {
      ...unknown,
      ...read.extras,
      ...nonEmpty({
        service_tier: textOf(serviceTier)?.toLowerCase(),
        generationConfig: nonEmpty(read.rest),
        toolConfig: nonEmpty(otherToolConfig),
      }),
    },
  };
};

/** Members of `generationConfig` that ChatRequest has fields for. */
const MODELLED: ReadonlySet<string> = new Set([
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'frequencyPenalty',
  'presencePenalty',
  'seed',
  'candidateCount',
  'stopSequences',
  'responseLogprobs',
  'logprobs',
  'thinkingConfig',
]);

interface ReadConfig {
  responseFormat?: ResponseFormat;
  /** In OpenAI's spelling. */
  extras: JsonObject;
  /** What has no counterpart. */
  rest: JsonObject;
}

const readConfig = (config: JsonObject): ReadConfig => {
  const rest = Object.fromEntries(Object.entries(config).filter(([key]) => !MODELLED.has(key)));
  const read: ReadConfig = { extras: {}, rest };
  const { responseMimeType, responseSchema, responseJsonSchema, responseModalities, speechConfig } = rest;
  if (responseMimeType === 'application/json' || responseMimeType === 'text/plain') {
    read.responseFormat = toFormat(responseMimeType, responseSchema, responseJsonSchema);
    for (const key of ['responseMimeType', 'responseSchema', 'responseJsonSchema']) delete rest[key];
  }
  if (Array.isArray(responseModalities)) {
    read.extras['modalities'] = responseModalities.map((name) => String(name).toLowerCase());
    delete rest['responseModalities'];
  }
  const voice = voiceOf(speechConfig);
  if (voice) {
    read.extras['audio'] = { voice, format: 'pcm16' };
    delete rest['speechConfig'];
  }
  return read;
};

const toFormat = (
  mimeType: string,
  schema: JsonValue | undefined,
  jsonSchema: JsonValue | undefined,
): ResponseFormat | undefined => {
  if (mimeType === 'text/plain') return undefined;
  if (isJsonObject(jsonSchema)) return { type: 'json-schema', name: 'response', schema: jsonSchema };
  if (isJsonObject(schema)) return { type: 'json-schema', name: 'response', schema: fromGeminiSchema(schema) };
  return { type: 'json' };
};

/** The one voice of `{voiceConfig: {prebuiltVoiceConfig: {voiceName}}}`; undefined for anything more. */
const voiceOf = (speech: JsonValue | undefined): string | undefined => {
  let value: JsonValue | undefined = speech;
  for (const key of ['voiceConfig', 'prebuiltVoiceConfig', 'voiceName']) {
    if (!isJsonObject(value) || Object.keys(value).length !== 1) return undefined;
    value = camelCased(value)[key];
  }
  return textOf(value);
};

const toStop = (value: JsonValue | undefined): string[] | undefined => {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) {
    return value.length > 0 ? value : undefined;
  }
  throw invalidRequest(
    "'generationConfig.stopSequences' must be an array of strings.",
    'generationConfig.stopSequences',
  );
};

const fromTools = (value: JsonValue | undefined): Tool[] | undefined => {
  const entries = (Array.isArray(value) ? value : [value]).filter(isJsonObject);
  const tools = entries.flatMap((entry, index): Tool[] => {
    const { functionDeclarations, ...builtIn } = camelCased(entry);
    const declared = Array.isArray(functionDeclarations) ? functionDeclarations.filter(isJsonObject) : [];
    return [
      ...declared.map((declaration) => fromDeclaration(declaration, `tools[${index}].functionDeclarations`)),
      ...Object.entries(builtIn).map(([name, settings]): Tool => ({
        type: 'native',
        dialect: 'gemini',
        definition: { [name]: settings },
      })),
    ];
  });
  return tools.length > 0 ? tools : undefined;
};

const fromDeclaration = (raw: JsonObject, path: string): Tool => {
  const declaration = camelCased(raw);
  const { description, parameters, parametersJsonSchema } = declaration;
  const schema = isJsonObject(parametersJsonSchema)
    ? parametersJsonSchema
    : isJsonObject(parameters)
      ? fromGeminiSchema(parameters)
      : undefined;
  return {
    type: 'function',
    name: requiredString(declaration, 'name', `${path}.name`),
    description: textOf(description),
    parameters: schema,
  };
};

/** `VALIDATED` leaves the choice to the model, as `AUTO` does. */
const fromCallingConfig = (value: JsonValue | undefined): ToolChoice | undefined => {
  if (!isJsonObject(value)) return undefined;
  const { mode, allowedFunctionNames: allowed } = camelCased(value);
  if (mode === 'NONE') return { type: 'none' };
  if (mode === 'AUTO' || mode === 'VALIDATED') return { type: 'auto' };
  if (mode !== 'ANY') return undefined;
  const [only, ...others] = Array.isArray(allowed) ? allowed : [];
  return typeof only === 'string' && others.length === 0 ? { type: 'tool', name: only } : { type: 'required' };
};
