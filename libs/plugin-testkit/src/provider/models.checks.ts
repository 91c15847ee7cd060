// The upstream's list of models, which is also how credentials are checked.
import { isGatewayError, type ModelListV1 } from '@turnpike/plugin-sdk';
import { check, fail, must, type Check } from '../check.js';
import { fakeHost, type FakeHost } from '../host/fake-host.js';
import type { Script } from '../host/fake-http.js';
import { mustContain, mustEqual } from '../json.js';
import type { PluginSubject } from '../plugin/conformance.js';
import { openPlugin } from '../plugin/opened.js';
import { findSecret, secretsOf } from '../secrets.js';
import type { CaseKind, FixtureCase } from './fixtures.js';

const openList = (subject: PluginSubject, backend: Script): { host: FakeHost; models: ModelListV1 | undefined } => {
  const host = (subject.host ?? fakeHost)();
  host.http.fallback = backend;
  return { host, models: openPlugin<'provider/v1'>({ ...subject, host: () => host }).instance.models };
};

/** What a list ends in when the upstream gives `backend`. Lists that ask nobody have nothing to fail by. */
const checkFailure = async (subject: PluginSubject, backend: Script, expected: object): Promise<void> => {
  const { host, models } = openList(subject, backend);
  if (!models) return;
  try {
    await models.list(new AbortController().signal);
  } catch (error) {
    must(isGatewayError(error), () => `It threw something that is no error of ours: ${String(error)}`);
    mustContain({ code: error.code, kind: error.kind }, expected, 'The error differs');
    must(!findSecret(error, secretsOf(subject.config)), 'The error tells a secret.');
    return;
  }
  must(host.http.requests.length === 0, 'The failed answer was taken for a list.');
};

const checkList = async (subject: PluginSubject, fixture: FixtureCase<CaseKind>): Promise<void> => {
  const config = { ...subject.config, ...fixture.options.config };
  const { host, models } = openList({ ...subject, config }, { body: fixture.upstream as object });
  host.http.answer(...(fixture.options.http ?? []));
  must(models, `The provider has no 'models', which the case is for.`);
  mustEqual(await models.list(new AbortController().signal), fixture.expected, 'The list differs');
  const { url, headers = {} } = host.http.requests.at(-1) ?? fail('Nobody was asked.');
  must(!findSecret(url, secretsOf(config)), 'The address holds the secret; it belongs in a header.');
  if (fixture.endpoint?.url !== undefined) mustEqual(url, fixture.endpoint.url, 'The address differs');
  if (fixture.endpoint?.headers) mustContain(headers, fixture.endpoint.headers, 'The headers differ');
};

export const modelListChecks = (subject: PluginSubject, fixtures: readonly FixtureCase<CaseKind>[]): Check[] => {
  const isDeclared = subject.plugin.capabilities.includes('models');
  const cases = fixtures.map((fixture) =>
    check(`${fixture.name}/list`, 'reads the list of models', () => checkList(subject, fixture)),
  );
  if (!isDeclared) return cases;
  return [
    ...cases,
    check('coverage/models-list', 'has a fixture of a list of models, where it asks for one', async () => {
      const { host, models } = openList(subject, { status: 503 });
      await models?.list(new AbortController().signal).catch(() => undefined);
      must(host.http.requests.length === 0 || cases.length > 0, "No case 'models-…' shows a list.");
    }),
    check('models/refused', 'tells that the credentials were refused', () =>
      checkFailure(
        subject,
        { status: 401, body: { error: { message: 'No such key.' } } },
        { code: 'GW_UPSTREAM_AUTHENTICATION' },
      ),
    ),
    check('models/unavailable', 'tells that the upstream is away', () =>
      checkFailure(subject, { status: 503, body: '' }, { kind: 'upstream-unavailable' }),
    ),
    check('models/html-page', 'is called an invalid answer', () =>
      checkFailure(subject, { status: 200, body: '<html></html>' }, { kind: 'upstream-invalid-response' }),
    ),
  ];
};
