// Sends calls to Datadog's log intake, compressed.
import { lotsOf, postLot, type CallFinished, type HttpRequest, type Lot, type PluginHost } from '@turnpike/plugin-sdk';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { intakeOf, type DatadogSettings } from './config.js';
import { entryOf } from './log.js';

const compress = promisify(gzip);

/** Less than the 5 MB that are taken before they are compressed. */
const MAX_POST_BYTES = 4_500_000;

type Tell = (calls: readonly CallFinished[], signal: AbortSignal) => Promise<void>;

export const createSender = (settings: DatadogSettings, host: Pick<PluginHost, 'http' | 'log' | 'metrics'>): Tell => {
  const { api_key: apiKey, batch_size: maxCalls } = settings;
  const url = intakeOf(settings);
  const headers = {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    ...(apiKey !== undefined && { 'dd-api-key': apiKey }),
  };
  /** A batch that failed comes again with the same objects. */
  const done = new WeakSet<CallFinished>();
  const write = (call: CallFinished): string => entryOf(call, settings);

  return async (calls, signal) => {
    const waiting = calls.filter((call) => !done.has(call));
    const request = async ({ texts }: Lot): Promise<HttpRequest> => ({
      url,
      headers,
      body: await compress(`[${texts.join(',')}]`),
      signal,
    });
    for await (const lot of lotsOf(waiting, write, { maxBytes: MAX_POST_BYTES, maxCalls }))
      await postLot(host, lot, { to: 'Datadog', request, done });
  };
};
