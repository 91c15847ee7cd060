// Asks over one stream: each has a number, and is answered by itself. A call of its own costs both sides three times as much,
// and what HTTP/2 keeps of it stays until the whole heap is looked through.
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { errorOfStatus, LedgerError, toLedgerError } from './error.js';
import type { Status } from './generated/google/rpc/status.js';

/** What all answers of such a method have. */
export interface Answer {
  readonly ask: number;
  readonly error: Status | undefined;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: LedgerError) => void;
  readonly timer: NodeJS.Timeout;
}

type AskStream = ClientDuplexStream<object, Answer>;

export class Asks {
  #stream: AskStream | undefined;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** @param open opened at the first ask, and at the first one after it broke */
  constructor(private readonly open: () => AskStream) {}

  /** Rejects with LedgerError, for reasons of its own or because the stream broke. */
  ask(request: object, deadlineMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ask = (this.#last = (this.#last + 1) >>> 0);
      const late = (): void =>
        this.#take(ask)?.reject(new LedgerError('DEADLINE_EXCEEDED', `No answer within ${deadlineMs} ms.`));
      this.#waiting.set(ask, { resolve, reject, timer: setTimeout(late, deadlineMs) });
      try {
        (this.#stream ??= this.#opened()).write({ ...request, ask });
      } catch (error) {
        this.#take(ask)?.reject(toLedgerError(error));
      }
    });
  }

  close(): void {
    this.#stream?.cancel();
  }

  #opened(): AskStream {
    const stream = this.open();
    const over = (error: LedgerError): void => {
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      for (const ask of [...this.#waiting.keys()]) this.#take(ask)?.reject(error);
    };
    stream.on('data', (answer: Answer) => this.#answered(answer));
    stream.on('error', (error) => over(toLedgerError(error)));
    stream.on('end', () => over(new LedgerError('UNAVAILABLE', 'The ledger ended the stream.')));
    return stream;
  }

  #answered(answer: Answer): void {
    const waiting = this.#take(answer.ask);
    if (answer.error) waiting?.reject(errorOfStatus(answer.error));
    else waiting?.resolve(answer);
  }

  #take(ask: number): Waiting | undefined {
    const waiting = this.#waiting.get(ask);
    this.#waiting.delete(ask);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}
