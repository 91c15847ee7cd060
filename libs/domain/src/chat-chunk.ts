// One step of a streamed chat answer. A stream is `start`, then deltas, `finish` per choice, and `usage` when known.
import type { Logprobs } from './chat-request.js';
import type { FinishReason } from './chat-response.js';
import type { JsonObject } from './json.js';
import type { Usage } from './usage.js';

export type ChatChunk =
  | StartChunk
  | TextDeltaChunk
  | ReasoningDeltaChunk
  | ReasoningSignatureChunk
  | RefusalDeltaChunk
  | ToolCallStartChunk
  | ToolCallDeltaChunk
  | LogprobsChunk
  | AnnotationsChunk
  | ImageChunk
  | AudioDeltaChunk
  | FinishChunk
  | UsageChunk;

/** Always first, exactly once. */
export interface StartChunk {
  type: 'start';
  id: string;
  model: string;
  /** Unix seconds. */
  created: number;
  systemFingerprint?: string;
  serviceTier?: string;
  /** What is already known of the usage when the stream opens (Anthropic tells the input). */
  usage?: Usage;
}

export interface TextDeltaChunk {
  type: 'text-delta';
  choice: number;
  text: string;
}

export interface ReasoningDeltaChunk {
  type: 'reasoning-delta';
  choice: number;
  text: string;
}

/** Ends one reasoning block: its signature, or the whole block when it is `redacted`. */
export interface ReasoningSignatureChunk {
  type: 'reasoning-signature';
  choice: number;
  signature?: string;
  redacted?: string;
}

export interface RefusalDeltaChunk {
  type: 'refusal-delta';
  choice: number;
  text: string;
}

/** `index` counts the tool calls of this choice from 0, in the order they begin. */
export interface ToolCallStartChunk {
  type: 'tool-call-start';
  choice: number;
  index: number;
  id: string;
  name: string;
  signature?: string;
}

/** A piece of the arguments' JSON text. A call without arguments still gets one delta, `{}`. */
export interface ToolCallDeltaChunk {
  type: 'tool-call-delta';
  choice: number;
  index: number;
  arguments: string;
}

/** Log probabilities of the text delta before it. */
export interface LogprobsChunk {
  type: 'logprobs';
  choice: number;
  logprobs: Logprobs;
}

export interface AnnotationsChunk {
  type: 'annotations';
  choice: number;
  annotations: JsonObject[];
}

export interface ImageChunk {
  type: 'image';
  choice: number;
  mediaType: string;
  /** base64 */
  data: string;
}

/** OpenAI's `delta.audio` object, passed along. */
export interface AudioDeltaChunk {
  type: 'audio-delta';
  choice: number;
  audio: JsonObject;
}

export interface FinishChunk {
  type: 'finish';
  choice: number;
  reason: FinishReason;
  native?: string;
}

/** Cumulative; a later one replaces an earlier one. */
export interface UsageChunk {
  type: 'usage';
  usage: Usage;
}
