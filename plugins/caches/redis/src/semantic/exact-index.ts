// Questions in the memory of the process, each compared with each: exact, and quick enough for some thousands of a scope.
import type { SimilarQuestion } from '@turnpike/plugin-sdk';
import type { KnownQuestion, QuestionIndex } from './index-of-questions.js';
import { cosine } from './vectors.js';

export class ExactIndex implements QuestionIndex {
  /** The scope and the question that were used last come last. */
  private readonly scopes = new Map<string, Map<string, KnownQuestion>>();
  private size = 0;

  /** @param maxQuestions of all scopes */
  constructor(private readonly maxQuestions: number) {}

  nearest(scope: string, direction: Float32Array, now: number): Promise<SimilarQuestion | undefined> {
    return Promise.resolve(this.nearestNow(scope, direction, now));
  }

  nearestNow(scope: string, direction: Float32Array, now: number): SimilarQuestion | undefined {
    const questions = this.scopes.get(scope);
    if (!questions) return undefined;
    let best: KnownQuestion | undefined;
    let similarity = -Infinity;
    for (const question of questions.values()) {
      if (question.endsAt <= now) {
        this.remove(scope, question.key);
        continue;
      }
      // Of another embedding model.
      if (question.direction.length !== direction.length) continue;
      const found = cosine(question.direction, direction);
      if (found > similarity) [best, similarity] = [question, found];
    }
    if (!best) return undefined;
    this.used(scope, questions);
    return { key: best.key, similarity };
  }

  add(scope: string, question: KnownQuestion): Promise<void> {
    this.remove(scope, question.key);
    const questions = this.scopes.get(scope) ?? new Map<string, KnownQuestion>();
    questions.set(question.key, question);
    this.size += 1;
    this.used(scope, questions);
    while (this.size > this.maxQuestions) this.removeOldest();
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.scopes.clear();
    this.size = 0;
    return Promise.resolve();
  }

  private used(scope: string, questions: Map<string, KnownQuestion>): void {
    this.scopes.delete(scope);
    this.scopes.set(scope, questions);
  }

  private remove(scope: string, key: string): void {
    const questions = this.scopes.get(scope);
    if (!questions?.delete(key)) return;
    this.size -= 1;
    if (questions.size === 0) this.scopes.delete(scope);
  }

  private removeOldest(): void {
    for (const [scope, questions] of this.scopes) {
      for (const key of questions.keys()) {
        this.remove(scope, key);
        return;
      }
    }
  }
}
