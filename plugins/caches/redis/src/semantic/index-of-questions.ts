// What an index of questions can be asked, whoever keeps it.
import type { SimilarQuestion } from '@turnpike/plugin-sdk';

export interface KnownQuestion {
  /** Under which its answer is kept. */
  readonly key: string;
  readonly direction: Float32Array;
  /** Epoch milliseconds. */
  readonly endsAt: number;
}

export interface QuestionIndex {
  /** The nearest of this scope that has not ended. */
  nearest(
    scope: string,
    direction: Float32Array,
    now: number,
    signal: AbortSignal,
  ): Promise<SimilarQuestion | undefined>;
  add(scope: string, question: KnownQuestion, now: number, signal: AbortSignal): Promise<void>;
  clear(): Promise<void>;
}
