// What a streamed translation looks like from outside: bytes in, chunks out; chunks in, text out.

/**
 * Turns upstream bytes into chunks, which go to the callback it was made with. One per stream; it holds no more than
 * one incomplete event.
 */
export interface StreamDecoder {
  /** Takes the next bytes, cut anywhere. Chunks before a fault are emitted before the fault is thrown. */
  push(bytes: Uint8Array): void;
  /** The upstream closed. Throws GW_STREAM_CUT when the answer was not complete. */
  end(): void;
}

/** Turns chunks into the client's dialect. One per stream. */
export interface StreamEncoder<Chunk> {
  /** Text to send for this chunk; empty when the dialect has nothing to say yet. */
  encode(chunk: Chunk): string;
  /** Text that closes a successful stream (`data: [DONE]` and the like). */
  end(): string;
  /** Text that ends a stream with an error. Nothing follows it. */
  error(body: string): string;
}

/** Emits each chunk as it is read. */
export type Emit<Chunk> = (chunk: Chunk) => void;
