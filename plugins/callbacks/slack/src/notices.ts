// What is told: a line for a channel, without secrets and without anything that was said in a call.
import { alertText, type Alert } from '@turnpike/plugin-sdk';
import type { AlertType } from './config.js';

export interface Notice {
  readonly type: AlertType;
  readonly mood: 'bad' | 'warning' | 'good';
  readonly text: string;
}

const TYPES: Readonly<Record<Alert['kind'], AlertType>> = {
  budget: 'budget_alerts',
  deployment: 'cooldown_deployment',
  state: 'db_exceptions',
};

const BAD = new Set<string>(['budget_crossed', 'began']);
const GOOD = new Set<string>(['recovered', 'ended']);

export const noticeOf = (alert: Alert): Notice => {
  const { kind, event } = alert;
  const mood = BAD.has(event) ? 'bad' : GOOD.has(event) ? 'good' : 'warning';
  return { type: TYPES[kind], mood, text: alertText(alert) };
};

const SIGNS = { bad: ':red_circle:', warning: ':warning:', good: ':large_green_circle:' } as const;

/** Slack takes 40,000 characters; nobody reads as many. */
const MAX_LINES = 20;
const MAX_LINE_CHARACTERS = 1_000;

/** The body for an incoming webhook. Docs: https://api.slack.com/messaging/webhooks, read 2026-11-21 */
export const messageOf = (notices: readonly Notice[]): { text: string } => {
  const lines = notices.slice(0, MAX_LINES).map(({ mood, text }) => `${SIGNS[mood]} ${escaped(text)}`);
  const more = notices.length - lines.length;
  return { text: [...lines, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n') };
};

/** Names of keys and models come from users: they mention nobody, and make no links. */
const escaped = (text: string): string =>
  text
    .slice(0, MAX_LINE_CHARACTERS)
    .toWellFormed()
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
