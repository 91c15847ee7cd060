// What one stream says, for several clients: each reads at its own pace, and whoever comes late reads from the beginning.
import { EventEmitter } from 'node:events';
import type { ClientSide } from '../upstream/answer.js';

export type Piece = Buffer | string;

/** So far ahead of the slowest client the stream may run before it is made to wait. */
const MAX_AHEAD_BYTES = 4 * 1024 * 1024;

/** Kept for those who come late; after that nobody can come any more. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

/** One client's place in the stream. It is held from the beginning on, also while there is no client to read yet. */
export class Reader {
  /** Number of the next piece. */
  next = 0;
  readBytes = 0;
  private client: ClientSide | undefined;
  private isFull = false;

  constructor(private readonly broadcast: Broadcast) {}

  /** Sends what there is, and what comes. */
  attach(client: ClientSide): void {
    this.client = client;
    this.broadcast.feed(this);
  }

  leave(): void {
    this.client?.off('drain', this.onDrain);
    this.client = undefined;
    this.broadcast.remove(this);
  }

  /** Nothing comes any more: the rest is left to the connection to hold. */
  flush(): void {
    this.client?.off('drain', this.onDrain);
    this.isFull = false;
  }

  get isReady(): boolean {
    return this.client !== undefined && !this.isFull;
  }

  get isAttached(): boolean {
    return this.client !== undefined;
  }

  take(piece: Piece, isRest: boolean): void {
    this.next += 1;
    this.readBytes += piece.length;
    if (this.client!.write(piece) || isRest || this.client!.destroyed) return;
    this.isFull = true;
    this.client!.once('drain', this.onDrain);
  }

  private readonly onDrain = (): void => {
    this.isFull = false;
    this.broadcast.feed(this);
  };
}

/** Takes the place of a client's response where a stream is sent. */
export class Broadcast extends EventEmitter implements ClientSide {
  /** As a response that its client has left. */
  readonly destroyed = false;
  private pieces: Piece[] = [];
  /** Number of the first piece that is kept. */
  private first = 0;
  private keptBytes = 0;
  private writtenBytes = 0;
  private isHeld = false;
  private hasEnded = false;
  private readonly readers = new Set<Reader>();

  /** @param onKept told how much more, or less, is kept */
  constructor(private readonly onKept: (bytes: number) => void) {
    super();
  }

  /** All that was said so far is there to be read. */
  get isWhole(): boolean {
    return this.first === 0 && this.keptBytes <= MAX_KEPT_BYTES && !this.hasEnded;
  }

  join(): Reader {
    const reader = new Reader(this);
    this.readers.add(reader);
    return reader;
  }

  remove(reader: Reader): void {
    if (!this.readers.delete(reader)) return;
    this.forgetRead();
    this.letGo();
  }

  write(piece: Piece): boolean {
    this.pieces.push(piece);
    this.keep(piece.length);
    this.writtenBytes += piece.length;
    for (const reader of this.readers) this.feed(reader);
    this.forgetRead();
    this.isHeld = this.aheadBytes() > MAX_AHEAD_BYTES;
    return !this.isHeld;
  }

  end(): void {
    this.hasEnded = true;
    for (const reader of this.readers) {
      reader.flush();
      this.feed(reader);
    }
    this.forgetRead();
  }

  feed(reader: Reader): void {
    while (reader.isReady && reader.next - this.first < this.pieces.length)
      reader.take(this.pieces[reader.next - this.first]!, this.hasEnded);
    if (this.hasEnded && reader.isAttached) this.remove(reader);
    else this.letGo();
  }

  /** One that was behind has read, or has gone: the stream may go on. */
  private letGo(): void {
    if (!this.isHeld || this.aheadBytes() > MAX_AHEAD_BYTES / 2) return;
    this.isHeld = false;
    this.emit('drain');
  }

  private aheadBytes(): number {
    let slowest = this.writtenBytes;
    for (const { readBytes } of this.readers) slowest = Math.min(slowest, readBytes);
    return this.writtenBytes - slowest;
  }

  /** Where nobody can come late any more, what all have read is of no use. */
  private forgetRead(): void {
    if (this.isWhole) return;
    let next = this.first + this.pieces.length;
    for (const reader of this.readers) next = Math.min(next, reader.next);
    const read = this.pieces.splice(0, next - this.first);
    this.first = next;
    this.keep(-read.reduce((sum, piece) => sum + piece.length, 0));
  }

  private keep(bytes: number): void {
    this.keptBytes += bytes;
    this.onKept(bytes);
  }
}
