// How the specs talk to a gateway: whole answers, streams, raw sockets, metrics.
import { request, type Agent, type IncomingMessage } from 'node:http';
import { MASTER_KEY, type Gateway } from './harness.js';

export type Json = ReturnType<typeof JSON.parse>;

export interface Sent {
  /** JSON, or the very bytes. Absent: a GET. */
  body?: object | string | Buffer;
  /** `null` sends none. */
  key?: string | null;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

type At = Pick<Gateway, 'url'>;

const headersOf = ({ body, key = MASTER_KEY, headers }: Sent): Record<string, string> => ({
  ...(body !== undefined && { 'content-type': 'application/json' }),
  ...(key !== null && { authorization: `Bearer ${key}` }),
  ...headers,
});

const bytesOf = (body: Sent['body']): string | Buffer | undefined =>
  typeof body === 'string' || Buffer.isBuffer(body) || body === undefined ? body : JSON.stringify(body);

export const send = ({ url }: At, path: string, sent: Sent = {}): Promise<Response> =>
  fetch(url + path, {
    method: sent.body === undefined ? 'GET' : 'POST',
    headers: headersOf(sent),
    ...(sent.body !== undefined && { body: bytesOf(sent.body) as string }),
    ...(sent.signal && { signal: sent.signal }),
  });

export const messages = [{ role: 'user', content: 'Hello' }];

/** A chat call with one short message, unless the body brings others. */
export const chat = (gateway: At, body: object, sent: Omit<Sent, 'body'> = {}): Promise<Response> =>
  send(gateway, '/v1/chat/completions', { ...sent, body: { messages, ...body } });

export const jsonOf = (response: Response): Promise<Json> => response.json();

/** The answer's body; fails with it when the status is none of success. */
export const okJson = async (answer: Promise<Response>): Promise<Json> => {
  const response = await answer;
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text);
};

/** The text after `data: ` of each event of a stream. */
export const eventsOf = (text: string): string[] =>
  text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''));

/** Chunks of a stream that ended as a stream should. */
export const chunksOf = async (answer: Promise<Response>): Promise<Json[]> => {
  const response = await answer;
  const events = eventsOf(await response.text());
  if (!response.ok || events.at(-1) !== '[DONE]') throw new Error(`${response.status}: ${events.join('\n')}`);
  return events.slice(0, -1).map((event) => JSON.parse(event));
};

export interface RawAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** The response while it arrives, on a connection of its own. `destroy()` on it is a client that leaves. */
export const open = (
  { url }: At,
  path: string,
  sent: Sent = {},
  agent: Agent | false = false,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const method = sent.body === undefined ? 'GET' : 'POST';
    const outgoing = request(url + path, { method, agent, headers: headersOf(sent) }, resolve);
    outgoing.once('error', reject);
    outgoing.end(bytesOf(sent.body));
  });

/** A whole answer, byte for byte, on a connection of its own. */
export const exchange = async (gateway: At, path: string, sent: Sent = {}, agent?: Agent): Promise<RawAnswer> => {
  const response = await open(gateway, path, sent, agent);
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) };
};

/** All of `/metrics`. Each reading is a new one. */
export const metricsOf = async (gateway: At, sent: Sent = {}): Promise<Metrics> =>
  new Metrics((await exchange(gateway, '/metrics', sent)).body.toString());

export class Metrics {
  constructor(readonly text: string) {}

  /** Sum over the series of this name that have these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    let sum = 0;
    for (const line of this.text.split('\n')) {
      const [, series, inside = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const has = ([label, wanted]: [string, string]): boolean => `,${inside}`.includes(`,${label}="${wanted}"`);
      if (series === name && Object.entries(labels).every(has)) sum += Number(value);
    }
    return sum;
  }
}
