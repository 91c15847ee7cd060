// Sends a call whose answer comes whole, and reads it.
import { namingProvider } from '@turnpike/errors';
import type { OutgoingRequest } from '@turnpike/kernel';
import type { Attempt } from '../pipeline/attempt.js';
import type { Runtime } from '../runtime/runtime.js';
import type { UpstreamAnswer } from './answer.js';
import type { PreparedCall } from './prepare.js';
import { readWhole } from './read-whole.js';
import { WholeSink } from './whole-sink.js';

/** @throws what kept the answer from coming, or what the answer means */
export const receiveWhole = (
  runtime: Runtime,
  attempt: Attempt,
  prepared: PreparedCall,
  outgoing: OutgoingRequest,
  totalMs: number,
): Promise<UpstreamAnswer> => {
  const { maxResponseBytes } = attempt.exchange.snapshot.config.requests;
  const sink = new WholeSink(maxResponseBytes ?? runtime.maxResponseBytes);
  const received = sink.received(runtime.http.send(outgoing, sink), totalMs);
  attempt.isDoing(sink);
  return received.then(
    (answer) => readWhole(attempt, prepared, answer),
    (error: unknown) => {
      throw namingProvider(error, prepared.call.policy.provider);
    },
  );
};
