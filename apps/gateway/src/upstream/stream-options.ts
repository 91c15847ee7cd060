// Hosts that do not know `stream_options`, which we send for the sake of the usage: found out once, and remembered.
import { isGatewayError } from '@turnpike/errors';
import type { Attempt } from '../pipeline/attempt.js';
import type { Callable } from '../runtime/callable.js';
import type { Runtime } from '../runtime/runtime.js';
import type { UpstreamAnswer } from './answer.js';

export const STREAM_OPTIONS = 'stream_options';

/** Statuses of hosts that read a field which they do not know. */
const STATUSES: ReadonlySet<number | undefined> = new Set([400, 422]);

const isRefusal = (error: unknown): boolean =>
  isGatewayError(error) &&
  STATUSES.has(error.facts.upstreamStatus) &&
  [error.message, error.facts.param].some((text) => text?.includes(STREAM_OPTIONS));

/**
 * Sends it; when the upstream refuses `stream_options`, once more without. The deployment's later streams go without
 * from the start, unless the second answer shows that the fault was another.
 * @param send prepares the request anew each time
 */
export const withKnownStreamOptions = (
  runtime: Runtime,
  { exchange }: Attempt,
  callable: Callable,
  send: () => Promise<UpstreamAnswer>,
): Promise<UpstreamAnswer> => {
  const sent = send();
  if (!exchange.streamsUpstream || !callable.takesStreamOptions) return sent;
  return sent.catch(async (refusal: unknown) => {
    if (!isRefusal(refusal)) throw refusal;
    callable.takesStreamOptions = false;
    try {
      const answer = await send();
      runtime.log.info('this deployment does not take stream_options: its streams are sent without', {
        callId: exchange.callId,
        deployment: callable.deployment.id,
      });
      return answer;
    } catch (error) {
      callable.takesStreamOptions = true;
      throw error;
    }
  });
};
