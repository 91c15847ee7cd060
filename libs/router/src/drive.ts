// Carries out a routing: makes the attempts, the waits and the hedges. Its I/O is given to it.
import type { GatewayError } from '@turnpike/errors';
import type { Choice, Over, Routing } from './routing.js';

export interface Driver<Answer> {
  now(): number;
  /** Returns what cancels it. */
  after(ms: number, run: () => void): () => void;
  /** Takes the target's limits; false: they are reached. */
  admit(choice: Choice): boolean | Promise<boolean>;
  /** Settles at the first token, or with the whole answer. */
  attempt(choice: Choice): Promise<Answer>;
  /** Gives up an attempt, or one that was admitted and never made: another one won. */
  abandon(choice: Choice): void;
  toError(thrown: unknown): GatewayError;
  /** Nobody is ready. True: somebody may be now. False, or a rejection: it is not waited for. */
  wait(over: Over): Promise<boolean> | false;
  /** Milliseconds after which a second deployment is asked too; undefined: never. */
  hedgeAfterMs(choice: Choice): number | undefined;
}

/** The answer of the first attempt that succeeds. @throws the error of the last one, or why there was none */
export const drive = async <Answer>(routing: Routing, driver: Driver<Answer>): Promise<Answer> => {
  for (;;) {
    const step = routing.next(driver.now());
    switch (step.kind) {
      case 'attempt': {
        const admitted = driver.admit(step);
        if (!(admitted === true || (admitted !== false && (await admitted)))) {
          routing.denied(step);
          break;
        }
        const hedgeAfterMs = driver.hedgeAfterMs(step);
        if (hedgeAfterMs !== undefined) {
          const won = await new Race(routing, driver, step).run(hedgeAfterMs);
          if (won) return won.answer;
          break;
        }
        try {
          return await driver.attempt(step);
        } catch (thrown) {
          routing.failed(step, driver.toError(thrown));
        }
        break;
      }
      case 'wait':
        await new Promise<void>((resolve) => driver.after(step.ms, resolve));
        break;
      case 'over': {
        const waited = step.isBusy && driver.wait(step);
        if (waited === false || !(await waited)) throw step.error;
        routing.restart();
      }
    }
  }
};

interface Won<Answer> {
  readonly answer: Answer;
}

/** Two attempts at once: the first that answers wins, the other is given up. */
class Race<Answer> {
  private readonly running = new Set<Choice>();
  private readonly result = Promise.withResolvers<Won<Answer> | undefined>();
  private cancelHedge: (() => void) | undefined;
  private isOver = false;

  constructor(
    private readonly routing: Routing,
    private readonly driver: Driver<Answer>,
    private readonly first: Choice,
  ) {}

  /** Undefined: whoever was asked failed, and the routing knows. */
  run(hedgeAfterMs: number): Promise<Won<Answer> | undefined> {
    this.cancelHedge = this.driver.after(hedgeAfterMs, () => void this.hedge());
    this.start(this.first);
    return this.result.promise;
  }

  private async hedge(): Promise<void> {
    const second = this.isOver ? undefined : this.routing.hedge(this.first, this.driver.now());
    if (!second || !(await this.isAdmitted(second))) return;
    // The first may have ended while the limit was asked for.
    if (this.isOver) this.driver.abandon(second);
    else this.start(second);
  }

  /** A limit that cannot be asked for is no reason to end the first attempt. */
  private async isAdmitted(choice: Choice): Promise<boolean> {
    try {
      return await this.driver.admit(choice);
    } catch {
      return false;
    }
  }

  private start(choice: Choice): void {
    this.running.add(choice);
    this.attempt(choice).then(
      (answer) => {
        this.running.delete(choice);
        if (!this.isOver) this.end({ answer });
      },
      (thrown: unknown) => {
        this.running.delete(choice);
        if (this.isOver) return;
        this.routing.failed(choice, this.driver.toError(thrown));
        // The other may still answer.
        if (this.running.size === 0) this.end(undefined);
      },
    );
  }

  private async attempt(choice: Choice): Promise<Answer> {
    return this.driver.attempt(choice);
  }

  private end(won: Won<Answer> | undefined): void {
    this.isOver = true;
    this.cancelHedge?.();
    for (const loser of this.running) this.driver.abandon(loser);
    this.result.resolve(won);
  }
}
