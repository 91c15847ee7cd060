// A provider shows what it can do: its capabilities choose which cases its fixtures must hold.
import type { ChatChunk } from '@turnpike/plugin-sdk';
import { check, must, type Check } from '../check.js';
import { expectedFailure, type FixtureCase, type OperationName } from './fixtures.js';
import { callOf, decode, httpOperation, type AnyHttpOperation, type ProviderSubject } from './subject.js';

export const coverageChecks = (
  subject: ProviderSubject,
  name: OperationName,
  operation: AnyHttpOperation,
  fixtures: readonly FixtureCase[],
): Check[] => {
  const own = fixtures.filter((fixture) => fixture.operation === name);
  const wants = (part: string, what: string, holds: () => boolean): Check =>
    check(`coverage/${name}-${part}`, `has a fixture of ${what}`, () =>
      must(holds(), `No ${name} case shows ${what}.`),
    );
  const checks = [
    wants('body', 'a request', () => own.some(({ request, body }) => request && body)),
    wants('answer', 'a whole answer', () => own.some(({ upstream }) => upstream !== undefined)),
  ];
  if (!operation.decoder) return checks;
  checks.push(wants('stream', 'a stream', () => own.some(({ chunks }) => chunks)));
  if (name === 'chat') {
    checks.push(
      wants('parallel-tools', 'a stream with parallel tool calls', () => own.some(hasParallelCalls(subject))),
    );
  }
  return checks;
};

/** Operations of a provider share their errors, so one recorded failure does for all. */
export const errorCoverageCheck = (fixtures: readonly FixtureCase[]): Check =>
  check('coverage/error', 'has a fixture of a failed answer', () =>
    must(
      fixtures.some(({ error }) => error),
      'No case shows a failed answer.',
    ),
  );

const hasParallelCalls =
  (subject: ProviderSubject) =>
  (fixture: FixtureCase): boolean => {
    if (!fixture.chunks || expectedFailure(fixture)) return false;
    const call = callOf(subject.plugin, fixture, { stream: true });
    const { chunks } = decode(httpOperation(subject, fixture), call, [fixture.chunks]);
    return (chunks as ChatChunk[]).some((chunk) => chunk.type === 'tool-call-start' && chunk.index > 0);
  };
