// Who is told of what. Made for one configuration; a call that nobody hears of costs it one comparison.
import type { CallbackSettings } from '@turnpike/config';
import type { ChatChunk, CompletionChunk } from '@turnpike/domain';
import type { PluginGraph } from '@turnpike/kernel';
import type { Alert, CallStarted } from '@turnpike/plugin-sdk';
import type { Attempt } from '../pipeline/attempt.js';
import { isMaskedForLogs, mayBeLogged } from '../guarding/logged-view.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';
import { Delivery, depthOf, type Moment, type PendingCall, type QueueDepth, type Target } from './delivery.js';
import { KeyCallbacks, type OpenCallback } from './key-callbacks.js';
import { EndedCall, endedAttempt, MaskedCall, toldAttempt, toldStart } from './told-call.js';

/** One callback, and what it wants to hear. */
export interface Listener {
  /** As the configuration calls it. */
  readonly name: string;
  readonly delivery: Delivery;
  readonly hears: (moment: Moment) => boolean;
  /** It is not told what was asked and answered. */
  readonly hidesContent: boolean;
}

/** Those who hear of one call, and what they are told of it. */
export interface Audience {
  readonly listeners: readonly Listener[];
  /** Prompts and answers may be told. */
  readonly withContent: boolean;
  /** As guardrails leave them: they are told when the call is over, and not before. */
  readonly isMasked: boolean;
  /** Somebody hears chunks. */
  readonly hearsChunks: boolean;
  started: CallStarted | undefined;
  /** The same for those who are not told what was asked. */
  bare: CallStarted | undefined;
}

export interface CallbacksOptions {
  readonly settings: CallbackSettings;
  readonly turnOffMessageLogging: boolean;
  /** Clients may not keep their calls from being told (`no-log`, `x-litellm-disable-callbacks`). */
  readonly isCompulsory: boolean;
  readonly graph: PluginGraph;
  /** Opens one with settings that a key brings. */
  readonly open: OpenCallback;
  /** Told how many events one was not told of. */
  readonly onDropped: (name: string, count: number) => void;
  readonly random: () => number;
}

/** Bytes that a recorded chunk takes, about. */
const CHUNK_BYTES = 200;

/** `exchange.audience` of a call that nobody hears of. */
const NOBODY: Audience = {
  listeners: [],
  withContent: false,
  isMasked: false,
  hearsChunks: false,
  started: undefined,
  bare: undefined,
};

export class Callbacks {
  private readonly listeners: readonly Listener[];
  private readonly ofKeys: KeyCallbacks;

  constructor(private readonly options: CallbacksOptions) {
    const { settings, graph, onDropped, random } = options;
    const { both, success, failure, alerts, withoutContent } = settings;
    this.listeners = [...new Set([...both, ...success, ...failure, ...alerts])].flatMap((name) => {
      const instance = graph.get<'callback/v1'>(`callback.${name}`);
      if (!instance) return [];
      const target: Target = { events: instance.exports.events, hooks: instance.hooks };
      return [
        {
          name,
          delivery: new Delivery({
            target,
            wishes: target.events.delivery,
            onDropped: (count) => onDropped(name, count),
            random,
          }),
          hears: (moment: Moment): boolean =>
            target.events[moment] !== undefined &&
            (moment !== 'onSuccess' || both.includes(name) || success.includes(name)) &&
            (moment !== 'onFailure' || both.includes(name) || failure.includes(name)),
          hidesContent: withoutContent.includes(name),
        },
      ];
    });
    this.ofKeys = new KeyCallbacks(options);
  }

  /** Somebody is told of such calls, unless it is kept from them. */
  mayHear({ principal }: Exchange): boolean {
    return this.listeners.length > 0 || principal?.terms?.callbacks !== undefined;
  }

  /** What waits, queue by queue; callbacks of keys have several of one name. */
  *depths(): Iterable<QueueDepth> {
    for (const { name, delivery } of this.listeners) yield depthOf(name, delivery);
    yield* this.ofKeys.depths();
  }

  /** The answer must be kept until it can be told. */
  keepsAnswer(exchange: Exchange): boolean {
    const audience = this.audienceOf(exchange);
    return audience.listeners.some(
      (listener) => tellsContent(audience, listener) && (listener.hears('onSuccess') || listener.hears('onFailure')),
    );
  }

  /** Where chunks go; undefined: nobody hears them. */
  chunkListener(exchange: Exchange): ((chunk: ChatChunk | CompletionChunk) => void) | undefined {
    const audience = this.audienceOf(exchange);
    if (!audience.hearsChunks) return undefined;
    const call = startOf(exchange, audience, true);
    const hearing = audience.listeners.filter(hearsChunks);
    return (chunk) => {
      for (const { delivery } of hearing) delivery.push('onStreamEvent', { call, chunk }, CHUNK_BYTES);
    };
  }

