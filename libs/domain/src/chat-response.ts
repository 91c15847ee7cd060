// A whole chat answer in no vendor's words.
import type { AssistantPart, Logprobs } from './chat-request.js';
import type { JsonObject } from './json.js';
import type { Usage } from './usage.js';

/**
 * Why the model stopped. A provider's own word stays beside it as `nativeFinishReason`.
 * `stop` end of turn or stop sequence · `length` token limit · `tool-calls` wants tools run · `content-filter` blocked.
 */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter';

export interface ChatResponse {
  /** The provider's id of the answer; empty when it has none. */
  id: string;
  /** The upstream's name of the model that answered. */
  model: string;
  /** Unix seconds. */
  created: number;
  choices: ChatChoice[];
  usage?: Usage;
  systemFingerprint?: string;
  serviceTier?: string;
  /** Top-level fields with no counterpart here, in the upstream's spelling (citations, search results …). */
  extras?: JsonObject;
}

export interface ChatChoice {
  index: number;
  content: AssistantPart[];
  finishReason: FinishReason;
  nativeFinishReason?: string;
  logprobs?: Logprobs;
}
