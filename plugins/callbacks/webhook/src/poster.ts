// Posts batches: what was taken is not posted again when the rest of its batch is.
import {
  AlertMemory,
  httpTargetOf,
  postTold,
  type Alert,
  type CallFinished,
  type HttpRequest,
  type HttpTarget,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import { alertBody } from './alerts.js';
import { bodiesOf } from './bodies.js';
import type { PosterSettings } from './config.js';
import { SIGNATURE_HEADER, signatureOf } from './signature.js';

export interface Poster {
  readonly calls: (calls: readonly CallFinished[], signal: AbortSignal) => Promise<void>;
  readonly alerts: (alerts: readonly Alert[], signal: AbortSignal) => Promise<void>;
}

/** Requests at once; more than one only where each call has its own. */
const MAX_AT_ONCE = 8;

/** @param to who is told, for messages */
export const createPoster = (to: string, settings: PosterSettings, host: PluginHost): Poster => {
  const target = httpTargetOf(settings.url);
  const alertTarget = settings.alert_url === undefined ? target : httpTargetOf(settings.alert_url);
  const own = Object.fromEntries(Object.entries(settings.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const memory = new AlertMemory(host);
  /** A batch that failed comes again with the same objects. */
  const taken = new WeakSet<CallFinished>();

  const request = ({ url, headers }: HttpTarget, body: string, contentType: string): HttpRequest => ({
    url,
    body,
    headers: {
      'content-type': contentType,
      'user-agent': 'Turnpike',
      ...headers,
      ...own,
      ...(settings.secret && { [SIGNATURE_HEADER]: signatureOf(body, settings.secret, host.clock.now()) }),
    },
  });

  return {
    async calls(calls, signal) {
      const bodies = bodiesOf(
        calls.filter((call) => !taken.has(call)),
        settings.format,
      );
      const post = async (): Promise<void> => {
        for (let body = bodies.shift(); body; body = bodies.shift()) {
          const { text, contentType, calls: own } = body;
          await postTold(host, { ...request(target, text, contentType), signal }, { to, count: own.length });
          for (const call of own) taken.add(call);
        }
      };
      const ends = await Promise.allSettled(Array.from({ length: Math.min(MAX_AT_ONCE, bodies.length) }, post));
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed) throw failed.reason;
    },

    async alerts(alerts, signal) {
      for (const alert of memory.fresh(alerts)) {
        const text = JSON.stringify(alertBody(alert));
        await postTold(host, { ...request(alertTarget, text, 'application/json'), signal }, { to, count: 1 });
        memory.told([alert]);
      }
    },
  };
};
