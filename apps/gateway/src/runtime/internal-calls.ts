// Calls that the gateway makes to itself: by the same road as a client's, with its routing, limits and spend log.
import type { JsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { EmbedRequest } from '@turnpike/plugin-sdk';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Principal } from '../pipeline/exchange.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { embeddings } from '../routes/openai.js';
import type { RuntimeSnapshot } from './snapshot.js';

/** Of whom nobody is named. */
const NOBODY: Principal = { isAdmin: true, keyHash: '', keyAlias: '', teamId: '', userId: '' };

export interface InternalCallsOptions {
  /** The road; undefined until it is built. */
  readonly road: () => Pipeline | undefined;
  /** Counts a call. */
  readonly entered: () => RuntimeSnapshot;
}

export class InternalCalls {
  constructor(private readonly options: InternalCallsOptions) {}

  /**
   * The caller pays, by its key and its team; its own limits and lists of models are not asked, since it has not asked for
   * this call.
   * @throws GatewayError
   */
  async embed({ model, texts, caller, signal }: EmbedRequest): Promise<Float32Array[]> {
    signal.throwIfAborted();
    const road = this.options.road();
    if (!road) throw new GatewayError('GW_NOT_READY', 'The gateway is not ready for calls of its own.');
    const { terms: _terms, ...principal } = { ...NOBODY, ...(caller as Principal | undefined) };
    const body = { model, input: texts, encoding_format: 'float' };
    const response = new HeldResponse();
    const leave = (): void => void response.destroy();
    signal.addEventListener('abort', leave, { once: true });
    try {
      road({
        front: embeddings,
        headers: { 'content-type': 'application/json' },
        raw: Buffer.from(JSON.stringify(body)),
        principal,
        response: response as unknown as ServerResponse,
        snapshot: this.options.entered(),
      });
      return vectorsOf(await response.whole, texts.length);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }
}

interface Whole {
  readonly status: number;
  readonly text: string;
}

const vectorsOf = ({ status, text }: Whole, count: number): Float32Array[] => {
  if (status !== 200) throw new GatewayError('GW_UPSTREAM_ERROR', `No embedding: ${text.slice(0, 500)}`);
  const data = (JSON.parse(text) as { data: JsonObject[] }).data.map(({ embedding }) =>
    Float32Array.from(embedding as number[]),
  );
  const isGood = data.length === count && data.every((vector) => vector.length > 0 && vector.every(Number.isFinite));
  if (isGood) return data;
  throw new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', 'The embeddings are not what was asked for.');
};

/** Where an answer ends up that no client waits for. Has what the road asks of a response. */
class HeldResponse extends EventEmitter {
  /** Nobody is connected. */
  readonly req = { socket: null };
  readonly whole: Promise<Whole>;
  headersSent = false;
  destroyed = false;
  writableFinished = false;
  private status = 0;
  private readonly pieces: Buffer[] = [];
  private resolve!: (whole: Whole) => void;
  private reject!: (error: Error) => void;

  constructor() {
    super();
    this.whole = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  writeHead(status: number): this {
    this.status = status;
    this.headersSent = true;
    return this;
  }

  write(piece: Buffer | string, encoding?: BufferEncoding): boolean {
    this.pieces.push(typeof piece === 'string' ? Buffer.from(piece, encoding) : piece);
    return true;
  }

  end(piece?: Buffer | string, encoding?: BufferEncoding): this {
    if (piece !== undefined) this.write(piece, encoding);
    this.writableFinished = true;
    this.resolve({ status: this.status, text: Buffer.concat(this.pieces).toString('utf8') });
    this.emit('close');
    return this;
  }

  destroy(): this {
    if (this.destroyed || this.writableFinished) return this;
    this.destroyed = true;
    this.reject(new GatewayError('GW_CLIENT_CLOSED', 'The call was given up.'));
    this.emit('close');
    return this;
  }
}
