// A client's response whose head waits for the first piece: until then the answer can still be another.
import type { ServerResponse } from 'node:http';
import type { ClientSide } from './answer.js';

export class LateHead implements ClientSide {
  constructor(
    private readonly response: ServerResponse,
    private readonly writeHead: () => void,
  ) {}

  get destroyed(): boolean {
    return this.response.destroyed;
  }

  write(piece: string | Buffer): boolean {
    if (!this.response.headersSent) this.writeHead();
    return this.response.write(piece);
  }

  once(event: 'drain' | 'close', listener: () => void): void {
    this.response.once(event, listener);
  }

  off(event: 'drain' | 'close', listener: () => void): void {
    this.response.off(event, listener);
  }
}
