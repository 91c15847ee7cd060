// What goes upstream: bodies, addresses, headers, refusals.
import { isGatewayError, type GatewayError } from '@turnpike/plugin-sdk';
import { check, fail, must, type Check } from '../check.js';
import { deepFreeze, mustContain, mustEqual } from '../json.js';
import { findSecret, secretsOf } from '../secrets.js';
import type { ExpectedRefusal, FixtureCase } from './fixtures.js';
import { canonicalRequest } from './requests.js';
import {
  callOf,
  httpOperation,
  openProvider,
  rawBody,
  takesBytePath,
  translatedBody,
  type ProviderSubject,
} from './subject.js';

export const requestChecks = (subject: ProviderSubject, fixture: FixtureCase): Check[] => {
  const { name, request, refused, body } = fixture;
  if (!request && !fixture.endpoint) return [];
  const checks: Check[] = [
    check(`${name}/endpoint`, 'goes to an absolute address, with the secret in no part of it', () =>
      checkEndpoint(subject, fixture),
    ),
  ];
  if (refused) {
    checks.push(
      check(`${name}/refused`, `refuses '${refused.param}' with 400, or drops it on request`, () =>
        checkRefusal(subject, fixture, refused),
      ),
    );
  } else if (body ?? fixture.rawBody) {
    if (body) {
      checks.push(
        check(`${name}/body`, 'sends the body of the fixture', () => checkTranslatedBody(subject, fixture)),
        check(`${name}/pure`, 'leaves the request as it was, and translates it the same again', () =>
          checkPurity(subject, fixture),
        ),
      );
    }
    checks.push(
      check(`${name}/raw-body`, 'sends the same for a client of its own dialect', () => checkRawBody(subject, fixture)),
    );
  }
  return checks;
};

const checkTranslatedBody = (subject: ProviderSubject, fixture: FixtureCase): void => {
  const call = callOf(subject.plugin, fixture);
  const operation = httpOperation(subject, fixture);
  const body = translatedBody(operation, canonicalRequest(fixture, operation.dialect), call);
  mustEqual(body, fixture.body, `The body differs from ${fixture.name}.body.json`);
};

const checkPurity = (subject: ProviderSubject, fixture: FixtureCase): void => {
  const operation = httpOperation(subject, fixture);
  const request = deepFreeze(canonicalRequest(fixture, operation.dialect));
  const first = translatedBody(operation, request, callOf(subject.plugin, fixture));
  const second = translatedBody(operation, request, callOf(subject.plugin, fixture));
  mustEqual(second, first, 'The same request was translated in two ways');
};

/** A client of another dialect never takes the byte path, so there is nothing to hold for it. */
const checkRawBody = (subject: ProviderSubject, fixture: FixtureCase): void => {
  const operation = httpOperation(subject, fixture);
  if (!takesBytePath(operation, fixture)) {
    must(!fixture.rawBody, `${fixture.name}.raw-body.json is for a byte path that this call does not take.`);
    return;
  }
  const expected = fixture.rawBody ?? fixture.body;
  const file = fixture.rawBody ? 'raw-body' : 'body';
  mustEqual(
    rawBody(operation, fixture, callOf(subject.plugin, fixture)),
    expected,
    `The client's own body after 'adapt' differs from ${fixture.name}.${file}.json` +
      (fixture.rawBody ? '' : ` (where that is right, add ${fixture.name}.raw-body.json)`),
  );
};

const checkEndpoint = async (subject: ProviderSubject, fixture: FixtureCase): Promise<void> => {
  const operation = httpOperation(subject, fixture);
  const call = callOf(subject.plugin, fixture);
  const bare = operation.endpoint(call);
  const request = {
    ...bare,
    headers: { 'content-type': 'application/json', ...bare.headers },
    body: Buffer.from('{}'),
  };
  const { url, headers } = operation.authorize
    ? await operation.authorize(request, call, new AbortController().signal)
    : request;
  must(/^https?:$/.test(new URL(url).protocol), `The address '${url}' is not http or https.`);
  for (const [header, value] of Object.entries(headers)) {
    must(/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(header), `The header name '${header}' is not in lower case, or not legal.`);
    must(typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value), `The header '${header}' is not legal.`);
  }
  const secrets = secretsOf({ ...subject.config, ...fixture.options.config });
  must(!findSecret(url, secrets), 'The address holds the secret; it belongs in a header.');
  if (fixture.endpoint?.url !== undefined) mustEqual(url, fixture.endpoint.url, 'The address differs');
  if (fixture.endpoint?.headers) mustContain(headers, fixture.endpoint.headers, 'The headers differ');
};

const refusalOf = (run: () => unknown): GatewayError | undefined => {
  try {
    run();
  } catch (error) {
    if (isGatewayError(error)) return error;
    return fail(`Refusing the request threw something that is no error of ours: ${String(error)}`, error);
  }
  return undefined;
};

const checkRefusal = (subject: ProviderSubject, fixture: FixtureCase, refused: ExpectedRefusal): void => {
  const operation = httpOperation(subject, fixture);
  const roads = {
    translated: (drop: boolean) => {
      const call = callOf(subject.plugin, fixture, { drop });
      return { call, run: () => translatedBody(operation, canonicalRequest(fixture, operation.dialect), call) };
    },
    'byte path': (drop: boolean) => {
      const call = callOf(subject.plugin, fixture, { drop });
      return { call, run: () => rawBody(operation, fixture, call) };
    },
  };
  for (const [road, open] of Object.entries(roads)) {
    if (road === 'byte path' && !takesBytePath(operation, fixture)) continue;
    const error = refusalOf(open(false).run);
    must(error, `${road}: the request was not refused.`);
    mustEqual(
      { code: error.code, status: error.status, param: error.facts.param },
      { code: refused.code ?? 'GW_UNSUPPORTED_PARAMETER', status: 400, param: refused.param },
      `${road}: the refusal differs`,
    );
    const dropping = open(true);
    if (refused.droppable === false) {
      must(refusalOf(dropping.run), `${road}: drop_params let the request through.`);
      continue;
    }
    const body = dropping.run();
    must(dropping.call.policy.dropped.includes(refused.param), `${road}: '${refused.param}' is not among the dropped.`);
    const expected = road === 'translated' ? fixture.body : (fixture.rawBody ?? fixture.body);
    if (expected) mustEqual(body, expected, `${road}: the body after dropping differs`);
  }
};

/** Whatever is asked of it, an operation names the same place. */
export const plainEndpointCheck = (subject: ProviderSubject, fixture: FixtureCase): Check =>
  check(`${fixture.operation}/endpoint`, 'goes to an absolute address, with the secret in no part of it', async () => {
    const operation = openProvider(subject).instance[fixture.operation];
    if (operation?.kind === 'http') await checkEndpoint(subject, fixture);
  });
