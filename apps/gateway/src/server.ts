// One gateway worker as an HTTP server: data plane on Fastify itself, control plane through Nest.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { GatewayError } from '@turnpike/errors';
import { fastify, type FastifyInstance } from 'fastify';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as TcpServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenApi } from './admin/openapi.js';
import { AppModule } from './app.module.js';
import { errorBody, sendError } from './filters/error-answer.js';
import { GatewayErrorFilter } from './filters/gateway-error.filter.js';
import { dataPlane, fromFastify } from './routes/data-plane.js';
import { KnownRoutes } from './routes/known-routes.js';
import { answerOtherMethods } from './routes/other-methods.js';
import type { Runtime } from './runtime/runtime.js';
import type { AllWorkers } from './runtime/tokens.js';
import { resetWhenUnread, unreadMsFor } from './unread-answers.js';

/** Time for a client to send its whole request; long uploads over slow lines included. */
const REQUEST_TIMEOUT_MS = 300_000;
const HEADERS_TIMEOUT_MS = 30_000;
const CHECK_INTERVAL_MS = 5_000;
const MAX_HEADER_BYTES = 32 * 1024;
/** Model names stand in paths. */
const PATHS = { maxParamLength: 2_000, ignoreTrailingSlash: true };

export interface GatewayServer {
  application: NestFastifyApplication;
  instance: FastifyInstance;
  /** @returns the port, which the system chose when 0 was asked for */
  listen(): Promise<number>;
  /** Instead of `listen`: somebody else accepts, and hands over by `take`. */
  expectConnections(): void;
  take(socket: Socket): void;
  /** Answers what comes by the connections that there are, once each, until they have gone or have been idle for long. */
  retire(): Promise<void>;
  /** Stops accepting, lets open requests finish, closes what is left after the drain time. */
  close(): Promise<void>;
}

export const createServer = async (runtime: Runtime, allWorkers: AllWorkers): Promise<GatewayServer> => {
  const { server: settings, router } = runtime.config;
  const instance = fastify({
    logger: false,
    bodyLimit: runtime.config.requests.maxBodyBytes,
    keepAliveTimeout: settings.keepaliveTimeoutMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    },
    routerOptions: PATHS,
    clientErrorHandler: refuseConnection,
    // Faults of the address, found before there is a route.
    frameworkErrors: (error, _request, reply) => {
      reply.hijack();
      sendError(reply.raw, fromFastify(error, runtime));
    },
    exposeHeadRoutes: true,
    schemaController: { compilersFactory: { buildValidator: withoutSchemas, buildSerializer: withoutSchemas } },
    rewriteUrl: ({ url = '/' }: IncomingMessage) => withoutPrefix(url, settings.rootPath),
  });
  const routes = new KnownRoutes(PATHS);
  routes.watch(instance);
  await dataPlane(instance, runtime);
  const application = await controlPlane(instance, runtime, allWorkers, routes);
  await instance.ready();
  const answers = watchAnswers(instance.server, runtime);
  resetWhenUnread(instance.server, answers.connections, unreadMsFor(router));

  return {
    application,
    instance: instance as unknown as FastifyInstance,
    listen: async () => {
      await instance.listen({ host: settings.host, port: settings.port });
      return (instance.server.address() as AddressInfo).port;
    },
    expectConnections: () => {
      // From here on Node watches over the time that requests take to arrive.
      instance.server.emit('listening');
    },
    take: (socket) => {
      // As in connections that Node's server accepts itself: a client that has said all still gets its answer.
      socket.allowHalfOpen = true;
      instance.server.emit('connection', socket);
    },
    retire: () => retire(answers),
    close: () => drain(runtime, application, instance.server, answers),
  };
};

/** What compiles schemas is a tenth of all modules, and is loaded unless there is something in its place. */
const withoutSchemas = (): never => {
  throw new Error('Routes have no schemas: what they are sent is read by their handlers.');
};

