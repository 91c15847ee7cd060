// A callback that keeps the contract: it posts batches, and sends what is left when it stops.
import {
  definePlugin,
  z,
  type AnyPlugin,
  type CallbackV1,
  type CallFinished,
  type JsonObject,
  type Lifecycle,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import type { FakeHost } from '../host/fake-host.js';
import type { PluginSubject } from '../plugin/conformance.js';
import { SAMPLE_SECRET } from './sample-provider.js';

export interface CallbackSettings {
  api_key: string;
  url: string;
}

export type CallbackInstance = CallbackV1 & Lifecycle;

export type OpenCallback = (good: CallbackInstance, settings: CallbackSettings, host: PluginHost) => unknown;

const open = (settings: CallbackSettings, host: PluginHost): CallbackInstance => {
  const waiting: CallFinished[] = [];
  const send = async (signal: AbortSignal): Promise<void> => {
    const batch = waiting.splice(0);
    if (batch.length === 0) return;
    const { status } = await host.http.request({
      method: 'POST',
      url: settings.url,
      headers: { authorization: `Bearer ${settings.api_key}` },
      body: JSON.stringify(batch),
      signal,
    });
    if (status >= 400) throw new Error(`The collector answered ${status}.`);
  };
  const take = async (events: readonly CallFinished[], signal: AbortSignal): Promise<void> => {
    waiting.push(...events);
    if (waiting.length >= 2) await send(signal);
  };
  return {
    events: { onSuccess: take, onFailure: take },
    start: async () => host.log.info('sending to the collector', { url: settings.url }),
    stop: async () => send(AbortSignal.timeout(1_000)).catch(() => host.log.warn('events were lost')),
    health: async () => ({ status: 'up' }),
  };
};

/** `changes` take the place of parts of the manifest; `change` gets the good instance and returns another. */
export const sampleCallback = (
  changes: Partial<AnyPlugin> = {},
  change: OpenCallback = (instance) => instance,
): AnyPlugin => ({
  ...definePlugin({
    contract: 'callback/v1',
    id: 'callback.sample',
    capabilities: ['events'],
    config: z.strictObject({ api_key: z.string().min(1), url: z.url() }),
    env: { SAMPLE_API_KEY: 'api_key', SAMPLE_URL: 'url' },
    init: (settings, host) => change(open(settings, host), settings, host) as CallbackInstance,
  }),
  ...changes,
});

const config: JsonObject = { api_key: SAMPLE_SECRET, url: 'https://collector.invalid/events' };

export const importable = (name: string): URL => new URL(`../../fixtures/importable/${name}.js`, import.meta.url);

export const callbackSubject = (plugin: AnyPlugin = sampleCallback()): PluginSubject => ({
  plugin,
  config,
  entry: importable('quiet'),
});

/** Events in the requests that the fake collector got. */
export const deliveredTo = (host: FakeHost): number =>
  host.http.requests.reduce((sum, { body }) => sum + (JSON.parse(String(body)) as unknown[]).length, 0);
