// The one typed channel between the primary and its workers.
import type { StateChange } from '@turnpike/kernel';
import type { LimitMessage } from '@turnpike/limits';
import type { DeploymentReport } from '@turnpike/router';
import type { MetricDump } from '@turnpike/telemetry';
import type { Socket } from 'node:net';
import type { CallRecord } from './runtime/recent-calls.js';

export type FromWorker =
  /** The worker can serve, and wants to know at which port. */
  | { type: 'ready' }
  /** It serves; its first page of start-up text. */
  | { type: 'listening'; page: string }
  /** It has the connection that it was given. */
  | { type: 'took' }
  /** It drains, though nobody here has told it to. */
  | { type: 'leaving' }
  /** It cannot start, and trying again will not help. */
  | { type: 'failed'; message: string }
  /** What it counted since it last told: asked for, on its way out, or now and then so that a crash loses little. */
  | { type: 'metrics-dump'; dump: MetricDump; request?: number }
  /** It was asked for all metrics and wants everyone's. */
  | { type: 'metrics-wanted'; request: number }
  | { type: 'state'; change: StateChange }
  /** It was told to forget answers, and so should the others. */
  | { type: 'cache-forget-wanted'; request: number; keys?: readonly string[] }
  | { type: 'cache-forgotten'; request: number }
  /** What it learned of deployments. */
  | { type: 'routing'; reports: DeploymentReport[] }
  | { type: 'limits'; message: LimitMessage }
  /** It is asked for a call that it may have had, and tells what it has. */
  | { type: 'call-wanted'; request: number; callId: string }
  | { type: 'call-told'; request: number; record: CallRecord | undefined }
  /** It has served as many requests as it may; another should take its place. */
  | { type: 'retiring' };

export type FromPrimary =
  /** The port at which connections come in. */
  | { type: 'serve'; port: number }
  /** A connection comes with it. */
  | { type: 'connection' }
  | { type: 'metrics-collect'; request: number }
  | { type: 'metrics-text'; request: number; text: string }
  | { type: 'state'; change: StateChange }
  /** Answers under these keys; absent: all. */
  | { type: 'cache-forget'; request: number; keys?: readonly string[] }
  /** The others have forgotten what it asked them to. */
  | { type: 'cache-forgot'; request: number }
  /** What another worker learned of deployments. */
  | { type: 'routing'; from: string; reports: readonly DeploymentReport[] }
  | { type: 'routing-gone'; from: string }
  | { type: 'limits'; message: LimitMessage }
  /** A new worker knows nothing yet. */
  | { type: 'routing-wanted' }
  /** It does from now on what one worker does for all. */
  | { type: 'duty' }
  | { type: 'call-asked'; request: number; callId: string }
  | { type: 'call-found'; request: number; record: CallRecord | undefined }
  | { type: 'reload' }
  /** Its successor serves: it gets nothing new, answers what it has been given, and goes. */
  | { type: 'retire' }
  | { type: 'drain' };

/** Variable in which a worker finds its place among all of them. */
export const PLACE = 'TURNPIKE_WORKER_PLACE';

export interface Channel {
  /** From 0 on; no two that run have the same. */
  readonly place: number;
  send(message: FromWorker): void;
  onMessage(listener: (message: FromPrimary, socket?: Socket) => void): void;
}

/** The channel of this worker; undefined when it runs without a primary. */
export const channelToPrimary = (): Channel | undefined => {
  if (process.send === undefined) return undefined;
  return {
    place: Number(process.env[PLACE] ?? 0),
    send: (message) => {
      // Without a primary there is nobody to tell, and the worker ends; it may also die while it is being told.
      if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
    },
    onMessage: (listener) => {
      process.on('message', (message, handle) => listener(message as FromPrimary, handle as Socket | undefined));
    },
  };
};
