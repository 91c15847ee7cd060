// Settings, under the names that LiteLLM's `general_settings` has for them.
import { z } from '@turnpike/plugin-sdk';

/** LiteLLM's kinds of alerts that something here is told as. */
export const ALERT_TYPES = [
  'budget_alerts',
  'cooldown_deployment',
  'db_exceptions',
  'outage_alerts',
  'llm_exceptions',
  'llm_too_slow',
] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

const address = z.url({ protocol: /^https?$/ });
const seconds = z.coerce.number().positive().max(86_400);
const count = z.coerce.number().int().min(1).max(1_000_000);

const alertingArgs = z
  .looseObject({
    outage_alert_ttl: seconds.default(60).describe('Seconds in which failures of a model are counted'),
    minor_outage_alert_threshold: count.default(5).describe('Failures in that time that make an outage'),
    major_outage_alert_threshold: count.default(10).describe('… and a major one'),
    error_rate_threshold: z.coerce.number().gt(0).max(1).default(0.5).describe('Share of failures that is too large'),
    error_rate_min_calls: count.default(20).describe('Requests in outage_alert_ttl below which no share is looked at'),
    budget_alert_ttl: seconds
      .max(31 * 86_400)
      .default(86_400)
      .describe('Seconds in which a budget is told once'),
  })
  .prefault({});

const KNOWN_ARGS: ReadonlySet<string> = new Set([
  'outage_alert_ttl',
  'minor_outage_alert_threshold',
  'major_outage_alert_threshold',
  'error_rate_threshold',
  'error_rate_min_calls',
  'budget_alert_ttl',
]);

const isAlertType = (name: string): name is AlertType => (ALERT_TYPES as readonly string[]).includes(name);

export const slackConfig = z
  .strictObject({
    webhook_url: address.describe('Slack’s incoming webhook of the channel'),
    alerting_threshold: seconds.default(300).describe('Seconds after which an answer is slow'),
    alert_types: z
      .array(z.string())
      .default([...ALERT_TYPES])
      .describe('What is told; all unless given'),
    alert_to_webhook_url: z
      .record(z.string(), z.union([address, z.array(address).min(1)]))
      .default({})
      .describe('Kind of alert → the webhook, or webhooks, that hear of it instead'),
    alerting_args: alertingArgs.describe('When trouble begins'),
  })
  .transform(({ alert_types: types, alert_to_webhook_url: addresses, alerting_args: args, ...settings }) => ({
    ...settings,
    args,
    types: new Set(types.filter(isAlertType)),
    addresses: new Map(Object.entries(addresses).map(([type, urls]) => [type, [urls].flat()])),
    /** What was asked for and is not done. */
    without: [
      ...types.filter((type) => !isAlertType(type)).map((type) => `alert_types ${JSON.stringify(type)}`),
      ...Object.keys(args)
        .filter((name) => !KNOWN_ARGS.has(name))
        .map((name) => `alerting_args.${name}`),
    ],
  }));

export type SlackSettings = z.output<typeof slackConfig>;
