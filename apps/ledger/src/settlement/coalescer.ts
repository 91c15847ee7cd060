// What arrives while work is under way waits, and is done together: one transaction for many callers.

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Each run takes what waits, oldest first, up to `most` in size, but at least one ask; each caller is answered with its
 * own part of the run's answers, or with its failure.
 */
export class Coalescer<Ask, Answer> {
  private waiting: Waiting<Ask, Answer>[] = [];
  private busy = 0;
  private idlers: (() => void)[] = [];

  constructor(
    /** Answers in the order of the asks. */
    private readonly run: (asks: Ask[]) => Promise<Answer[]>,
    private readonly most: number,
    private readonly sizeOf: (ask: Ask) => number = () => 1,
    /** Runs at the same time. */
    private readonly lanes = 1,
  ) {}

  ask(ask: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ ask, resolve, reject });
      if (this.busy < this.lanes) void this.work();
    });
  }

  /** When nothing waits and nothing runs. */
  idle(): Promise<void> {
    return this.busy === 0 ? Promise.resolve() : new Promise((resolve) => this.idlers.push(resolve));
  }

  private async work(): Promise<void> {
    this.busy += 1;
    // What is asked in the same turn of the event loop comes along.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const taken = this.take();
      try {
        const answers = await this.run(taken.map(({ ask }) => ask));
        taken.forEach(({ resolve }, index) => resolve(answers[index]!));
      } catch (error) {
        taken.forEach(({ reject }) => reject(error));
      }
    }
    this.busy -= 1;
    if (this.busy === 0) for (const resolve of this.idlers.splice(0)) resolve();
  }

  private take(): Waiting<Ask, Answer>[] {
    let size = 0;
    let count = 0;
    for (const { ask } of this.waiting) {
      size += this.sizeOf(ask);
      if (count > 0 && size > this.most) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }
}
