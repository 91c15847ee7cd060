// Tells callback plugins of calls. Events are made only when somebody listens, and nobody is waited for.
import type { GatewayConfig } from '@turnpike/config';
import type { PluginGraph, PluginInstance } from '@turnpike/kernel';
import type { CallFinished } from '@turnpike/plugin-sdk';
import { shownMessage } from '../filters/error-answer.js';
import { loggedView } from '../guarding/logged-view.js';
import { publicMetadata } from '../guarding/look.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';

const HOOK_DEADLINE_MS = 10_000;
const MAX_BATCH = 100;
/** Events that wait for one callback; the oldest go first. */
const MAX_WAITING = 10_000;

interface Listener {
  instance: PluginInstance<'callback/v1'>;
  onSuccess: boolean;
  onFailure: boolean;
  waiting: CallFinished[];
  isSending: boolean;
}

export class CallEvents {
  private listeners: Listener[] = [];

  /** @param onDropped told how many events a callback lost because it was too slow */
  constructor(private readonly onDropped: (plugin: string, count: number) => void) {}

  /** Listens with the callbacks of a new configuration. */
  use(config: GatewayConfig, graph: PluginGraph): void {
    const { both, success, failure } = config.callbacks;
    const names = [...new Set([...both, ...success, ...failure])];
    this.listeners = names.flatMap((name) => {
      const instance = graph.get<'callback/v1'>(`callback.${name}`);
      return instance
        ? [
            {
              instance,
              onSuccess: both.includes(name) || success.includes(name),
              onFailure: both.includes(name) || failure.includes(name),
              waiting: [],
              isSending: false,
            },
          ]
        : [];
    });
  }

  /** Somebody is told of calls. */
  get isListening(): boolean {
    return this.listeners.length > 0;
  }

  finished(exchange: Exchange, outcome: Outcome): void {
    if (!this.isListening) return;
    const event = eventOf(exchange, outcome);
    const { request } = event;
    const said = loggedView(exchange.snapshot.guardrails, exchange, { request });
    if (!(said instanceof Promise)) return this.queue(event);
    // Nobody waits for it, and it never rejects.
    void said.then((shown) => this.queue({ ...event, request: shown.request, guardrails: exchange.guardrailRuns }));
  }

  private queue(event: CallFinished): void {
    for (const listener of this.listeners) {
      const wants = event.status === 'success' ? listener.onSuccess : listener.onFailure;
      if (!wants) continue;
      listener.waiting.push(event);
      if (listener.waiting.length > MAX_WAITING) {
        listener.waiting.shift();
        this.onDropped(listener.instance.id, 1);
      }
      if (!listener.isSending) void this.send(listener);
    }
  }

  private async send(listener: Listener): Promise<void> {
    listener.isSending = true;
    // A turn of the event loop lets calls that end together travel together.
    await new Promise(setImmediate);
    while (listener.waiting.length > 0) {
      const batch = listener.waiting.splice(0, MAX_BATCH);
      const { events } = listener.instance.exports;
      const good = batch.filter((event) => event.status === 'success');
      const bad = batch.filter((event) => event.status !== 'success');
      await this.tell(listener, 'onSuccess', good, (some, signal) => events.onSuccess?.(some, signal));
      await this.tell(listener, 'onFailure', bad, (some, signal) => events.onFailure?.(some, signal));
    }
    listener.isSending = false;
  }

  private async tell(
    { instance }: Listener,
    hook: string,
    events: CallFinished[],
    body: (events: CallFinished[], signal: AbortSignal) => void | Promise<void>,
  ): Promise<void> {
    if (events.length === 0) return;
    try {
      await instance.hooks.run(hook, HOOK_DEADLINE_MS, (signal) => body(events, signal));
    } catch {
      this.onDropped(instance.id, events.length);
    }
  }
}

const eventOf = (exchange: Exchange, outcome: Outcome): CallFinished => {
  const now = Date.now();
  const { principal, attempt, snapshot } = exchange;
  const target = attempt?.target;
  return {
    callId: exchange.callId,
    operation: exchange.front.operation,
    model: exchange.model ?? '',
    stream: exchange.isStream,
    startedAt: Math.round(now - (performance.now() - exchange.startedAt)),
    endedAt: now,
    metadata: publicMetadata(exchange.body),
    keyHash: principal?.keyHash,
    keyAlias: principal?.keyAlias,
    teamId: principal?.teamId,
    endUser: typeof exchange.body?.['user'] === 'string' ? exchange.body['user'] : undefined,
    request: snapshot.config.logging.turnOffMessageLogging ? undefined : exchange.body,
    status: outcome.status,
    statusCode: outcome.statusCode,
    timeToFirstTokenMs: attempt?.firstTokenAt === undefined ? undefined : attempt.firstTokenAt - attempt.startedAt,
    provider: target?.deployment.provider,
    deploymentId: target?.deployment.id,
    upstreamModel: target?.model,
    usage: outcome.usage,
    isUsageEstimated: outcome.isUsageEstimated,
    costNanoUsd: outcome.costNanoUsd,
    cacheHit: exchange.cache === 'hit',
    attempts: exchange.attempts.length,
    guardrails: exchange.guardrailRuns,
    error: outcome.error && { code: outcome.error.code, message: shownMessage(outcome.error) },
  };
};
