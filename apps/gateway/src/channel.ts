// The one typed channel between the primary and its workers.
import type { StateChange } from '@turnpike/kernel';
import type { MetricDump } from '@turnpike/telemetry';

export type FromWorker =
  /** The worker listens; its first page of start-up text. */
  | { type: 'listening'; page: string }
  /** It cannot start, and trying again will not help. */
  | { type: 'failed'; message: string }
  /** Its metrics: asked for, on its way out, or now and then so that a crash loses little. */
  | { type: 'metrics-dump'; dump: MetricDump[]; request?: number }
  /** It was asked for all metrics and wants everyone's. */
  | { type: 'metrics-wanted'; request: number }
  | { type: 'state'; change: StateChange }
  /** It has served as many requests as it may; another should take its place. */
  | { type: 'retiring' };

export type FromPrimary =
  | { type: 'metrics-collect'; request: number }
  | { type: 'metrics-text'; request: number; text: string }
  | { type: 'state'; change: StateChange }
  | { type: 'reload' }
  | { type: 'drain' };

export interface Channel {
  send(message: FromWorker): void;
  onMessage(listener: (message: FromPrimary) => void): void;
}

/** The channel of this worker; undefined when it runs without a primary. */
export const channelToPrimary = (): Channel | undefined => {
  if (process.send === undefined) return undefined;
  return {
    send: (message) => void process.send?.(message),
    onMessage: (listener) => {
      process.on('message', (message) => listener(message as FromPrimary));
    },
  };
};
