// start, stop and health, when all is well and when nothing answers.
import type { Health, Lifecycle } from '@turnpike/plugin-sdk';
import { check, must, type Check } from '../check.js';
import { fakeHost, type FakeHost } from '../host/fake-host.js';
import type { Script } from '../host/fake-http.js';
import type { PluginSubject } from './conformance.js';
import { openPlugin, settled, within } from './opened.js';

const START_MS = 10_000;
const STOP_MS = 5_000;
const HEALTH_MS = 1_000;
const ABORT_MS = 1_000;

/** Backends a plugin may meet: all that HTTP can do to it. */
export const BACKENDS: Readonly<Record<string, Script>> = {
  answers: { status: 200, headers: { 'content-type': 'application/json' }, body: {} },
  refuses: { status: 401, headers: { 'content-type': 'application/json' }, body: { error: { message: 'No.' } } },
  down: 'down',
  hangs: 'hang',
};

interface Life {
  host: FakeHost;
  life: Lifecycle;
}

export const openAgainst = (subject: PluginSubject, backend: Script): Life => {
  const host = (subject.host ?? fakeHost)();
  host.http.fallback = backend;
  return { host, life: openPlugin({ ...subject, host: () => host }).instance };
};

/** Stops, whatever the check found, so that nothing of one check runs on in the next. */
export const withLife = async (
  subject: PluginSubject,
  backend: Script,
  body: (opened: Life) => Promise<void>,
): Promise<void> => {
  const opened = openAgainst(subject, backend);
  try {
    await body(opened);
  } finally {
    await settled(opened.host, STOP_MS, 'stop', () => opened.life.stop?.());
    opened.host.dispose();
  }
};

export const tryStart = async ({ host, life }: Life, ms = START_MS): Promise<PromiseSettledResult<unknown>> =>
  settled(host, ms, 'start', () => life.start?.(AbortSignal.timeout(ms)));

export const lifecycleChecks = (subject: PluginSubject): Check[] => [
  check(
    'lifecycle/stop-twice',
    'stops, and stops again',
    () =>
      withLife(subject, BACKENDS['answers']!, async (opened) => {
        await tryStart(opened);
        await within(opened.host, STOP_MS, 'the first stop', () => opened.life.stop?.());
        await within(opened.host, STOP_MS, 'the second stop', () => opened.life.stop?.());
      }),
    START_MS + 3 * STOP_MS,
  ),
  check(
    'lifecycle/stop-after-failed-start',
    'stops after a start that failed, and one that never was',
    async () => {
      await withLife(subject, 'down', async (opened) => {
        await tryStart(opened);
        await within(opened.host, STOP_MS, 'stop', () => opened.life.stop?.());
      });
      await withLife(subject, 'down', async ({ host, life }) => {
        await within(host, STOP_MS, 'stop', () => life.stop?.());
      });
    },
    START_MS + 4 * STOP_MS,
  ),
  check('lifecycle/start-aborted', 'gives a start up within 1 s when it is told to', () =>
    withLife(subject, 'hang', async ({ host, life }) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('too slow')), 20);
      await settled(host, ABORT_MS, 'an aborted start', () => life.start?.(controller.signal));
    }),
  ),
  ...Object.entries(BACKENDS).map(([name, backend]) =>
    check(
      `lifecycle/health-${name}`,
      `tells its health within 1 s, before and after start, when the backend ${name === 'down' ? 'is down' : name}`,
      () =>
        withLife(subject, backend, async (opened) => {
          await checkHealth(opened, 'before start');
          const start = new AbortController();
          setTimeout(() => start.abort(), 50);
          await settled(opened.host, START_MS, 'start', () => opened.life.start?.(start.signal));
          await checkHealth(opened, 'after start');
          await within(opened.host, STOP_MS, 'stop', () => opened.life.stop?.());
          await checkHealth(opened, 'after stop');
        }),
      START_MS + 2 * STOP_MS + 3 * HEALTH_MS,
    ),
  ),
];

const STATUSES: readonly string[] = ['up', 'degraded', 'down'] satisfies Health['status'][];

const checkHealth = async ({ host, life }: Life, when: string): Promise<void> => {
  if (!life.health) return;
  const result = await settled(host, HEALTH_MS, `health ${when}`, () => life.health?.());
  must(
    result.status === 'fulfilled',
    () => `health ${when} threw: ${String((result as PromiseRejectedResult).reason)}`,
  );
  const health = result.value as Partial<Health> | undefined;
  must(STATUSES.includes(String(health?.status)), `health ${when} is '${String(health?.status)}'.`);
  must(health?.reason === undefined || typeof health.reason === 'string', `The reason ${when} is no text.`);
};
