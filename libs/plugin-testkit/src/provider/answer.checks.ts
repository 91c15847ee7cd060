// What comes back whole: answers, and bodies that are none.
import { isGatewayError, type JsonValue } from '@turnpike/plugin-sdk';
import { check, fail, must, type Check } from '../check.js';
import { cloneJson, deepFreeze, mustEqual } from '../json.js';
import type { FixtureCase, OperationName } from './fixtures.js';
import { plainCase } from './requests.js';
import { callOf, httpOperation, type ProviderSubject } from './subject.js';

export const answerChecks = (subject: ProviderSubject, fixture: FixtureCase): Check[] =>
  fixture.upstream === undefined
    ? []
    : [check(`${fixture.name}/answer`, 'reads the whole answer', () => checkAnswer(subject, fixture))];

const checkAnswer = (subject: ProviderSubject, fixture: FixtureCase): void => {
  const operation = httpOperation(subject, fixture);
  const upstream = deepFreeze(cloneJson(fixture.upstream!));
  const call = callOf(subject.plugin, fixture, { stream: false });
  mustEqual(
    operation.fromBody(upstream, call),
    fixture.expected,
    `The answer differs from ${fixture.name}.expected.json`,
  );
};

const NO_ANSWERS: Readonly<Record<string, JsonValue>> = {
  null: null,
  text: '<!doctype html><html><head><title>Welcome</title></head></html>',
  list: [],
  empty: {},
};

/** A 200 whose JSON is no answer must not become an empty success, nor a TypeError. */
export const invalidAnswerChecks = (subject: ProviderSubject, operation: OperationName): Check[] =>
  Object.entries(NO_ANSWERS).map(([name, body]) =>
    check(`${operation}/no-answer-${name}`, 'is called an invalid answer', () => {
      const fixture = plainCase(operation);
      try {
        httpOperation(subject, fixture).fromBody(cloneJson(body), callOf(subject.plugin, fixture));
      } catch (error) {
        must(isGatewayError(error), () => `It threw something that is no error of ours: ${String(error)}`);
        mustEqual(error.code, 'GW_UPSTREAM_INVALID_RESPONSE', 'The code differs');
        return;
      }
      fail('It was taken for an answer.');
    }),
  );
