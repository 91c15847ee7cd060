// The legacy text completion: a prompt in, text out.
import type { FinishReason } from './chat-response.js';
import type { JsonObject, JsonValue } from './json.js';
import type { Usage } from './usage.js';

export interface CompletionRequest {
  model: string;
  /** Text, several texts, token ids, or several lists of token ids. */
  prompt: string | string[] | number[] | number[][];
  stream: boolean;
  includeUsage: boolean;
  maxOutputTokens?: number;
  temperature?: number;
  topP?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
  n?: number;
  stop?: string[];
  /** Repeat the prompt before the completion. */
  echo?: boolean;
  user?: string;
  extras: JsonObject;
}

export interface CompletionResponse {
  id: string;
  model: string;
  created: number;
  choices: { index: number; text: string; finishReason: FinishReason; logprobs?: JsonValue }[];
  usage?: Usage;
}

export type CompletionChunk =
  | { type: 'start'; id: string; model: string; created: number }
  | { type: 'text-delta'; choice: number; text: string }
  | { type: 'finish'; choice: number; reason: FinishReason }
  | { type: 'usage'; usage: Usage };
