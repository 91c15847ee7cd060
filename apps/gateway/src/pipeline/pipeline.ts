// The road of a request: its stages, in order. The types refuse any other order.
import type { Runtime } from '../runtime/runtime.js';
import { admit } from './admit.js';
import { answer } from './answer.js';
import { attribute } from './attribute.js';
import { authenticate } from './authenticate.js';
import { call } from './call.js';
import { Exchange, type ExchangeInput } from './exchange.js';
import { fail } from './fail.js';
import { guard } from './guard.js';
import { read } from './read.js';
import { recall } from './recall.js';
import { receive } from './receive.js';
import { route } from './route.js';
import { settle } from './settle.js';
import { around, road } from './stage.js';

export type Pipeline = (input: ExchangeInput) => void;

export const createPipeline = (runtime: Runtime): Pipeline => {
  const stages = road(
    receive(runtime),
    authenticate(runtime),
    read(runtime),
    attribute(runtime),
    admit(runtime),
    guard(runtime),
    recall(runtime),
    around(route(runtime), call(runtime)),
    answer(runtime),
  );
  const settled = settle(runtime);

  /** The last resort: what goes wrong in one call ends that call, never the process. */
  const lost = (exchange: Exchange, error: unknown): void => {
    runtime.log.error('a call could not be ended properly', { callId: exchange.callId, error });
    exchange.response.destroy();
  };
  const finish = (exchange: Exchange): void => {
    try {
      settled.run(exchange);
    } catch (error) {
      lost(exchange, error);
    }
  };
  const failed = (exchange: Exchange, thrown: unknown): void => {
    try {
      fail(runtime, exchange, thrown);
    } catch (error) {
      lost(exchange, error);
    }
    finish(exchange);
  };

  return (input) => {
    const exchange = new Exchange(input);
    watchClient(exchange);
    let walked: void | Promise<void>;
    try {
      walked = stages(exchange);
    } catch (error) {
      failed(exchange, error);
      return;
    }
    if (walked instanceof Promise) {
      walked.then(
        () => finish(exchange),
        (error: unknown) => failed(exchange, error),
      );
    } else finish(exchange);
  };
};

const EXCHANGE = Symbol('exchange');

/** One listener for all requests: it finds its Exchange on the response it is called for. */
function onClose(this: { [EXCHANGE]?: Exchange; writableFinished: boolean }): void {
  const exchange = this[EXCHANGE];
  if (exchange && !this.writableFinished) exchange.clientGone();
}

const watchClient = (exchange: Exchange): void => {
  const response = exchange.response as Exchange['response'] & { [EXCHANGE]?: Exchange };
  response[EXCHANGE] = exchange;
  response.on('close', onClose);
};
