// Between grpc-js and a controller: bytes become a message, an error becomes a status, a lost client becomes a signal.
// The messages are read and written here rather than by the library, which would tell clients what went wrong inside.
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  Server,
} from '@grpc/grpc-js';
import { invalidRequest } from '@turnpike/errors';
import { encodeWith, type MethodContract } from '@turnpike/rpc';
import { once, type EventEmitter } from 'node:events';
import { isObservable, lastValueFrom } from 'rxjs';
import type { RpcCall } from './call.js';
import type { Caller } from './caller.js';
import { toErrorStatus, toStatus, type OnUnknownError } from './status.js';

/** A controller's method as Nest hands it over. Its filters answer with an observable. */
export type NestHandler = (request: unknown, call: RpcCall) => Promise<unknown>;

export interface HandlerContext {
  callerOf(metadata: Metadata): Caller;
  /** Aborted when the ledger ends; its reason ends all streams. */
  readonly ending: AbortSignal;
  readonly onUnknownError: OnUnknownError;
}

const decode = (method: MethodContract, bytes: Buffer): unknown => {
  try {
    return method.requestType.decode(bytes) as unknown;
  } catch (error) {
    throw invalidRequest(`The message cannot be read: ${error instanceof Error ? error.message : 'malformed'}.`);
  }
};

const resultOf = async (handler: NestHandler, request: unknown, call: RpcCall): Promise<unknown> => {
  const result = await handler(request, call);
  return isObservable(result) ? lastValueFrom(result) : result;
};

type AnyCall = Pick<ServerUnaryCall<Buffer, Buffer>, 'cancelled' | 'metadata' | 'getDeadline'> &
  Pick<EventEmitter, 'once' | 'removeListener'>;

/** `done` is called when the call is over for the controller: what happens to the connection then is nobody's business. */
const openCall = (grpcCall: AnyCall, context: HandlerContext): { call: RpcCall; done: () => void } => {
  const controller = new AbortController();
  const leave = (): void => controller.abort(new Error('The caller is gone.'));
  const end = (): void => controller.abort(context.ending.reason);
  grpcCall.once('cancelled', leave);
  if (grpcCall.cancelled) leave();
  context.ending.addEventListener('abort', end, { once: true });
  const deadline = Number(grpcCall.getDeadline());
  return {
    call: {
      caller: context.callerOf(grpcCall.metadata),
      signal: controller.signal,
      deadline: Number.isFinite(deadline) ? new Date(deadline) : undefined,
      header: (name) => grpcCall.metadata.get(name).find((value) => typeof value === 'string'),
    },
    done: () => {
      grpcCall.removeListener('cancelled', leave);
      context.ending.removeEventListener('abort', end);
    },
  };
};

const unary = (
  method: MethodContract,
  handler: NestHandler,
  context: HandlerContext,
): handleUnaryCall<Buffer, Buffer> => {
  const encode = encodeWith(method.responseType);
  const answer = async (grpcCall: ServerUnaryCall<Buffer, Buffer>): Promise<Buffer> => {
    const { call, done } = openCall(grpcCall, context);
    try {
      return encode(await resultOf(handler, decode(method, grpcCall.request), call));
    } finally {
      done();
    }
  };
  return (grpcCall, respond) => {
    answer(grpcCall).then(
      (bytes) => respond(null, bytes),
      (error: unknown) => {
        // Nobody waits: what the controller threw is that it was told so.
        if (!grpcCall.cancelled) respond(toStatus(error, context.onUnknownError));
      },
    );
  };
};

