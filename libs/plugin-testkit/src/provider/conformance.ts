// The provider suite: everything a fixture folder and the plugin's own capabilities ask for.
import { check, fail, type Check, type Skip } from '../check.js';
import { declareChecks } from '../declare.js';
import { pluginChecks, type PluginSubject } from '../plugin/conformance.js';
import { answerChecks, invalidAnswerChecks } from './answer.checks.js';
import { coverageChecks, errorCoverageCheck } from './coverage.checks.js';
import { errorChecks, genericErrorChecks } from './error.checks.js';
import { isCallCase, loadFixtures, type FixtureCase, type OperationName } from './fixtures.js';
import { localAbortCheck, localChecks } from './local.checks.js';
import { modelListChecks } from './models.checks.js';
import { plainEndpointCheck, requestChecks } from './request.checks.js';
import { socketChecks } from './socket.checks.js';
import { invalidStreamChecks, streamChecks } from './stream.checks.js';
import { plainCase } from './requests.js';
import { openProvider, type AnyHttpOperation, type AnyLocalOperation } from './subject.js';

export interface ProviderConformance extends PluginSubject {
  /** Folder of the fixtures: `new URL('./fixtures/', import.meta.url)`. */
  fixtures: URL;
}

const OPERATIONS: readonly OperationName[] = ['chat', 'completions', 'embeddings'];

export const providerChecks = (subject: ProviderConformance): Check[] => {
  const fixtures = loadFixtures(subject.fixtures);
  const calls = fixtures.filter(isCallCase);
  const common = pluginChecks({ entryNear: subject.fixtures, ...subject });
  let operations: Partial<Record<OperationName, AnyHttpOperation | AnyLocalOperation>>;
  try {
    operations = openProvider(subject).instance as typeof operations;
  } catch (error) {
    return [...common, check('init/opens', 'opens with the given config', () => fail('It does not.', error))];
  }
  return [
    ...common,
    ...calls.flatMap((fixture) => caseChecks(subject, fixture, operations[fixture.operation])),
    ...(Object.values(operations).some((operation) => operation.kind === 'http') ? [errorCoverageCheck(calls)] : []),
    ...OPERATIONS.flatMap((name) => operationChecks(subject, name, operations[name], calls)),
    ...modelListChecks(
      subject,
      fixtures.filter((fixture) => !isCallCase(fixture)),
    ),
  ];
};

const caseChecks = (
  subject: ProviderConformance,
  fixture: FixtureCase,
  operation: AnyHttpOperation | AnyLocalOperation | undefined,
): Check[] => {
  if (!operation) {
    return [
      check(`${fixture.name}/operation`, 'is for an operation the provider has', () =>
        fail(`The provider has no '${fixture.operation}'.`),
      ),
    ];
  }
  if (operation.kind === 'local') return localChecks(subject, fixture);
  return [
    ...requestChecks(subject, fixture),
    ...answerChecks(subject, fixture),
    ...streamChecks(subject, fixture),
    ...errorChecks(subject, fixture),
    ...socketChecks(subject, fixture),
  ];
};

const operationChecks = (
  subject: ProviderConformance,
  name: OperationName,
  operation: AnyHttpOperation | AnyLocalOperation | undefined,
  fixtures: readonly FixtureCase[],
): Check[] => {
  if (!operation) return [];
  if (operation.kind === 'local') return operation.stream ? [localAbortCheck(subject, name)] : [];
  return [
    ...coverageChecks(subject, name, operation, fixtures),
    plainEndpointCheck(subject, plainCase(name)),
    ...invalidAnswerChecks(subject, name),
    ...(operation.decoder ? invalidStreamChecks(subject, name) : []),
    ...genericErrorChecks(subject, name),
  ];
};

/** Declares the provider suite. Call it at the top level of `test/conformance.spec.ts`. */
export const providerConformance = (subject: ProviderConformance & { skips?: readonly Skip[] }): void =>
  declareChecks(`${subject.plugin.id} keeps the provider contract`, providerChecks(subject), subject.skips);
