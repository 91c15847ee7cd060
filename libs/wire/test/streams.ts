// A stream's bytes through a decoder, cut as a test wants them.
import type { ChatChunk, CompletionChunk, JsonObject } from '@turnpike/domain';
import { isGatewayError } from '@turnpike/errors';
import type { Emit, StreamDecoder } from '../src/stream.js';

type MakeDecoder<Chunk> = (emit: Emit<Chunk>) => StreamDecoder;

/** Events as a host writes them; text is sent as it is. */
export const sse = (...events: readonly (JsonObject | string)[]): string =>
  events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');

/** Every chunk of a stream whose bytes are cut at these offsets. */
export const decode = <Chunk>(make: MakeDecoder<Chunk>, stream: string, cuts: readonly number[] = []): Chunk[] => {
  const chunks: Chunk[] = [];
  const decoder = make((chunk) => chunks.push(chunk));
  const bytes = Buffer.from(stream);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    decoder.push(bytes.subarray(from, cut));
    from = cut;
  }
  decoder.end();
  return chunks;
};

/** The same for a stream that fails: what was read before, and why it ended. */
export const decodeUntilFault = <Chunk>(
  make: MakeDecoder<Chunk>,
  stream: string,
): { chunks: Chunk[]; code: string | undefined } => {
  const chunks: Chunk[] = [];
  try {
    const decoder = make((chunk) => chunks.push(chunk));
    decoder.push(Buffer.from(stream));
    decoder.end();
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return { chunks, code: error.code };
  }
  return { chunks, code: undefined };
};

/** Every way to cut a text's bytes in two, and the one that cuts them all apart. */
export const everyCut = (stream: string): number[][] => {
  const offsets = Array.from({ length: Buffer.byteLength(stream) - 1 }, (_, index) => index + 1);
  return [...offsets.map((offset) => [offset]), offsets];
};

/** Chunks with the pieces of a text put together, so that streams cut into other pieces can be compared. */
export const merged = <Chunk extends ChatChunk | CompletionChunk>(chunks: readonly Chunk[]): Chunk[] => {
  const out: Chunk[] = [];
  for (const chunk of chunks) {
    const last = out.at(-1);
    if (last && 'text' in last && 'text' in chunk && isSamePlace(last, chunk)) last.text += chunk.text;
    else if (last && 'arguments' in last && 'arguments' in chunk && isSamePlace(last, chunk)) {
      last.arguments += chunk.arguments;
    } else out.push({ ...chunk });
  }
  return out;
};

const isSamePlace = (left: object, right: object): boolean => placeOf(left) === placeOf(right);

const placeOf = (chunk: { type?: string; choice?: number; index?: number }): string =>
  JSON.stringify([chunk.type, chunk.choice, chunk.index]);
