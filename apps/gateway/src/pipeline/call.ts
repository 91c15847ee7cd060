// Stage 8: the provider is asked. Ends with what the provider's failure means.
import { GatewayError } from '@turnpike/errors';
import type { UpstreamRequest } from '@turnpike/plugin-sdk';
import type { Callable } from '../runtime/callable.js';
import type { Runtime } from '../runtime/runtime.js';
import { callLocal } from '../upstream/local.js';
import { isHttp, prepareHttp, type PreparedCall } from '../upstream/prepare.js';
import { readWhole } from '../upstream/read-whole.js';
import { openStream } from '../upstream/open-stream.js';
import { WholeSink } from '../upstream/whole-sink.js';
import type { Called, Recalled, Routed } from './exchange.js';
import type { Stage } from './stage.js';

/** Silence inside a whole answer; the total deadline bounds the rest. */
const IDLE_MS = 600_000;

export const call = (runtime: Runtime): Stage<Routed, Routed & Called> => ({
  name: 'call',
  run(exchange) {
    const own = exchange.snapshot.callable(exchange.choice.target.deployment.id);
    const callable = own && exchange.snapshot.clientConnections.callableFor(own, exchange.body);
    const operation = callable?.operations[exchange.front.operation];
    if (!callable || !operation) throw lacksOperation(exchange);
    const state = runtime.state.of(callable.deployment);
    state.began(runtime.clock.now());
    exchange.calledAt = performance.now();
    const answered = isHttp(operation)
      ? callHttp(runtime, exchange, callable, prepareHttp(exchange, callable, operation))
      : callLocal(runtime, exchange, callable, operation);
    return answered.then((answer) => {
      exchange.answer = answer;
      return exchange as Routed & Called;
    });
  },
});

const lacksOperation = (exchange: Recalled): GatewayError =>
  new GatewayError(
    'GW_INVALID_REQUEST',
    `The provider of '${exchange.model}' does not offer ${exchange.front.operation}.`,
    { param: 'model' },
  );

const callHttp = (
  runtime: Runtime,
  exchange: Routed,
  callable: Callable,
  prepared: PreparedCall,
): Promise<Called['answer']> => {
  const { operation } = prepared;
  if (!operation.authorize) return send(runtime, exchange, callable, prepared);
  const request: UpstreamRequest = { url: prepared.url, headers: prepared.headers, body: prepared.body };
  return Promise.resolve(operation.authorize(request, prepared.call, exchange.signal)).then(({ url, headers, body }) =>
    send(runtime, exchange, callable, { ...prepared, url, headers, body }),
  );
};

const send = (
  runtime: Runtime,
  exchange: Routed,
  callable: Callable,
  prepared: PreparedCall,
): Promise<Called['answer']> => {
  const deadlines = exchange.snapshot.deadlinesFor(callable, exchange.deadlines);
  runtime.showUpstreamRequest(exchange, prepared);
  const outgoing = {
    method: 'POST' as const,
    url: prepared.url,
    headers: prepared.headers,
    body: prepared.body,
    isGuarded: callable.isGuarded,
    headTimeoutMs: exchange.streamsUpstream ? deadlines.firstTokenMs : deadlines.totalMs,
    idleTimeoutMs: exchange.streamsUpstream ? Math.min(deadlines.totalMs, IDLE_MS) : deadlines.totalMs,
  };
  if (exchange.streamsUpstream) return openStream(runtime, exchange, prepared, outgoing, deadlines.firstTokenMs);
  const sink = new WholeSink(exchange.snapshot.config.requests.maxResponseBytes ?? runtime.maxResponseBytes);
  const received = sink.received(runtime.http.send(outgoing, sink), deadlines.totalMs);
  exchange.whenClientGone(() => sink.abort());
  return received.then((answer) => readWhole(exchange, prepared, answer));
};
