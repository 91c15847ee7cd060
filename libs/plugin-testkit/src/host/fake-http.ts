// The host's HTTP client with answers written beforehand.
import type { HttpClient, HttpRequest, HttpResponse } from '@turnpike/plugin-sdk';

export interface ScriptedAnswer {
  status?: number;
  headers?: HttpResponse['headers'];
  /** Objects are sent as JSON. */
  body?: string | Uint8Array | object;
}

/** `down` refuses connections; `hang` never answers, but minds the request's signal and `timeoutMs`. */
export type Script = ScriptedAnswer | 'down' | 'hang' | ((request: HttpRequest) => ScriptedAnswer | 'down' | 'hang');

export class FakeHttp implements HttpClient {
  /** Every request, in order. */
  readonly requests: HttpRequest[] = [];
  private readonly queue: Script[] = [];

  /** @param fallback for requests that no queued answer is left for */
  constructor(public fallback: Script = { status: 503, body: 'no answer was scripted' }) {}

  /** Queues answers; each serves one request. */
  answer(...scripts: Script[]): this {
    this.queue.push(...scripts);
    return this;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    request.signal?.throwIfAborted();
    const script = this.queue.shift() ?? this.fallback;
    const answer = typeof script === 'function' ? script(request) : script;
    if (answer === 'hang') return hang(request);
    if (answer === 'down') throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    return { status: answer.status ?? 200, headers: answer.headers ?? {}, body: toBytes(answer.body ?? '') };
  }
}

const toBytes = (body: string | Uint8Array | object): Uint8Array =>
  body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));

const hang = (request: HttpRequest): Promise<never> =>
  new Promise((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('timed out')), request.timeoutMs ?? 30_000);
    timer.unref();
    request.signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(request.signal?.reason as Error);
    });
  });
