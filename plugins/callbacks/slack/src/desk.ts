// Where notices go out: to the channel of their kind, several in one message, each once.
import { AlertMemory, postTold, type Alert, type PluginHost } from '@turnpike/plugin-sdk';
import { Claims } from './claims.js';
import type { SlackSettings } from './config.js';
import { messageOf, noticeOf, type Notice } from './notices.js';

/** What several workers may notice at once, under the name that they all have for it. */
export interface Claimed {
  readonly notice: Notice;
  readonly name: string;
  /** How long the name is one worker's. */
  readonly heldMs: number;
}

export type Later = (claimed: Claimed) => void;

export interface Desk {
  /** Tells soon, and again while Slack is away. */
  readonly later: Later;
  /** @throws when another try may end otherwise */
  readonly alerts: (alerts: readonly Alert[], signal: AbortSignal) => Promise<void>;
  /** What waits is tried once more. */
  readonly flush: () => Promise<void>;
}

/** Notices that wait for Slack to be back. */
const MAX_WAITING = 100;
const MAX_TRIES = 6;
const FIRST_WAIT_MS = 1_000;
const POST_MS = 5_000;
/** Workers notice the same within that time; the next to notice it later may be any of them. */
const CLAIM_MS = 3_000;

export const createDesk = (settings: SlackSettings, host: PluginHost): Desk => {
  const { webhook_url: usual, types, addresses, args } = settings;
  const memory = new AlertMemory(host, { budget: args.budget_alert_ttl * 1_000 });
  const claims = new Claims(host);
  /** A batch that failed comes again with the same objects. */
  const notices = new WeakMap<Alert, Notice>();
  const reached = new WeakMap<Notice, Set<string>>();
  let waiting: Claimed[] = [];
  let tries = 0;
  let isSending = false;

  const noticeFor = (alert: Alert): Notice => {
    const notice = notices.get(alert) ?? noticeOf(alert);
    notices.set(alert, notice);
    return notice;
  };

  /** @throws when another try may end otherwise; what has reached a channel does not go there again */
  const post = async (told: readonly Notice[], signal: AbortSignal): Promise<void> => {
    const byAddress = new Map<string, Notice[]>();
    for (const notice of told) {
      for (const url of addresses.get(notice.type) ?? [usual]) {
        if (reached.get(notice)?.has(url)) continue;
        byAddress.set(url, [...(byAddress.get(url) ?? []), notice]);
      }
    }
    for (const [url, own] of byAddress) {
      const body = JSON.stringify(messageOf(own));
      const request = { url, body, headers: { 'content-type': 'application/json' }, signal };
      await postTold(host, request, { to: 'Slack', count: own.length });
      for (const notice of own) reached.set(notice, (reached.get(notice) ?? new Set()).add(url));
    }
  };

  const send = async (): Promise<void> => {
    if (isSending || waiting.length === 0) return;
    isSending = true;
    const batch = [...waiting];
    try {
      const ours = await Promise.all(batch.map(({ name, heldMs }) => claims.isOurs(name, heldMs)));
      await post(
        batch.filter((_, index) => ours[index]).map(({ notice }) => notice),
        AbortSignal.timeout(POST_MS),
      );
      tries = 0;
      waiting = waiting.filter((one) => !batch.includes(one));
    } catch {
      tries += 1;
      if (tries === MAX_TRIES) {
        tries = 0;
        host.metrics.count('dropped', batch.length);
        host.log.warn('Slack cannot be reached: alerts are lost', { count: batch.length });
        waiting = waiting.filter((one) => !batch.includes(one));
      }
    } finally {
      isSending = false;
    }
    if (waiting.length > 0) host.timers.after(FIRST_WAIT_MS * 2 ** tries, () => void send());
  };

  return {
    later(claimed: Claimed): void {
      if (!types.has(claimed.notice.type)) return;
      if (waiting.length === MAX_WAITING) {
        waiting.shift();
        host.metrics.count('dropped');
      }
      waiting.push(claimed);
      if (tries === 0) void send();
    },

    async alerts(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
      const fresh = memory.fresh(alerts.filter((alert) => types.has(noticeFor(alert).type)));
      const ours = await Promise.all(fresh.map((alert) => claims.isOurs(memory.nameOf(alert), CLAIM_MS)));
      const own = fresh.filter((_, index) => ours[index]);
      await post(own.map(noticeFor), signal);
      memory.told(own);
    },

    async flush(): Promise<void> {
      const last = waiting.splice(0).map(({ notice }) => notice);
      await post(last, AbortSignal.timeout(POST_MS)).catch(() => host.metrics.count('dropped', last.length));
    },
  };
};
