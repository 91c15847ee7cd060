// One text of an answer that comes in pieces, on its way through a guardrail.
import type { JsonObject } from '@turnpike/domain';
import type { GuardrailBlock } from '../contracts/guardrail/v1/index.js';

export interface TextStream {
  /** @returns what may be sent now @throws AnswerBlocked */
  push(piece: string): string;
  /** The text is complete. @returns what was held back @throws AnswerBlocked */
  end(): string;
  /** Characters that are held back. */
  readonly held: number;
  /** Something else was given out than came in. */
  readonly isChanged: boolean;
}

/** Thrown where a text is read that the client must not see; made a verdict where the answer is put together. */
export class AnswerBlocked extends Error {
  override readonly name = 'AnswerBlocked';
  readonly verdict: GuardrailBlock;

  constructor(message: string, details?: JsonObject) {
    super(message);
    this.verdict = details ? { action: 'block', message, details } : { action: 'block', message };
  }
}

/** A text that is there as a whole. */
export const passThrough = (stream: TextStream, text: string): string => stream.push(text) + stream.end();

/** Passes as it comes. */
export const untouchedText = (): TextStream => ({ push: (piece) => piece, end: () => '', held: 0, isChanged: false });

/** All of it is held back, and changed at its end. */
export const heldText = (change: (text: string) => string): TextStream => {
  let text = '';
  let isChanged = false;
  return {
    push(piece) {
      text += piece;
      return '';
    },
    end() {
      const changed = change(text);
      isChanged = changed !== text;
      text = '';
      return changed;
    },
    get held() {
      return text.length;
    },
    get isChanged() {
      return isChanged;
    },
  };
};

/** What the first gives out goes through the second. */
export const inTurn = (first: TextStream, second: TextStream): TextStream => ({
  push: (piece) => second.push(first.push(piece)),
  end: () => second.push(first.end()) + second.end(),
  get held() {
    return first.held + second.held;
  },
  get isChanged() {
    return first.isChanged || second.isChanged;
  },
});