/** Nest in a Fastify scope of its own: its hooks run for every request of their scope, and calls need none of them. */
const controlPlane = async (
  instance: FastifyInstance,
  runtime: Runtime,
  allWorkers: AllWorkers,
  routes: KnownRoutes,
): Promise<NestFastifyApplication> => {
  let application!: NestFastifyApplication;
  await instance.register(async (scope) => {
    const adapter = new FastifyAdapter(scope as never);
    // After the adapter's own hooks, so that a preflight request is answered as configured.
    answerOtherMethods(scope, routes);
    application = await NestFactory.create<NestFastifyApplication>(
      AppModule.forRuntime(runtime, allWorkers, routes),
      adapter,
      { logger: false },
    );
    takeEmptyBodies(application, scope, runtime.config.requests.maxBodyBytes);
    application.useGlobalFilters(new GatewayErrorFilter(runtime));
    application.get(OpenApi).application = application;
    await application.init();
  });
  return application;
};

/** Scripts that send nothing often say that it is JSON: an empty body is no body. */
const takeEmptyBodies = (application: NestFastifyApplication, scope: FastifyInstance, bodyLimit: number): void => {
  const readJson = scope.getDefaultJsonParser('error', 'error');
  application.useBodyParser('application/json', { bodyLimit }, (request, body: Buffer, done) => {
    const text = body.toString('utf8');
    if (text.trim() === '') done(null, undefined);
    else void readJson(request as never, text, done);
  });
};

/** `SERVER_ROOT_PATH`: every route is also reached below it. */
const withoutPrefix = (url: string, prefix: string): string =>
  prefix === '' ? url : url === prefix ? '/' : url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url;

/** What cannot even be read as HTTP: an answer in our shape if the socket still takes one, then the end. */
const refuseConnection = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const ours =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new GatewayError('GW_HEADERS_TOO_LARGE', `The request headers are larger than ${MAX_HEADER_BYTES / 1024} KB.`)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new GatewayError('GW_TIMEOUT', 'The request was not sent in time.')
        : new GatewayError('GW_INVALID_REQUEST', 'This is not a valid HTTP/1.1 request.');
  const body = errorBody(undefined, ours);
  socket.end(
    `HTTP/1.1 ${ours.status} ${ours.status === 431 ? 'Request Header Fields Too Large' : ours.status === 408 ? 'Request Timeout' : 'Bad Request'}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};

interface Answers {
  /** Those that are open. Node's server knows of none that it did not accept itself. */
  readonly connections: Set<Socket>;
  /** Not wholly out yet: an answer may be complete here while its client still reads. */
  open: number;
  /** The next request of a kept connection must find another process. */
  areLast: boolean;
}

const watchAnswers = (server: Server, runtime: Runtime): Answers => {
  const answers: Answers = { connections: new Set(), open: 0, areLast: false };
  server.on('connection', (socket: Socket) => {
    answers.connections.add(socket);
    socket.on('close', () => answers.connections.delete(socket));
  });
  const closed = (): void => void (answers.open -= 1);
  server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    answers.open += 1;
    response.on('close', closed);
    if (answers.areLast || runtime.isDraining) response.shouldKeepAlive = false;
  });
  return answers;
};

const POLL_MS = 50;
/** A connection on which nothing comes for so long is not about to ask for anything. */
const IDLE_MS = 2_000;

const retire = async (answers: Answers): Promise<void> => {
  answers.areLast = true;
  let idleMs = 0;
  while (idleMs < IDLE_MS && answers.connections.size > 0) {
    await sleep(POLL_MS);
    idleMs = answers.open > 0 ? 0 : idleMs + POLL_MS;
  }
};

const drain = async (
  runtime: Runtime,
  application: NestFastifyApplication,
  server: Server,
  answers: Answers,
): Promise<void> => {
  runtime.isDraining = true;
  // Not the HTTP server's own close: that cuts connections whose answer is complete but not read yet.
  const closing = new Promise<void>((resolve) => TcpServer.prototype.close.call(server, () => resolve()));
  const deadline = Date.now() + runtime.config.server.drainMs;
  while (runtime.callsUnderWay + answers.open > 0 && Date.now() < deadline) await sleep(POLL_MS);
  server.closeAllConnections();
  await closing;
  await application.close();
  await runtime.stop();
};
