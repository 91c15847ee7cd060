// Recalls that were sent out, and who has yet to answer.
import { afterMs } from './deadline.js';

interface Round {
  readonly unanswered: Set<string>;
  readonly end: () => void;
}

/** The id under which the holders are asked, and what resolves when all answered or the time is over. */
export interface OpenRound {
  readonly id: number;
  readonly done: Promise<void>;
}

export class RecallRounds {
  private readonly rounds = new Map<number, Round>();
  private nextId = 1;

  /** @param timeMs a holder that is busy or dead is not waited for longer */
  constructor(private readonly timeMs: number) {}

  open(holders: Iterable<string>): OpenRound {
    const id = this.nextId++;
    const done = new Promise<void>((resolve) => {
      const cancel = afterMs(this.timeMs, () => this.end(id));
      const end = (): void => {
        cancel();
        resolve();
      };
      this.rounds.set(id, { unanswered: new Set(holders), end });
    });
    return { id, done };
  }

  answered(id: number, holder: string): void {
    const round = this.rounds.get(id);
    if (!round) return;
    round.unanswered.delete(holder);
    if (round.unanswered.size === 0) this.end(id);
  }

  /** It will not answer any more. */
  gone(holder: string): void {
    for (const id of [...this.rounds.keys()]) this.answered(id, holder);
  }

  close(): void {
    for (const id of [...this.rounds.keys()]) this.end(id);
  }

  private end(id: number): void {
    this.rounds.get(id)?.end();
    this.rounds.delete(id);
  }
}
