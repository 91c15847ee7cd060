// Sends a batch of calls to Langfuse: whole when it resolves, and no call twice when it is sent again.
import { postTold, type CallFinished, type PluginHost } from '@turnpike/plugin-sdk';
import { setImmediate } from 'node:timers/promises';
import type { BatchClient } from './client.js';
import type { LangfuseSettings } from './config.js';
import { readIngestion } from './ingestion.js';
import { observationsOf } from './observations.js';

/** A bit less than the server takes in one request. */
const MAX_POST_BYTES = 2_500_000;

/** What is sent in one request. */
interface Post {
  readonly calls: CallFinished[];
  /** As JSON. */
  readonly events: string[];
  /** Event id → its call. */
  readonly callOf: Map<string, CallFinished>;
  bytes: number;
}

type Tell = (calls: readonly CallFinished[], signal: AbortSignal) => Promise<void>;

export const createTeller = (settings: LangfuseSettings, host: Pick<PluginHost, 'http' | 'log' | 'metrics'>): Tell => {
  /** A batch that failed comes again with the same objects. */
  const taken = new WeakSet<CallFinished>();

  const send = async (client: BatchClient, { calls, events, callOf }: Post, signal: AbortSignal): Promise<void> => {
    const posting = { to: 'Langfuse', count: calls.length };
    const answer = await postTold(host, { ...client.ingestion(events), signal }, posting);
    const { again, refused } = readIngestion(answer);
    const missing = new Set(again.map((id) => callOf.get(id)));
    for (const call of calls) if (!missing.has(call)) taken.add(call);
    if (refused.length > 0) {
      host.metrics.count('refused', refused.length);
      host.log.warn('Langfuse refuses some events, which are given up', { statuses: refused });
    }
    if (again.length > 0) throw new Error(`Langfuse could not take ${again.length} of ${events.length} events.`);
  };

  return async (calls, signal) => {
    // The SDK is loaded when there is something to tell.
    const { BatchClient } = await import('./client.js');
    const client = new BatchClient(settings, host.http, signal);
    const waiting = calls.filter((call) => !taken.has(call));
    for await (const post of postsOf(client, waiting, settings)) await send(client, post, signal);
    if (client.troubles > 0) host.log.warn('some media did not reach Langfuse', { count: client.troubles });
  };
};

/** No more bytes in one than the server takes; events of one call stay together. */
async function* postsOf(
  client: BatchClient,
  calls: readonly CallFinished[],
  { default_tags: defaultTags }: LangfuseSettings,
): AsyncGenerator<Post> {
  let post = newPost();
  for (const call of calls) {
    const made = await client.eventsOf(observationsOf(call, defaultTags));
    const texts = made.map((event) => JSON.stringify(event));
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (post.events.length > 0 && post.bytes + bytes > MAX_POST_BYTES) {
      yield post;
      post = newPost();
    }
    post.calls.push(call);
    post.events.push(...texts);
    for (const { id } of made) post.callOf.set(id, call);
    post.bytes += bytes;
    // Long prompts take their time; clients come in between.
    await setImmediate();
  }
  if (post.events.length > 0) yield post;
}

const newPost = (): Post => ({ calls: [], events: [], callOf: new Map(), bytes: 0 });
