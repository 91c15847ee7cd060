// Sends runs to LangSmith in batches: no run twice when a batch is sent again, and of a trace all or nothing.
// docs: https://api.smith.langchain.com/redoc (POST /runs/batch), read 2026-11-21
import { lotsOf, postLot, toCleanJson, type CallFinished, type Lot, type PluginHost } from '@turnpike/plugin-sdk';
import { createHash } from 'node:crypto';
import type { LangsmithSettings } from './config.js';
import { runOf } from './run.js';

/** Half of what the server takes in one request. */
const MAX_POST_BYTES = 10_000_000;

type Tell = (calls: readonly CallFinished[], signal: AbortSignal) => Promise<void>;

export const createTeller = (settings: LangsmithSettings, host: Pick<PluginHost, 'http' | 'log' | 'metrics'>): Tell => {
  const { api_key: apiKey, base_url: baseUrl, tenant_id: tenant, sampling_rate: rate, batch_size: maxCalls } = settings;
  const headers = {
    'content-type': 'application/json',
    'x-api-key': apiKey,
    ...(tenant !== undefined && { 'x-tenant-id': tenant }),
  };
  /** A batch that failed comes again with the same objects. */
  const done = new WeakSet<CallFinished>();
  const write = (call: CallFinished): string => toCleanJson(runOf(call, settings));

  return async (calls, signal) => {
    const waiting = calls.filter((call) => !done.has(call) && isSampled(call, rate));
    const request = ({ texts }: Lot) => ({
      url: `${baseUrl}/runs/batch`,
      headers,
      body: `{"post":[${texts.join(',')}]}`,
      signal,
    });
    for await (const lot of lotsOf(waiting, write, { maxBytes: MAX_POST_BYTES, maxCalls }))
      await postLot(host, lot, { to: 'LangSmith', request, done });
  };
};

/** The same for all calls of a trace, and each time a batch is sent. */
const isSampled = ({ traceId }: CallFinished, rate: number): boolean =>
  rate >= 1 || createHash('sha256').update(traceId).digest().readUInt32BE() / 2 ** 32 < rate;
