// Single flight: of equal requests that are under way in a worker one goes upstream, and the others follow it.
import { GatewayError } from '@turnpike/errors';
import type { Abortable } from '../pipeline/attempt.js';
import type { ClientSide, StreamEnd } from '../upstream/answer.js';
import { Broadcast, type Reader } from './broadcast.js';

/** More at once go upstream each by itself. */
const MAX_FLIGHTS = 10_000;
const MAX_FOLLOWERS = 1_000;
/** Of all streams of a worker, kept for those who come late. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

export class Flights {
  private readonly underWay = new Map<string, Flight>();
  private keptBytes = 0;

  /** One that can be followed. */
  find(key: string): Flight | undefined {
    const flight = this.underWay.get(key);
    return flight?.hasRoom && this.keptBytes < MAX_KEPT_BYTES ? flight : undefined;
  }

  /** Undefined: there are too many, or one that has no room; this request goes by itself. */
  lead(key: string): Flight | undefined {
    if (this.underWay.size >= MAX_FLIGHTS || this.underWay.has(key)) return undefined;
    const flight = new Flight(
      () => this.underWay.delete(key),
      (bytes) => (this.keptBytes += bytes),
    );
    this.underWay.set(key, flight);
    return flight;
  }
}

/** What a leader has for one who follows it: a whole answer, or a stream that has begun. Undefined: nothing. */
export type Found = { readonly body: Buffer } | { readonly stream: Seat } | undefined;

/** One call upstream, and those who wait for its answer. The leader tells it how it goes. */
export class Flight {
  /** Called when the last follower has left. */
  onDeserted: (() => void) | undefined;
  private readonly seats = new Set<Seat>();
  private broadcast: Broadcast | undefined;
  private leader: Reader | undefined;
  private isOver = false;
  /** All of the answer came, whether or not the leader's client was there for it. */
  isComplete = false;

  constructor(
    private readonly close: () => void,
    private readonly onKept: (bytes: number) => void,
  ) {}

  get hasRoom(): boolean {
    return !this.isOver && this.seats.size < MAX_FOLLOWERS && (this.broadcast?.isWhole ?? true);
  }

  get isFollowed(): boolean {
    return this.seats.size > 0;
  }

  follow(): Seat {
    const seat = new Seat(() => this.left(seat));
    this.seats.add(seat);
    if (this.broadcast) seat.streams(this.broadcast.join());
    return seat;
  }

  /**
   * The leader's answer is a stream, which has begun; later words of it begin no other.
   * @param response of the leader's client, unless that has left
   * @returns what takes its place
   */
  begins(response: ClientSide | undefined): ClientSide {
    if (this.broadcast) return this.broadcast;
    this.broadcast = new Broadcast(this.onKept);
    if (response) {
      this.leader = this.broadcast.join();
      this.leader.attach(response);
    }
    for (const seat of this.seats) seat.streams(this.broadcast.join());
    return this.broadcast;
  }

  /** The leader's client has left, and others go on. */
  leaderLeft(): void {
    this.leader?.leave();
  }

  /** The leader's stream is over: all of it goes to those who read it. */
  ended(end: StreamEnd): void {
    this.isComplete = end.status === 'success';
    this.broadcast?.end();
    for (const seat of this.seats) seat.ended(end);
    this.seats.clear();
  }

  /** The leader's answer is there as a whole. */
  landed(body: Buffer): void {
    this.isComplete = true;
    for (const seat of this.seats) seat.found({ body });
    this.seats.clear();
    this.over();
  }

  /** Whoever still waits goes on without it. More than once is once. */
  over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.close();
    this.broadcast?.end();
    for (const seat of this.seats) {
      seat.found(undefined);
      seat.ended(CUT);
    }
    this.seats.clear();
  }

  private left(seat: Seat): void {
    if (this.seats.delete(seat) && !this.isFollowed) this.onDeserted?.();
  }
}

const CUT: StreamEnd = {
  status: 'failure',
  error: new GatewayError('GW_STREAM_CUT', 'The stream of an equal request, which this one followed, broke off.'),
};

/** A follower's place in a flight. */
export class Seat implements Abortable {
  /** Settles once, and never rejects. */
  readonly answer: Promise<Found>;
  readonly end: Promise<StreamEnd>;
  private readonly resolveAnswer: (found: Found) => void;
  private readonly resolveEnd: (end: StreamEnd) => void;
  private reader: Reader | undefined;

  constructor(private readonly onLeft: () => void) {
    ({ promise: this.answer, resolve: this.resolveAnswer } = Promise.withResolvers<Found>());
    ({ promise: this.end, resolve: this.resolveEnd } = Promise.withResolvers<StreamEnd>());
  }

  streams(reader: Reader): void {
    this.reader = reader;
    this.resolveAnswer({ stream: this });
  }

  found(found: Found): void {
    this.resolveAnswer(found);
  }

  ended(end: StreamEnd): void {
    this.resolveEnd(end);
  }

  /** Sends the stream from its beginning. Resolves at its end. */
  read(client: ClientSide): Promise<StreamEnd> {
    this.reader?.attach(client);
    return this.end;
  }

  /** Follows no longer. */
  abort(): void {
    this.resolveAnswer(undefined);
    this.resolveEnd({ status: 'client_closed' });
    this.reader?.leave();
    this.onLeft();
  }
}
