// The callback suite: it may be told anything at any time, and a transport that fails stays its own affair.
import type { CallbackV1, ChatChunk, EventsV1 } from '@turnpike/plugin-sdk';
import {
  aBareCallFinished,
  aCallFailed,
  aCallFinished,
  aCallStarted,
  anUpstreamAnswered,
  anUpstreamAsked,
  someAlerts,
} from '../builders/call-events.js';
import { check, fail, must, type Check, type Skip } from '../check.js';
import { declareChecks } from '../declare.js';
import { START_OF_TIME } from '../host/fake-clock.js';
import { fakeHost, type FakeHost } from '../host/fake-host.js';
import type { Script } from '../host/fake-http.js';
import { deepFreeze, mustEqual } from '../json.js';
import { pluginChecks, type PluginSubject } from '../plugin/conformance.js';
import { BACKENDS, tryStart } from '../plugin/lifecycle.checks.js';
import { openPlugin, settled, within, type Opened } from '../plugin/opened.js';
import { mustHoldNoSecret } from '../plugin/secret.checks.js';
import { secretsOf } from '../secrets.js';

export interface CallbackConformance extends PluginSubject {
  /** How many finished calls the transport got; makes the suite check that none is lost by stopping. */
  delivered?: (host: FakeHost) => number;
}

const STREAM: readonly ChatChunk[] = [
  { type: 'start', id: 'chatcmpl-1', model: 'large-2026-01-01', created: START_OF_TIME / 1_000 },
  { type: 'text-delta', choice: 0, text: 'Hi' },
  { type: 'finish', choice: 0, reason: 'stop' },
];

type Tell = (events: EventsV1, signal: AbortSignal) => unknown;
type Moment = Exclude<keyof EventsV1, 'delivery'>;

/** Each moment, with what it may be told: the fullest event, the barest, and what lies between. */
const MOMENTS: { readonly [M in Moment]: readonly Tell[] } = {
  onBeforeCall: [anUpstreamAsked(), anUpstreamAsked({ call: aCallFinished() })].map(
    (event): Tell =>
      (events) =>
        events.onBeforeCall?.(deepFreeze(event)),
  ),
  onAfterCall: [
    anUpstreamAnswered(),
    anUpstreamAnswered({
      status: 'failure',
      usage: undefined,
      error: { code: 'GW_UPSTREAM_UNAVAILABLE', message: 'The provider is overloaded.', upstreamStatus: 503 },
    }),
  ].map(
    (event): Tell =>
      (events) =>
        events.onAfterCall?.(deepFreeze(event)),
  ),
  onStreamEvent: STREAM.map(
    (chunk): Tell =>
      (events) =>
        events.onStreamEvent?.(deepFreeze({ call: aCallStarted(), chunk })),
  ),
  onSuccess: [
    [aCallFinished(), aBareCallFinished({ callId: 'call-2' })],
    [aCallFinished({ callId: 'call-3', stream: true, cache: 'hit' })],
  ].map(
    (batch): Tell =>
      (events, signal) =>
        events.onSuccess?.(deepFreeze(batch), signal),
  ),
  onFailure: [
    [aCallFailed(), aCallFailed({ callId: 'call-4', status: 'client_closed', statusCode: 499 })],
    [aBareCallFinished({ status: 'failure', statusCode: 500 })],
  ].map(
    (batch): Tell =>
      (events, signal) =>
        events.onFailure?.(deepFreeze(batch), signal),
  ),
  onAlert: [
    (events, signal) => events.onAlert?.(deepFreeze(someAlerts()), signal),
    (events, signal) => events.onAlert?.(deepFreeze(someAlerts().slice(0, 1)), signal),
  ],
};

const HOOK_MS = 5_000;
/** The kernel aborts a hook that takes too long; then it must let go. */
const ABORTED_MS = 1_000;
/** How long a rejection that nobody awaits needs to show. */
const SETTLING_MS = 50;

/** Tells all events of these moments at once. A hook that throws counts as one that rejects. */
const tellAll = (events: EventsV1, moments: readonly Moment[], signal: AbortSignal) =>
  Promise.allSettled(moments.flatMap((moment) => MOMENTS[moment].map(async (tell) => tell(events, signal))));

/**
 * Fails when a promise is rejected while nobody holds it, which would end the process. Some test runners keep the
 * event to themselves and fail the test; for them it is enough to wait.
 */
const withoutFloatingRejections = async (body: () => Promise<void>): Promise<void> => {
  const floating: unknown[] = [];
  const note = (reason: unknown) => floating.push(reason);
  process.on('unhandledRejection', note);
  try {
    await body();
    await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
  } finally {
    process.removeListener('unhandledRejection', note);
  }
  if (floating.length > 0) fail('A promise was rejected and nobody holds it: this ends the process.', floating[0]);
};

