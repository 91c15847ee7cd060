// Exact prompt tokens, counted in a thread of its own that starts when first needed and ends when it was idle.
import { Worker } from 'node:worker_threads';
import type { CountAnswer, CountRequest } from './token-counter.worker.js';

const IDLE_MS = 60_000;
/** Prompts that may wait to be counted; more are not counted. */
const MAX_WAITING = 100;
/** A count that takes longer is not worth waiting for. */
const DEADLINE_MS = 5_000;

type Done = (tokens: number | undefined) => void;

export class TokenCounter {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Done>();
  private last = 0;
  private idleTimer: NodeJS.Timeout | undefined;

  /** @param onFault told why counting failed; the estimate goes on serving */
  constructor(private readonly onFault: (error: unknown) => void) {}

  /** Tokens of o200k_base, which other vendors' tokenizers come within some percent of. Undefined: not counted. */
  count(text: string): Promise<number | undefined> {
    if (this.waiting.size >= MAX_WAITING) return Promise.resolve(undefined);
    clearTimeout(this.idleTimer);
    const id = (this.last += 1);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.finish(id, undefined), DEADLINE_MS);
      this.waiting.set(id, (tokens) => {
        clearTimeout(timer);
        resolve(tokens);
      });
      this.thread().postMessage({ id, text } satisfies CountRequest);
    });
  }

  stop(): void {
    clearTimeout(this.idleTimer);
    const { worker } = this;
    this.worker = undefined;
    for (const id of [...this.waiting.keys()]) this.finish(id, undefined);
    void worker?.terminate();
  }

  private thread(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(new URL('./token-counter.worker.js', import.meta.url));
    worker.unref();
    worker.on('message', ({ id, tokens }: CountAnswer) => this.finish(id, tokens));
    worker.on('error', (error) => {
      if (this.worker !== worker) return;
      this.onFault(error);
      this.stop();
    });
    this.worker = worker;
    return worker;
  }

  private finish(id: number, tokens: number | undefined): void {
    const done = this.waiting.get(id);
    if (!done) return;
    this.waiting.delete(id);
    if (this.waiting.size === 0 && this.worker) {
      this.idleTimer = setTimeout(() => this.stop(), IDLE_MS).unref();
    }
    done(tokens);
  }
}
