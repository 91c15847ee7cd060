// Stage 9: the provider is asked. Ends with what the provider's failure means.
import { GatewayError, namingProvider } from '@turnpike/errors';
import type { UpstreamRequest } from '@turnpike/plugin-sdk';
import type { Callable } from '../runtime/callable.js';
import type { Runtime } from '../runtime/runtime.js';
import type { UpstreamAnswer } from '../upstream/answer.js';
import { bounded } from '../upstream/bounded.js';
import { callLocal } from '../upstream/local.js';
import { isHttp, prepareHttp, type PreparedCall } from '../upstream/prepare.js';
import { openStream } from '../upstream/open-stream.js';
import { receiveWhole } from '../upstream/receive-whole.js';
import { withKnownStreamOptions } from '../upstream/stream-options.js';
import type { Attempt } from './attempt.js';
import type { Deadlines } from './exchange.js';
import type { CallStage } from './route.js';

export const call = (runtime: Runtime): CallStage => ({
  name: 'call',
  run(attempt) {
    const { exchange, target, body } = attempt;
    const { snapshot, front } = exchange;
    const own = snapshot.callable(target.deployment.id);
    const callable = own && snapshot.clientConnections.callableFor(own, body);
    const operation = callable?.operations[front.operation];
    if (!callable || !operation) throw lacksOperation(attempt);
    return isHttp(operation)
      ? withKnownStreamOptions(runtime, attempt, callable, () =>
          callHttp(runtime, attempt, callable, prepareHttp(attempt, callable, operation)),
        )
      : callLocal(attempt, callable, operation, deadlinesOf(runtime, attempt, callable));
  },
});

/** Another deployment's provider may offer it. */
const lacksOperation = ({ exchange, target }: Attempt): GatewayError =>
  new GatewayError(
    'GW_UNSUPPORTED_PARAMETER',
    `The provider of '${exchange.model}' does not offer ${exchange.front.operation}.`,
    { param: 'model', provider: target.deployment.provider },
  );

const callHttp = (
  runtime: Runtime,
  attempt: Attempt,
  callable: Callable,
  prepared: PreparedCall,
): Promise<UpstreamAnswer> => {
  const { operation } = prepared;
  if (!operation.authorize) return send(runtime, attempt, callable, prepared);
  const request: UpstreamRequest = { url: prepared.url, headers: prepared.headers, body: prepared.body };
  const { attemptMs, firstTokenMs } = deadlinesOf(runtime, attempt, callable);
  const authorized = Promise.resolve(operation.authorize(request, prepared.call, attempt.signal));
  return bounded(authorized, attempt.exchange.streamsUpstream ? firstTokenMs : attemptMs, attempt).then(
    ({ url, headers, body }) => send(runtime, attempt, callable, { ...prepared, url, headers, body }),
    (error: unknown) => {
      throw namingProvider(error, prepared.call.policy.provider);
    },
  );
};

/** An attempt that begins this soon has the whole call's time: timers of one length are cheap, each new length is not. */
const SOON_MS = 10;

/** Of this attempt: its own, within what is left of the call's. */
const deadlinesOf = (
  runtime: Runtime,
  { exchange }: Attempt,
  callable: Callable,
): Deadlines & { readonly leftMs: number } => {
  const { requestTimeoutMs } = exchange.snapshot.config.router;
  const leftMs = exchange.routing!.request.deadlineAt - runtime.clock.now();
  const withinMs = requestTimeoutMs - leftMs < SOON_MS ? requestTimeoutMs : Math.max(1, leftMs);
  const { attemptMs, firstTokenMs, idleMs, connectMs } = exchange.snapshot.deadlinesFor(
    callable,
    exchange.deadlines,
    withinMs,
  );
  return { attemptMs, firstTokenMs, idleMs, connectMs, leftMs: withinMs };
};

const send = (
  runtime: Runtime,
  attempt: Attempt,
  callable: Callable,
  prepared: PreparedCall,
): Promise<UpstreamAnswer> => {
  const { exchange } = attempt;
  const { streamsUpstream } = exchange;
  const { attemptMs, firstTokenMs, idleMs, connectMs, leftMs } = deadlinesOf(runtime, attempt, callable);
  runtime.showUpstreamRequest(exchange, prepared);
  const outgoing = {
    method: 'POST' as const,
    url: prepared.url,
    headers: prepared.headers,
    body: prepared.body,
    isGuarded: callable.isGuarded,
    connectTimeoutMs: connectMs,
    // Of a whole answer all is bounded by its own timer.
    headTimeoutMs: streamsUpstream ? firstTokenMs : 0,
    idleTimeoutMs: streamsUpstream ? idleMs : 0,
  };
  if (streamsUpstream) return openStream(runtime, attempt, prepared, outgoing, { firstTokenMs, totalMs: leftMs });
  return receiveWhole(runtime, attempt, prepared, outgoing, attemptMs);
};
