// Tool calls that may come interleaved, put one after the other.

interface QueuedCall {
  index: number;
  id: string;
  name: string;
  /** All of the arguments so far; a call is complete when they are JSON. */
  json: string;
  /** How much of `json` is out. */
  sent: number;
  isOpen: boolean;
}

export type CallStep = { type: 'open'; id: string; name: string } | { type: 'piece'; json: string } | { type: 'close' };

export class ToolCallQueue {
  /** The first one is the one whose block is open, or will be next. */
  private readonly queue: QueuedCall[] = [];

  start(index: number, id: string, name: string): void {
    this.queue.push({ index, id, name, json: '', sent: 0, isOpen: false });
  }

  get isEmpty(): boolean {
    return this.queue.length === 0;
  }

  /** A piece for a call that is closed already has nowhere to go. */
  grow(index: number, piece: string): void {
    const call = this.queue.find((waiting) => waiting.index === index);
    if (call) call.json += piece;
  }

  /** What can be told now. The first call is told as it grows; the others when it is complete, or all when `isLast`. */
  *drain(isLast: boolean): Generator<CallStep> {
    for (let call = this.queue[0]; call; call = this.queue[0]) {
      if (!call.isOpen) {
        call.isOpen = true;
        yield { type: 'open', id: call.id, name: call.name };
      }
      if (call.sent < call.json.length) {
        yield { type: 'piece', json: call.json.slice(call.sent) };
        call.sent = call.json.length;
      }
      const isOver = isLast || (this.queue.length > 1 && isJson(call.json));
      if (!isOver) return;
      this.queue.shift();
      yield { type: 'close' };
    }
  }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
