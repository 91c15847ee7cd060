// Collects a body up to a bound.
import { GatewayError, type UpstreamFailure } from '@turnpike/errors';
import type { IncomingHeaders } from '@turnpike/kernel';
import { MAX_FAILURE_BYTES, toFailure } from './answer-head.js';

/** A whole answer where a stream was asked for. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

export class BoundedBody {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  private constructor(
    private readonly limit: number,
    private readonly overflow: 'drop' | 'throw',
  ) {}

  /** What is beyond the bound is read and dropped. */
  static forFailure(): BoundedBody {
    return new BoundedBody(MAX_FAILURE_BYTES, 'drop');
  }

  static forDocument(): BoundedBody {
    return new BoundedBody(MAX_DOCUMENT_BYTES, 'throw');
  }

  /** @throws GW_UPSTREAM_INVALID_RESPONSE for a document beyond the bound */
  add(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size <= this.limit) this.chunks.push(chunk);
    else if (this.overflow === 'throw') {
      throw new GatewayError(
        'GW_UPSTREAM_INVALID_RESPONSE',
        `The provider's answer is larger than ${this.limit} bytes.`,
      );
    } else if (this.chunks.length === 0) this.chunks.push(chunk.subarray(0, this.limit));
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  toFailure(status: number, headers: IncomingHeaders): UpstreamFailure {
    return toFailure(status, headers, this.bytes());
  }
}