/** Only batches carry a signal; the other moments are left to the kernel's deadline when the transport hangs. */
const tellAgainst = (backend: string, host: FakeHost, events: EventsV1) => {
  if (backend !== 'hangs') {
    const signal = AbortSignal.timeout(HOOK_MS);
    return within(host, HOOK_MS, 'a hook', () => tellAll(events, momentsOf(events), signal));
  }
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  return within(host, 50 + ABORTED_MS, 'a hook, its abort included,', () =>
    tellAll(events, ['onSuccess', 'onFailure', 'onAlert'], controller.signal),
  );
};

const momentsOf = (events: EventsV1): Moment[] =>
  (Object.keys(MOMENTS) as Moment[]).filter((moment) => events[moment] !== undefined);

const withCallback = async (
  subject: PluginSubject,
  backend: Script,
  body: (opened: Opened<CallbackV1>) => Promise<void>,
): Promise<void> => {
  const host = (subject.host ?? fakeHost)();
  host.http.fallback = backend;
  const { instance } = openPlugin<'callback/v1'>({ ...subject, host: () => host });
  try {
    await tryStart({ host, life: instance });
    await body({ host, instance });
  } finally {
    await settled(host, HOOK_MS, 'stop', () => instance.stop?.());
    host.dispose();
  }
};

export const callbackChecks = (subject: CallbackConformance): Check[] => {
  const secrets = secretsOf(subject.config);
  return [
    ...pluginChecks(subject),
    check('events/moments', 'listens to at least one moment, and to none that does not exist', () => {
      const { events } = openPlugin<'callback/v1'>(subject).instance;
      must(momentsOf(events).length > 0, 'It listens to nothing.');
      for (const name of Object.keys(events)) {
        if (/^on[A-Z]/.test(name)) must(name in MOMENTS, `There is no moment '${name}'.`);
      }
    }),
    check(
      'events/told',
      'takes every event, the barest and the fullest, and changes none',
      () =>
        withoutFloatingRejections(() =>
          withCallback(subject, { status: 200, body: {} }, async ({ host, instance: { events } }) => {
            const signal = AbortSignal.timeout(HOOK_MS);
            for (const moment of momentsOf(events)) {
              const outcomes = await within(host, HOOK_MS, moment, () => tellAll(events, [moment], signal));
              const failed = outcomes.find((outcome) => outcome.status === 'rejected');
              if (failed) fail(`${moment} failed: ${String(failed.reason)}`, failed.reason);
            }
          }),
        ),
      10 * HOOK_MS,
    ),
    ...Object.entries(BACKENDS).map(([name, backend]) =>
      check(
        `events/backend-${name}`,
        `rejects or carries on, and never ends the process, when the transport ${name === 'down' ? 'is down' : name}`,
        () =>
          withoutFloatingRejections(() =>
            withCallback(subject, backend, async ({ host, instance }) => {
              const outcomes = await tellAgainst(name, host, instance.events);
              await within(host, HOOK_MS, 'stop', () => instance.stop?.());
              mustHoldNoSecret([outcomes, host.logs], secrets, 'Errors or logs');
            }),
          ),
        6 * HOOK_MS,
      ),
    ),
    ...deliveryChecks(subject),
  ];
};

const deliveryChecks = (subject: CallbackConformance): Check[] => {
  const { delivered } = subject;
  if (!delivered) return [];
  return [
    check(
      'events/flush',
      'has delivered every event when stop is done',
      () =>
        withCallback(subject, { status: 200, body: {} }, async ({ host, instance }) => {
          const { events } = instance;
          const signal = AbortSignal.timeout(HOOK_MS);
          const told = ['call-1', 'call-2', 'call-3'].map((callId) => aCallFinished({ callId }));
          let count = 0;
          if (events.onSuccess) {
            await events.onSuccess(told, signal);
            count += told.length;
          }
          if (events.onFailure) {
            await events.onFailure([aCallFailed({ callId: 'call-4' })], signal);
            count += 1;
          }
          await within(host, HOOK_MS, 'stop', () => instance.stop?.());
          mustEqual(delivered(host), count, 'The number of delivered events differs');
        }),
      4 * HOOK_MS,
    ),
  ];
};

/** Declares the callback suite. */
export const callbackConformance = (subject: CallbackConformance & { skips?: readonly Skip[] }): void =>
  declareChecks(`${subject.plugin.id} keeps the callback contract`, callbackChecks(subject), subject.skips);
