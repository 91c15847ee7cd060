// What an answer calls itself: its id when the provider gave none, its model when the operator wants the asked name.
import type { Recalled } from '../pipeline/exchange.js';

export interface AnswerNames {
  /** For an answer without an id of its own. */
  readonly id: string;
  /** Replaces the upstream's model name. */
  readonly model: string | undefined;
}

export const namesOf = ({ front, callId, model, snapshot }: Recalled): AnswerNames => ({
  id: `${front.operation === 'completions' ? 'cmpl' : 'chatcmpl'}-${callId}`,
  model: snapshot.config.requests.restampModel ? model : undefined,
});
