// A finished call as an entry of Datadog's log intake.
// docs: https://docs.datadoghq.com/api/latest/logs/#send-logs, read 2026-11-21
import { standardLoggingPayload, type CallFinished } from '@turnpike/plugin-sdk';
import type { DatadogSettings } from './config.js';
import { shortened } from './shorten.js';

/** `HTTPLogItem`. */
export interface Entry {
  readonly ddsource: string;
  /** `env:production,service:…` */
  readonly ddtags: string;
  readonly hostname: string;
  readonly service: string;
  readonly status: 'info' | 'warn' | 'error';
  /** Epoch milliseconds: a batch may come late. */
  readonly timestamp: string;
  /** LiteLLM's standard logging payload, as JSON. */
  readonly message: string;
}

/** Datadog cuts what is longer, and a message that is cut is no JSON. */
const MAX_ENTRY_BYTES = 1_000_000;

/** As JSON. */
export const entryOf = (call: CallFinished, settings: DatadogSettings): string => {
  const write = (message: object): string => JSON.stringify(entryWith(JSON.stringify(message), call, settings));
  const payload = standardLoggingPayload(call);
  const entry = write(payload);
  return Buffer.byteLength(entry) <= MAX_ENTRY_BYTES ? entry : write(shortened(payload));
};

const entryWith = (message: string, call: CallFinished, settings: DatadogSettings): Entry => ({
  ddsource: settings.source,
  ddtags: tagsOf(call, settings),
  hostname: settings.hostname,
  service: settings.service,
  status: STATUS[call.status],
  timestamp: String(call.endedAt),
  message,
});

/** A client that left is nobody's failure. */
const STATUS = { success: 'info', failure: 'error', client_closed: 'warn' } as const satisfies Record<
  CallFinished['status'],
  Entry['status']
>;

/** A request may name as many tags as it likes. */
const MAX_REQUEST_TAGS = 50;
/** Datadog's bound. */
const MAX_TAG = 200;

const tagsOf = ({ tags, teamAlias, teamId }: CallFinished, settings: DatadogSettings): string => {
  const team = teamAlias ?? teamId;
  const all = [
    ['env', settings.env],
    ['service', settings.service],
    ['version', settings.version],
    ['HOSTNAME', settings.hostname],
    ['POD_NAME', settings.pod_name],
    ...tags.slice(0, MAX_REQUEST_TAGS).map((tag) => ['request_tag', tag]),
    ...(team === undefined ? [] : [['team', team]]),
  ];
  // A comma would begin another tag.
  return all.map(([name, value = '']) => `${name}:${value.replaceAll(/[,\p{Cc}]/gu, '_')}`.slice(0, MAX_TAG)).join(',');
};
