// The index that the server at hand can keep, found out when it is first asked for.
import type { SimilarQuestion } from '@turnpike/plugin-sdk';
import type { Connection } from '../connection.js';
import type { KnownQuestion, QuestionIndex } from './index-of-questions.js';
import { StreamIndex } from './stream-index.js';
import { hasVectorSets, VectorSetIndex } from './vector-set-index.js';

/** Behind the operator's namespace; the two kinds never share a name. */
export const QUESTIONS = 'turnpike:questions:';

export class RedisIndex implements QuestionIndex {
  private found: Promise<QuestionIndex> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly prefix: string,
    private readonly maxQuestions: number,
  ) {}

  async nearest(
    scope: string,
    direction: Float32Array,
    now: number,
    signal: AbortSignal,
  ): Promise<SimilarQuestion | undefined> {
    return (await this.index(signal)).nearest(scope, direction, now, signal);
  }

  async add(scope: string, question: KnownQuestion, now: number, signal: AbortSignal): Promise<void> {
    await (await this.index(signal)).add(scope, question, now, signal);
  }

  async clear(): Promise<void> {
    const { found } = this;
    this.found = undefined;
    await (await found?.catch(() => undefined))?.clear();
  }

  private index(signal: AbortSignal): Promise<QuestionIndex> {
    return (this.found ??= this.find(signal).catch((error: unknown) => {
      // It is asked again when it is there.
      this.found = undefined;
      throw error;
    }));
  }

  private async find(signal: AbortSignal): Promise<QuestionIndex> {
    const { connection, prefix, maxQuestions } = this;
    // A user that may not ask what there is does without.
    const isAble = await hasVectorSets(connection, signal).catch((error: unknown) => {
      if (/^NOPERM/.test((error as Error).message)) return false;
      throw error;
    });
    return isAble
      ? new VectorSetIndex(connection, `${prefix}sets:`, maxQuestions)
      : new StreamIndex(connection, `${prefix}streams:`, maxQuestions);
  }
}
