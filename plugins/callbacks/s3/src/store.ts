// Puts calls into a bucket: an object for each, or one of lines for each batch.
import {
  giveUp,
  isPassingFailure,
  lotsOf,
  standardLoggingPayload,
  type CallFinished,
  type Lot,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import type { S3Settings } from './config.js';
import { keyOf, prefixOf } from './keys.js';
import { putRequest, type StoredObject } from './put.js';

/** Where each call has an object of its own. */
const MAX_AT_ONCE = 16;

/** Bytes of lines in one object. */
const MAX_OBJECT_BYTES = 8_000_000;

type Tell = (calls: readonly CallFinished[], signal: AbortSignal) => Promise<void>;

export const createStore = (
  settings: S3Settings,
  host: Pick<PluginHost, 'http' | 'log' | 'metrics' | 'clock'>,
): Tell => {
  /** A batch that failed comes again with the same objects. */
  const done = new WeakSet<CallFinished>();

  const put = async (object: StoredObject, calls: readonly CallFinished[], signal: AbortSignal): Promise<void> => {
    const request = await putRequest(object, settings, host.clock.now());
    const { status, body } = await host.http.request({ ...request, signal });
    if (isPassingFailure(status)) throw new Error(`S3 answered ${status}.`);
    if (status >= 300) giveUp(host, status, { to: 'S3', count: calls.length, reason: codeIn(body) });
    for (const call of calls) done.add(call);
  };

  const objects = settings.format === 'jsonl' ? linesOf : singlesOf;
  return async (calls, signal) => {
    const made = objects(
      calls.filter((call) => !done.has(call)),
      settings,
    );
    const putInTurn = async (): Promise<void> => {
      for await (const { object, calls: own } of made) await put(object, own, signal);
    };
    const ends = await Promise.allSettled(Array.from({ length: MAX_AT_ONCE }, putInTurn));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  };
};

interface Made {
  readonly object: StoredObject;
  readonly calls: readonly CallFinished[];
}

const write = (call: CallFinished): string => JSON.stringify(standardLoggingPayload(call));

/** As LiteLLM has it. */
async function* singlesOf(calls: readonly CallFinished[], settings: S3Settings): AsyncGenerator<Made> {
  for await (const { calls: own, texts } of lotsOf(calls, write, { maxBytes: 0 })) {
    const [call, body] = [own[0]!, texts[0]!];
    const object = { key: keyOf(call, prefixOf(call, settings), 'json'), body, contentType: 'application/json' };
    yield { object, calls: own };
  }
}

/** Of one prefix and day in one object. */
async function* linesOf(calls: readonly CallFinished[], settings: S3Settings): AsyncGenerator<Made> {
  const places = Map.groupBy(calls, (call) => folderOf(call, settings));
  for (const own of places.values())
    for await (const lot of lotsOf(own, write, { maxBytes: MAX_OBJECT_BYTES }))
      yield { object: linesObject(lot, settings), calls: lot.calls };
}

const folderOf = (call: CallFinished, settings: S3Settings): string => {
  const key = keyOf(call, prefixOf(call, settings), 'jsonl');
  return key.slice(0, key.lastIndexOf('/'));
};

/** Named for the first call in it. */
const linesObject = ({ calls, texts }: Lot, settings: S3Settings): StoredObject => {
  const first = calls[0]!;
  return {
    key: keyOf(first, prefixOf(first, settings), 'jsonl'),
    body: texts.map((text) => `${text}\n`).join(''),
    contentType: 'application/x-ndjson',
  };
};

/** `NoSuchBucket`, `SignatureDoesNotMatch` … from S3's `<Error><Code>…`. Nothing else of the answer is shown. */
const codeIn = (body: Uint8Array): string | undefined =>
  /<Code>([A-Za-z]{1,64})<\/Code>/.exec(Buffer.from(body).toString('latin1'))?.[1];
