// Asks every worker the same, and waits for as many answers as come in time.

interface Open<Answer> {
  readonly answers: Answer[];
  readonly waiting: Set<number>;
  readonly done: () => void;
}

export class Surveys<Answer> {
  private readonly open = new Map<number, Open<Answer>>();
  private last = 0;

  /** @param deadlineMs who is silent this long is left out */
  constructor(private readonly deadlineMs: number) {}

  /** @param put sends the question under its number to all of them */
  ask(workers: Iterable<number>, put: (request: number) => void): Promise<Answer[]> {
    const request = (this.last += 1);
    return new Promise((resolve) => {
      const answers: Answer[] = [];
      const done = (): void => {
        if (!this.open.delete(request)) return;
        clearTimeout(timer);
        resolve(answers);
      };
      const timer = setTimeout(done, this.deadlineMs);
      this.open.set(request, { answers, waiting: new Set(workers), done });
      put(request);
    });
  }

  /** @param answer undefined: nothing to say */
  heard(request: number, worker: number, answer: Answer | undefined): void {
    const survey = this.open.get(request);
    if (!survey?.waiting.delete(worker)) return;
    if (answer !== undefined) survey.answers.push(answer);
    if (survey.waiting.size === 0) survey.done();
  }

  /** It will not answer any more. */
  gone(worker: number): void {
    for (const request of [...this.open.keys()]) this.heard(request, worker, undefined);
  }
}
