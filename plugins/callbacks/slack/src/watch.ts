// Watches attempts for models that fail, groups that fail too often, and answers that take too long. Of errors it knows
// no more than their code: messages of providers may repeat what was said.
import type { PluginHost, UpstreamAnswered } from '@turnpike/plugin-sdk';
import type { SlackSettings } from './config.js';
import type { Later } from './desk.js';
import { Incidents } from './incidents.js';
import { Window } from './window.js';

/** The provider's own trouble. Its refusals, bad keys and spent quotas are none. */
const OUTAGE_CODES: ReadonlySet<string> = new Set([
  'GW_TIMEOUT',
  'GW_UPSTREAM_CONNECTION',
  'GW_UPSTREAM_ERROR',
  'GW_UPSTREAM_INVALID_RESPONSE',
  'GW_UPSTREAM_UNAVAILABLE',
]);

/** Models and groups that are watched; the longest known goes first. */
const MAX_WATCHED = 1_000;
const SWEEP_MS = 5_000;

export interface Watch {
  readonly ended: (attempt: UpstreamAnswered) => void;
  readonly start: () => void;
  readonly stop: () => void;
}

export const createWatch = (
  { args, alerting_threshold: slowSeconds }: SlackSettings,
  host: PluginHost,
  later: Later,
): Watch => {
  const incidents = new Incidents(host, later);
  const windowMs = args.outage_alert_ttl * 1_000;
  const windows = new Map<string, Window>();
  let cancel: (() => void) | undefined;

  const count = (name: string, isFailure: boolean) => {
    let window = windows.get(name);
    if (!window) windows.set(name, (window = new Window(windowMs)));
    if (windows.size > MAX_WATCHED) windows.delete(windows.keys().next().value!);
    return window.add(host.clock.now(), isFailure);
  };

  const watchOutage = (model: string, code: string | undefined): void => {
    const isOutage = code !== undefined && OUTAGE_CODES.has(code);
    const { failed } = count(`model ${model}`, isOutage);
    if (!isOutage) return;
    const about = { type: 'outage_alerts', subject: model, quietMs: windowMs } as const;
    const isMajor = failed >= args.major_outage_alert_threshold;
    if (!isMajor && failed < args.minor_outage_alert_threshold && !incidents.isOpen(about)) return;
    incidents.seen({
      ...about,
      level: isMajor ? 2 : 1,
      text: `${isMajor ? 'Major outage' : 'Outage'}: ${model} failed ${failed} times in ${args.outage_alert_ttl} s, last with ${code}.`,
      over: `The outage of ${model} is over: no failure for ${args.outage_alert_ttl} s.`,
    });
  };

  const watchRate = (group: string, isFailure: boolean): void => {
    const { ended, failed } = count(`group ${group}`, isFailure);
    const about = { type: 'llm_exceptions', subject: group, quietMs: windowMs } as const;
    const share = failed / ended;
    // Half of it keeps it open, so that a share near the mark is not told of again and again.
    const isBad = incidents.isOpen(about)
      ? share >= args.error_rate_threshold / 2
      : ended >= args.error_rate_min_calls && share >= args.error_rate_threshold;
    if (!isBad) return;
    incidents.seen({
      ...about,
      level: 1,
      text: `Errors: ${failed} of the last ${ended} requests for ${group} failed (${Math.round(share * 100)} %).`,
      over: `Requests for ${group} succeed again.`,
    });
  };

  const watchSlow = (model: string, seconds: number): void => {
    if (seconds < slowSeconds) return;
    incidents.seen({
      type: 'llm_too_slow',
      subject: model,
      level: 1,
      text: `Slow: ${model} took ${Math.round(seconds * 10) / 10} s to answer; ${slowSeconds} s are the limit.`,
      over: `No answer of ${model} has been slow for a while.`,
      quietMs: windowMs + slowSeconds * 1_000,
    });
  };

  return {
    ended({ status, provider, upstreamModel, group, error, startedAt, endedAt }: UpstreamAnswered): void {
      if (status === 'abandoned') return;
      const model = `${provider.slice(provider.indexOf('.') + 1)}/${upstreamModel}`;
      watchOutage(model, error?.code);
      watchRate(group, status === 'failure');
      watchSlow(model, (endedAt - startedAt) / 1_000);
    },

    start(): void {
      cancel ??= host.timers.every(SWEEP_MS, () => incidents.sweep());
    },

    stop(): void {
      cancel?.();
      cancel = undefined;
    },
  };
};
