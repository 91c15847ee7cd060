// Failed answers: recorded ones, and those that any upstream or the proxy before it may give.
import { isGatewayError, type ErrorKind, type JsonObject, type UpstreamFailure } from '@turnpike/plugin-sdk';
import { check, must, type Check } from '../check.js';
import { mustContain, mustEqual } from '../json.js';
import type { ErrorFixture, FixtureCase, OperationName } from './fixtures.js';
import { plainCase } from './requests.js';
import { callOf, httpOperation, type ProviderSubject } from './subject.js';

const errorOf = (subject: ProviderSubject, fixture: FixtureCase, failure: UpstreamFailure) => {
  const error: unknown = httpOperation(subject, fixture).toError(failure, callOf(subject.plugin, fixture));
  must(isGatewayError(error), () => `'toError' returned no error of ours: ${String(error)}`);
  mustEqual(error.facts.provider, subject.plugin.id, "The error's provider differs");
  must(error.message.trim() !== '', 'The error has no message.');
  must(!/<\/?[a-z][^>]*>/i.test(error.message), `The message holds markup: ${error.message}`);
  return error;
};

export const errorChecks = (subject: ProviderSubject, fixture: FixtureCase): Check[] => {
  const { error: recorded } = fixture;
  if (!recorded) return [];
  return [
    check(`${fixture.name}/error`, `becomes ${recorded.expected.code}`, () =>
      checkRecordedError(subject, fixture, recorded),
    ),
  ];
};

const checkRecordedError = (subject: ProviderSubject, fixture: FixtureCase, recorded: ErrorFixture): void => {
  const { status, headers = {}, body, expected } = recorded;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const error = errorOf(subject, fixture, { status, headers, body: text });
  const { code, ...facts } = expected;
  mustEqual(error.code, code, 'The code differs');
  mustContain(error.facts, facts, 'The facts differ');
};

interface GenericFailure extends UpstreamFailure {
  readonly kind: ErrorKind;
  readonly facts?: JsonObject;
}

const HTML = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1>nginx</body></html>';

const says = (message: string): string => JSON.stringify({ error: { message } });

/** Statuses speak for themselves, whatever shape an upstream's own errors have. */
const GENERIC: Readonly<Record<string, GenericFailure>> = {
  '401': { status: 401, headers: {}, body: says('No such key.'), kind: 'authentication' },
  '403': { status: 403, headers: {}, body: says('Not yours.'), kind: 'permission-denied' },
  '404': { status: 404, headers: {}, body: says('No such model.'), kind: 'not-found' },
  '408': { status: 408, headers: {}, body: says('Took too long.'), kind: 'timeout' },
  '429-retry-after': {
    status: 429,
    headers: { 'retry-after': '7' },
    body: says('Slow down.'),
    kind: 'rate-limit',
    facts: { retryAfterMs: 7_000 },
  },
  '500': { status: 500, headers: {}, body: says('Oops.'), kind: 'upstream-unavailable' },
  '503': { status: 503, headers: {}, body: says('Overloaded.'), kind: 'upstream-unavailable' },
  'html-page': { status: 502, headers: { 'content-type': 'text/html' }, body: HTML, kind: 'upstream-unavailable' },
  'broken-json': { status: 400, headers: {}, body: '{"error": {"mess', kind: 'invalid-request' },
  'empty-body': { status: 500, headers: {}, body: '', kind: 'upstream-unavailable' },
  'null-body': { status: 500, headers: {}, body: 'null', kind: 'upstream-unavailable' },
};

export const genericErrorChecks = (subject: ProviderSubject, operation: OperationName): Check[] =>
  Object.entries(GENERIC).map(([name, { kind, facts, ...failure }]) =>
    check(`${operation}/error-${name}`, `is of the kind '${kind}'`, () => {
      const error = errorOf(subject, plainCase(operation), failure);
      mustEqual(error.kind, kind, 'The kind differs');
      mustContain(error.facts, { upstreamStatus: failure.status, ...facts }, 'The facts differ');
    }),
  );
