// A secret of the settings is told to the upstream and to nobody else.
import { check, must, type Check } from '../check.js';
import { findSecret, isSecretName, secretsOf } from '../secrets.js';
import type { PluginSubject } from './conformance.js';
import { BACKENDS, withLife } from './lifecycle.checks.js';
import { settled } from './opened.js';

const STEP_MS = 10_000;

/** @throws ConformanceError naming where the secret was found */
export const mustHoldNoSecret = (value: unknown, secrets: readonly string[], what: string): void => {
  const path = findSecret(value, secrets);
  must(path === undefined, `${what} tell a secret, at ${path}.`);
};

export const secretChecks = (subject: PluginSubject): Check[] => {
  const secrets = secretsOf(subject.config);
  return [
    check('secrets/settings', 'tells no secret when it refuses settings', () => {
      const schema = subject.plugin.config;
      for (const [key, value] of Object.entries(subject.config)) {
        if (!isSecretName(key)) continue;
        for (const wrong of [{ nested: value }, [value]]) {
          const parsed = schema.safeParse({ ...subject.config, [key]: wrong });
          mustHoldNoSecret(parsed.error?.message, secrets, `Errors about '${key}'`);
        }
      }
    }),
    ...Object.entries(BACKENDS).map(([name, backend]) =>
      check(
        `secrets/backend-${name}`,
        `tells no secret in logs, errors, metrics and health when the backend ${name === 'down' ? 'is down' : name}`,
        () =>
          withLife(subject, backend, async ({ host, life }) => {
            const start = new AbortController();
            setTimeout(() => start.abort(), 50);
            const outcomes = [
              await settled(host, STEP_MS, 'start', () => life.start?.(start.signal)),
              await settled(host, STEP_MS, 'health', () => life.health?.()),
              await settled(host, STEP_MS, 'stop', () => life.stop?.()),
            ];
            mustHoldNoSecret(host.logs, secrets, 'Logs');
            mustHoldNoSecret(outcomes, secrets, 'Errors or health');
            mustHoldNoSecret([host.counts, host.gauges], secrets, 'Metrics');
            mustHoldNoSecret(
              host.http.requests.map(({ url }) => url),
              secrets,
              'Addresses',
            );
          }),
        4 * STEP_MS,
      ),
    ),
  ];
};
