// Calls as texts, put together for requests that are no larger than servers take.
import { setImmediate } from 'node:timers/promises';
import type { CallFinished } from '../contracts/callback/v1/index.js';
import type { HttpRequest, PluginHost } from '../host.js';
import { giveUp, isPassingFailure } from './post.js';

/** What goes into one request. */
export interface Lot {
  readonly calls: readonly CallFinished[];
  /** One for each call, in the same order. */
  readonly texts: readonly string[];
}

export interface LotLimits {
  /** Of the texts together. One text may be longer than that; then it has a lot of its own. */
  readonly maxBytes: number;
  /** Calls in one; as many as fit in unless told. */
  readonly maxCalls?: number;
}

/** Long prompts take their time to be written; others of the process come in between two calls. */
export async function* lotsOf(
  calls: readonly CallFinished[],
  write: (call: CallFinished) => string,
  { maxBytes, maxCalls = Infinity }: LotLimits,
): AsyncGenerator<Lot> {
  let lot: { calls: CallFinished[]; texts: string[] } = { calls: [], texts: [] };
  let bytes = 0;
  for (const call of calls) {
    const text = write(call);
    const own = Buffer.byteLength(text);
    if (lot.calls.length > 0 && (bytes + own > maxBytes || lot.calls.length >= maxCalls)) {
      yield lot;
      lot = { calls: [], texts: [] };
      bytes = 0;
    }
    lot.calls.push(call);
    lot.texts.push(text);
    bytes += own;
    await setImmediate();
  }
  if (lot.calls.length > 0) yield lot;
}

export interface LotPosting {
  /** Who is told, by the name that people know, for messages. */
  readonly to: string;
  readonly request: (lot: Lot) => HttpRequest | Promise<HttpRequest>;
  /** Gets the calls that are not to be sent again: a batch that failed comes again with the same objects. */
  readonly done: WeakSet<CallFinished>;
}

/** Of what may be wrong with one call in it: too large, or not understood. */
const isAboutContent = (status: number): boolean => status === 413 || status === 422;

/** A server that knows what it is sent by its id has it already. */
const CONFLICT = 409;

/**
 * Posts a lot. One that is refused for something in it is posted in halves, so that one call takes no other with it; what
 * is refused for good is logged and counted.
 *
 * @throws when another try may end otherwise
 */
export const postLot = async (
  host: Pick<PluginHost, 'http' | 'log' | 'metrics'>,
  lot: Lot,
  posting: LotPosting,
): Promise<void> => {
  const { to, request, done } = posting;
  const { calls, texts } = lot;
  const { status } = await host.http.request({ method: 'POST', ...(await request(lot)) });
  if (isPassingFailure(status)) throw new Error(`${to} answered ${status}.`);
  if (isAboutContent(status) && calls.length > 1) {
    const middle = Math.ceil(calls.length / 2);
    await postLot(host, { calls: calls.slice(0, middle), texts: texts.slice(0, middle) }, posting);
    await postLot(host, { calls: calls.slice(middle), texts: texts.slice(middle) }, posting);
    return;
  }
  if (status >= 300 && status !== CONFLICT) giveUp(host, status, { to, count: calls.length });
  for (const call of calls) done.add(call);
};
