// A chat request in no vendor's words. Wire bricks translate from and to it.
import type { JsonObject, JsonValue } from './json.js';

export interface ChatRequest {
  /** The name the client asked for; the call's own `model` names the upstream's. */
  model: string;
  messages: Message[];
  stream: boolean;
  /** The client wants a usage chunk at the end of the stream. */
  includeUsage: boolean;
  /** Upper bound of generated tokens, reasoning included. */
  maxOutputTokens?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
  /** How many answers; absent means 1. */
  n?: number;
  /** Never empty when present. */
  stop?: string[];
  logprobs?: boolean;
  topLogprobs?: number;
  tools?: Tool[];
  toolChoice?: ToolChoice;
  parallelToolCalls?: boolean;
  responseFormat?: ResponseFormat;
  reasoning?: ReasoningOptions;
  /** The caller's own name for its end user. */
  user?: string;
  /**
   * Whatever else the client sent, in OpenAI's spelling where OpenAI has the field. A provider refuses (or drops) the
   * OpenAI parameters its upstream lacks and passes names it does not know.
   */
  extras: JsonObject;
}

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** `effort` and `budgetTokens` may both be absent: then reasoning is on at the upstream's own measure. */
export interface ReasoningOptions {
  effort?: ReasoningEffort;
  /** Tokens that reasoning may use; 0 switches it off, -1 lets the model decide. */
  budgetTokens?: number;
  /** Ask for the reasoning text (or its summary) in the answer. */
  includeText?: boolean;
}

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json' }
  | { type: 'json-schema'; name: string; schema: JsonObject; strict?: boolean; description?: string };

export type ToolChoice = { type: 'auto' } | { type: 'none' } | { type: 'required' } | { type: 'tool'; name: string };

export type Tool = FunctionTool | NativeTool;

export interface FunctionTool {
  type: 'function';
  name: string;
  description?: string;
  /** JSON Schema of the arguments; absent means no arguments. */
  parameters?: JsonObject;
  strict?: boolean;
  cacheControl?: JsonObject;
}

/** A tool that only one dialect has (web search, code execution, custom grammar …), as the client wrote it. */
export interface NativeTool {
  type: 'native';
  dialect: 'openai' | 'anthropic' | 'gemini';
  definition: JsonObject;
}

export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export interface SystemMessage {
  role: 'system';
  content: TextPart[];
  /** The client called it `developer`; hosts that know the role get it back. */
  isDeveloper?: boolean;
  name?: string;
}

export interface UserMessage {
  role: 'user';
  content: ContentPart[];
  name?: string;
}

export interface AssistantMessage {
  role: 'assistant';
  content: AssistantPart[];
  name?: string;
}

/** The result of one tool call. */
export interface ToolMessage {
  role: 'tool';
  toolCallId: string;
  content: ContentPart[];
  /** The tool's name, where the client's dialect carries it. */
  name?: string;
  isError?: boolean;
}

export type ContentPart = TextPart | ImagePart | AudioPart | FilePart;

/** What a model writes, in the order it wrote it. */
export type AssistantPart = TextPart | RefusalPart | ReasoningPart | ToolCallPart | ImagePart | AudioPart;

export interface TextPart {
  type: 'text';
  text: string;
  cacheControl?: JsonObject;
  /** Citations of this text, in OpenAI's annotation shape. */
  annotations?: JsonObject[];
  /** Opaque token that the same provider wants back with this part (Gemini thought signatures). */
  signature?: string;
}

export interface RefusalPart {
  type: 'refusal';
  text: string;
}

/** A model's reasoning. `signature` and `redacted` are opaque and only mean something to the provider that made them. */
export interface ReasoningPart {
  type: 'reasoning';
  text: string;
  signature?: string;
  /** Encrypted reasoning without readable text. */
  redacted?: string;
}

export interface ToolCallPart {
  type: 'tool-call';
  id: string;
  name: string;
  /** JSON text exactly as the model wrote it; `{}` when it wrote none. */
  arguments: string;
  signature?: string;
}

/** Exactly one of `url` and `data` (base64, no prefix) is present; `fileId` names a file kept at the provider. */
interface MediaSource {
  url?: string;
  data?: string;
  fileId?: string;
  /** RFC 2046 type such as `image/png`; present whenever `data` is. */
  mediaType?: string;
}

export interface ImagePart extends MediaSource {
  type: 'image';
  /** OpenAI's `low`, `high` or `auto`. */
  detail?: string;
  cacheControl?: JsonObject;
}

export interface AudioPart extends MediaSource {
  type: 'audio';
  /** Identifies earlier generated audio, for assistant turns. */
  id?: string;
  transcript?: string;
  expiresAt?: number;
}

export interface FilePart extends MediaSource {
  type: 'file';
  filename?: string;
  title?: string;
  cacheControl?: JsonObject;
}

/** Log probabilities in OpenAI's shape: `{content: [{token, logprob, bytes, top_logprobs}], refusal}`. */
export type Logprobs = { content?: JsonValue; refusal?: JsonValue };
