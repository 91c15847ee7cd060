// A real HTTP server on 127.0.0.1 that answers as told and remembers what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface UpstreamAnswer {
  /** 200 by default. */
  status?: number;
  headers?: Record<string, string>;
  /** Objects are sent as JSON; a list is sent piece by piece, each flushed. */
  body?: string | Uint8Array | object | readonly Uint8Array[];
  /** Milliseconds between pieces. */
  pauseMs?: number;
  /** After the pieces: `end` the answer (default), `hold` it open, or `reset` the connection. */
  ending?: 'end' | 'hold' | 'reset';
}

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** True once the connection of the answer is closed before the answer was complete. */
  isAborted: boolean;
  /** Settles when the answer is sent, or its connection is gone. */
  readonly closed: Promise<void>;
}

export interface FakeUpstream {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly requests: readonly ReceivedRequest[];
  /** Queues answers; each serves one request. Without one the answer is 503. */
  answer(...answers: (UpstreamAnswer | ((request: ReceivedRequest) => UpstreamAnswer))[]): FakeUpstream;
  /** Cuts what is open and stops listening. */
  close(): Promise<void>;
}

const NOTHING_SCRIPTED: UpstreamAnswer = { status: 503, body: { error: { message: 'No answer was scripted.' } } };

const piecesOf = (body: UpstreamAnswer['body']): readonly Uint8Array[] => {
  if (Array.isArray(body)) return body as readonly Uint8Array[];
  if (body instanceof Uint8Array) return [body];
  return [Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''))];
};

const readAll = async (request: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
};

const send = async (response: ServerResponse, answer: UpstreamAnswer): Promise<void> => {
  response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
  for (const [index, piece] of piecesOf(answer.body).entries()) {
    if (index > 0 && answer.pauseMs) await new Promise((resolve) => setTimeout(resolve, answer.pauseMs));
    if (response.destroyed) return;
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
  }
  if (answer.ending === 'reset') response.destroy();
  else if (answer.ending !== 'hold') response.end();
};

export const fakeUpstream = async (): Promise<FakeUpstream> => {
  const requests: ReceivedRequest[] = [];
  const queue: (UpstreamAnswer | ((request: ReceivedRequest) => UpstreamAnswer))[] = [];
  const server = createServer((request, response) => {
    void readAll(request).then(async (body) => {
      const received: ReceivedRequest = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
        isAborted: false,
        closed: new Promise((resolve) =>
          response.once('close', () => {
            received.isAborted = !response.writableFinished;
            resolve();
          }),
        ),
      };
      requests.push(received);
      const answer = queue.shift() ?? NOTHING_SCRIPTED;
      await send(response, typeof answer === 'function' ? answer(received) : answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream: FakeUpstream = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (...answers) => {
      queue.push(...answers);
      return upstream;
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
  return upstream;
};
