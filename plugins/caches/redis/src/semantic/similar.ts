// Questions by what they mean: an embedding of each, and the nearest of those that are known.
import type { Clock, Embed, Question, SimilarQuestion, SimilarV1 } from '@turnpike/plugin-sdk';
import type { QuestionIndex } from './index-of-questions.js';
import { directionOf } from './vectors.js';

export interface SimilarOptions {
  readonly index: QuestionIndex;
  readonly embed: Embed;
  readonly clock: Clock;
  readonly model: string;
  /** Cosine from which on two questions are the same. */
  readonly threshold: number;
}

export const createSimilar = ({ index, embed, clock, model, threshold }: SimilarOptions): SimilarV1 => {
  /** A call looks for its question first, and learns it when it has an answer. */
  const directions = new WeakMap<Question, Promise<Float32Array>>();

  const directionFor = (question: Question, signal: AbortSignal): Promise<Float32Array> => {
    const known = directions.get(question);
    if (known) return known;
    const made = embed({ model, texts: [question.text], caller: question.caller, signal }).then(([vector]) => {
      const direction = vector && directionOf(vector);
      if (direction) return direction;
      throw new Error(`The embedding of ${model} points nowhere.`);
    });
    directions.set(question, made);
    made.catch(() => directions.delete(question));
    return made;
  };

  return {
    async find(question, signal): Promise<SimilarQuestion | undefined> {
      const direction = await directionFor(question, signal);
      const nearest = await index.nearest(question.scope, direction, clock.now(), signal);
      return nearest && nearest.similarity >= threshold ? nearest : undefined;
    },
    async learn(question, ttlMs, signal): Promise<void> {
      const direction = await directionFor(question, signal);
      const now = clock.now();
      await index.add(question.scope, { key: question.key, direction, endsAt: now + ttlMs }, now, signal);
    },
  };
};