/** Rejects with the signal's reason when that comes first. Leaves nothing behind at a signal that lives for weeks. */
const unlessAborted = async <T>(signal: AbortSignal, result: PromiseLike<T>): Promise<T> => {
  let fail = (): void => undefined;
  const over = new Promise<never>((_resolve, reject) => {
    fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
  try {
    return await Promise.race([result, over]);
  } finally {
    signal.removeEventListener('abort', fail);
  }
};

const streamed = (
  method: MethodContract,
  handler: NestHandler,
  context: HandlerContext,
): handleServerStreamingCall<Buffer, Buffer> => {
  const encode = encodeWith(method.responseType);
  const pump = async (grpcCall: ServerWritableStream<Buffer, Buffer>): Promise<void> => {
    const { call, done } = openCall(grpcCall, context);
    let iterator: AsyncIterator<unknown> | undefined;
    try {
      const messages = (await resultOf(handler, decode(method, grpcCall.request), call)) as AsyncIterable<unknown>;
      iterator = messages[Symbol.asyncIterator]();
      for (;;) {
        const step = await unlessAborted(call.signal, iterator.next());
        if (step.done) return;
        if (!grpcCall.write(encode(step.value))) await unlessAborted(call.signal, once(grpcCall, 'drain'));
      }
    } finally {
      done();
      // One that waits for something ends when it heeds its signal, and nobody waits for that.
      void Promise.resolve(iterator?.return?.()).catch(() => undefined);
    }
  };
  return (grpcCall) => {
    pump(grpcCall).then(
      () => grpcCall.end(),
      (error: unknown) => {
        if (!grpcCall.cancelled) grpcCall.emit('error', toStatus(error, context.onUnknownError));
      },
    );
  };
};

/** So many asks of one stream are looked into at once; the others wait in the connection. */
const MAX_OPEN_ASKS = 1_000;

/** Each is answered when its answer is there, whatever becomes of the others. */
const asked = (
  method: MethodContract,
  handler: NestHandler,
  context: HandlerContext,
): handleBidiStreamingCall<Buffer, Buffer> => {
  const encode = encodeWith(method.responseType);
  const answerTo = async (request: { ask: number }, call: RpcCall): Promise<Buffer> => {
    const { ask } = request;
    try {
      return encode({ ...((await resultOf(handler, request, call)) as object), ask });
    } catch (error) {
      return encode(method.responseType.fromPartial({ ask, error: toErrorStatus(error, context.onUnknownError) }));
    }
  };
  const serve = (grpcCall: ServerDuplexStream<Buffer, Buffer>): void => {
    const { call, done } = openCall(grpcCall, context);
    let open = 0;
    let isBlocked = false;
    let isOver = false;
    let end: (() => void) | undefined;
    const goOn = (): void => {
      if (open < MAX_OPEN_ASKS && !isBlocked) grpcCall.resume();
      else grpcCall.pause();
      if (!end || isOver || open > 0) return;
      isOver = true;
      done();
      if (!grpcCall.cancelled) end();
    };
    /** What is being answered is still told; nothing else is taken. */
    const endWith = (how: () => void): void => {
      end ??= how;
      goOn();
    };
    const fail = (error: unknown): void =>
      endWith(() => void grpcCall.emit('error', toStatus(error, context.onUnknownError)));
    const send = (answer: Buffer): void => {
      if (grpcCall.cancelled || grpcCall.write(answer) || isBlocked) return;
      isBlocked = true;
      grpcCall.once('drain', () => {
        isBlocked = false;
        goOn();
      });
    };
    const take = async (bytes: Buffer): Promise<void> => {
      const request = decode(method, bytes) as { ask: number };
      open += 1;
      try {
        send(await answerTo(request, call));
      } finally {
        open -= 1;
      }
      goOn();
    };
    grpcCall.on('data', (bytes: Buffer) => {
      if (end) return;
      take(bytes).catch(fail);
      if (open >= MAX_OPEN_ASKS) goOn();
    });
    grpcCall.on('end', () => endWith(() => grpcCall.end()));
    const stop = (): void => fail(call.signal.reason);
    if (call.signal.aborted) stop();
    else call.signal.addEventListener('abort', stop, { once: true });
  };
  return (grpcCall) => {
    try {
      serve(grpcCall);
    } catch (error) {
      grpcCall.emit('error', toStatus(error, context.onUnknownError));
    }
  };
};

const asIs = (bytes: Buffer): Buffer => bytes;

/** Puts a controller's method behind `path` of the server. */
export const register = (
  server: Server,
  path: string,
  method: MethodContract,
  handler: NestHandler,
  context: HandlerContext,
): void => {
  if (method.requestStream) server.register(path, asked(method, handler, context), asIs, asIs, 'bidi');
  else if (method.responseStream) server.register(path, streamed(method, handler, context), asIs, asIs, 'serverStream');
  else server.register(path, unary(method, handler, context), asIs, asIs, 'unary');
};
