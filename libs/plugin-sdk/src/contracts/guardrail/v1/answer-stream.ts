// A guardrail's look at an answer that comes in pieces.
import type { ChatChunk } from '@turnpike/domain';
import type { GuardrailBlock, MaskedCounts } from './guardrail.js';

/** What may be sent now, in order; a block ends the stream, and is a plain 400 when nothing was sent before it. */
export type StreamVerdict = readonly ChatChunk[] | GuardrailBlock;

/**
 * One streamed answer. However it is cut into chunks, what passes in the end says what `check` makes of the whole; until
 * then no piece passes that a later one could have changed. It holds back what it must and no more, and never without
 * bound: when it cannot go on it throws. At once, without waiting: what has to ask somebody needs the whole answer.
 */
export interface AnswerStreamV1 {
  push(chunk: ChatChunk): StreamVerdict;
  /** The answer is complete: what was held back. */
  end(): StreamVerdict;
  /** So far. */
  readonly masked?: MaskedCounts;
}
