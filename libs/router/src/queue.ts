// Requests that wait until somebody may be ready: bounded, by priority, and fair among callers. No timers, no promises.

export interface Ticket {
  /** What it waits for. */
  readonly key: string;
  /** Callers of the same priority take turns. */
  readonly caller: string;
  /** Lower goes first. */
  readonly priority: number;
  /** The round in which it is let in, one of each caller a round; then the order of arrival. */
  readonly round: number;
  readonly arrival: number;
}

/** In the order in which they are let in. */
type Line = Ticket[];

export class RequestQueue {
  private readonly lines = new Map<string, Line>();
  private arrivals = 0;
  private count = 0;

  constructor(private readonly maxSize: number) {}

  get size(): number {
    return this.count;
  }

  /** Keys that somebody waits for. */
  keys(): Iterable<string> {
    return this.lines.keys();
  }

  waiting(key: string): number {
    return this.lines.get(key)?.length ?? 0;
  }

  /** Undefined: the queue is full. */
  enter(key: string, caller: string, priority: number): Ticket | undefined {
    if (this.count >= this.maxSize) return undefined;
    const line = this.lineOf(key);
    const ofPriority = (ticket: Ticket): boolean => ticket.priority === priority;
    const current = line.find(ofPriority)?.round ?? 0;
    const own = line.findLast((ticket) => ofPriority(ticket) && ticket.caller === caller);
    const round = own ? own.round + 1 : current;
    const ticket: Ticket = { key, caller, priority, round, arrival: (this.arrivals += 1) };
    this.insert(line, ticket);
    return ticket;
  }

  /** Puts back one that was let in too early, at its old place. It was counted when it entered, so it always fits. */
  reenter(ticket: Ticket): void {
    this.insert(this.lineOf(ticket.key), ticket);
  }

  /** Lets in the next one. */
  admit(key: string): Ticket | undefined {
    const ticket = this.lines.get(key)?.[0];
    if (ticket) this.leave(ticket);
    return ticket;
  }

  /** It waits no longer. False: it had been let in. */
  leave(ticket: Ticket): boolean {
    const line = this.lines.get(ticket.key);
    const index = line?.indexOf(ticket) ?? -1;
    if (!line || index === -1) return false;
    line.splice(index, 1);
    this.count -= 1;
    if (line.length === 0) this.lines.delete(ticket.key);
    return true;
  }

  private lineOf(key: string): Line {
    let line = this.lines.get(key);
    if (!line) this.lines.set(key, (line = []));
    return line;
  }

  private insert(line: Line, ticket: Ticket): void {
    let low = 0;
    let high = line.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(line[middle]!, ticket) < 0) low = middle + 1;
      else high = middle;
    }
    line.splice(low, 0, ticket);
    this.count += 1;
  }
}

const compare = (left: Ticket, right: Ticket): number =>
  left.priority - right.priority || left.round - right.round || left.arrival - right.arrival;
