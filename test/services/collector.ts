// An HTTP server that keeps what it is sent: for whatever the gateway tells others.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Collected {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface CollectorAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** Objects are sent as JSON. */
  body?: string | Buffer | object;
}

type Answering = (request: Collected) => CollectorAnswer | Promise<CollectorAnswer>;

export class Collector {
  readonly requests: Collected[] = [];

  private constructor(
    private readonly server: Server,
    /** May be set anew at any time. */
    public answering: Answering,
  ) {}

  static async start(answering: Answering = () => ({})): Promise<Collector> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.once('end', () => {
        const { method = '', url = '', headers } = request;
        const collected = { method, path: url, headers, body: Buffer.concat(pieces) };
        collector.requests.push(collected);
        void Promise.resolve(collector.answering(collected)).then(({ status = 200, headers: own, body = '' }) => {
          const isPlain = typeof body === 'string' || Buffer.isBuffer(body);
          response.writeHead(status, { ...(!isPlain && { 'content-type': 'application/json' }), ...own });
          response.end(isPlain ? body : JSON.stringify(body));
        });
      });
    });
    const collector = new Collector(server, answering);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return collector;
  }

  /** Origin, without a path. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