  attemptBegins(attempt: Attempt): void {
    const { exchange } = attempt;
    const audience = this.audienceOf(exchange);
    for (const listener of audience.listeners) {
      if (!listener.hears('onBeforeCall')) continue;
      const isTold = tellsContentNow(audience, listener);
      const event = { call: startOf(exchange, audience, isTold), ...toldAttempt(attempt) };
      listener.delivery.push('onBeforeCall', event, isTold ? bytesOf(exchange) : 0);
    }
  }

  attemptEnded(attempt: Attempt): void {
    const { exchange } = attempt;
    const audience = this.audienceOf(exchange);
    for (const listener of audience.listeners) {
      if (!listener.hears('onAfterCall')) continue;
      const isTold = tellsContentNow(audience, listener);
      const event = { call: startOf(exchange, audience, isTold), ...endedAttempt(attempt) };
      listener.delivery.push('onAfterCall', event, isTold ? bytesOf(exchange) : 0);
    }
  }

  finished(exchange: Exchange, outcome: Outcome): void {
    const audience = this.audienceOf(exchange);
    if (audience.listeners.length === 0) return;
    const moment = outcome.status === 'success' ? 'onSuccess' : 'onFailure';
    let whole: PendingCall | undefined;
    let bare: EndedCall | undefined;
    for (const listener of audience.listeners) {
      if (!listener.hears(moment)) continue;
      if (tellsContent(audience, listener)) {
        whole ??= audience.isMasked
          ? new MaskedCall(exchange, outcome, startOf(exchange, audience, false))
          : new EndedCall(exchange, outcome, startOf(exchange, audience, true));
        listener.delivery.push(moment, whole, bytesOf(exchange));
      } else {
        bare ??= new EndedCall(exchange, outcome, startOf(exchange, audience, false));
        listener.delivery.push(moment, bare);
      }
    }
  }

  alert(alert: Alert): void {
    for (const { hears, delivery } of this.listeners) if (hears('onAlert')) delivery.push('onAlert', alert);
  }

  /** What waits is told, or given up when this time is over. */
  async close(withinMs: number): Promise<void> {
    await Promise.all([...this.listeners.map(({ delivery }) => delivery.close(withinMs)), this.ofKeys.close(withinMs)]);
  }

  private audienceOf(exchange: Exchange): Audience {
    return (exchange.audience ??= this.gather(exchange));
  }

  private gather(exchange: Exchange): Audience {
    const { headers, body, principal } = exchange;
    const terms = principal?.terms;
    const own = terms?.callbacks;
    if (!this.mayHear(exchange)) return NOBODY;
    const { isCompulsory, turnOffMessageLogging } = this.options;
    if (!isCompulsory && body?.['no-log'] === true) return NOBODY;

    const unwanted = new Set(terms?.disabledCallbacks);
    const refused = headers['x-litellm-disable-callbacks'];
    if (!isCompulsory && typeof refused === 'string')
      for (const name of refused.split(',')) unwanted.add(name.trim().toLowerCase());
    let listeners = this.listeners;
    if (own) listeners = this.ofKeys.joined(listeners, own);
    if (unwanted.size > 0) listeners = listeners.filter(({ name }) => !unwanted.has(name));
    if (listeners.length === 0) return NOBODY;
    const withContent =
      body !== undefined &&
      !turnOffMessageLogging &&
      terms?.turnOffMessageLogging !== true &&
      headers['x-litellm-enable-message-redaction'] !== 'true' &&
      mayBeLogged(exchange);
    const isMasked = withContent && isMaskedForLogs(exchange);
    return {
      listeners,
      withContent,
      isMasked,
      // Chunks are what is answered.
      hearsChunks: withContent && !isMasked && exchange.isStream && listeners.some(hearsChunks),
      started: undefined,
      bare: undefined,
    };
  }
}

const tellsContent = ({ withContent }: Audience, { hidesContent }: Listener): boolean => withContent && !hidesContent;

/** Guardrails for logs look when the call is over. */
const tellsContentNow = (audience: Audience, listener: Listener): boolean =>
  !audience.isMasked && tellsContent(audience, listener);

const hearsChunks = ({ hears, hidesContent }: Listener): boolean => !hidesContent && hears('onStreamEvent');

const startOf = (exchange: Exchange, audience: Audience, withContent: boolean): CallStarted =>
  withContent ? (audience.started ??= toldStart(exchange, true)) : (audience.bare ??= toldStart(exchange, false));

const bytesOf = ({ raw, answer, attempt }: Exchange): number =>
  raw.length +
  (answer?.kind === 'whole' ? answer.body.length : (attempt?.recording?.chunks?.length ?? 0) * CHUNK_BYTES);
