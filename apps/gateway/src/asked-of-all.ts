// A worker's questions that only all workers together can answer: asked of the primary.
import type { Channel } from './channel.js';
import type { CallRecord } from './runtime/recent-calls.js';
import type { AllWorkers } from './runtime/tokens.js';

export class AskedOfAll implements AllWorkers {
  private readonly waiting = new Map<number, (answer: unknown) => void>();
  private last = 0;

  constructor(private readonly channel: Channel) {}

  metricsText(): Promise<string> {
    return this.ask((request) => this.channel.send({ type: 'metrics-wanted', request }));
  }

  findCall(callId: string): Promise<CallRecord | undefined> {
    return this.ask((request) => this.channel.send({ type: 'call-wanted', request, callId }));
  }

  forgetAnswers(keys?: readonly string[]): Promise<void> {
    return this.ask((request) => this.channel.send({ type: 'cache-forget-wanted', request, keys }));
  }

  answered(request: number, answer: unknown): void {
    this.waiting.get(request)?.(answer);
    this.waiting.delete(request);
  }

  private ask<Answer>(send: (request: number) => void): Promise<Answer> {
    const request = (this.last += 1);
    return new Promise((resolve) => {
      this.waiting.set(request, resolve as (answer: unknown) => void);
      send(request);
    });
  }
}
