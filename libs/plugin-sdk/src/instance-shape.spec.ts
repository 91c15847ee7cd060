import { describe, expect, it } from '@jest/globals';
import type { ContractName } from './contracts/index.js';
import { capabilitiesOf, contractNames, instanceProblems, workingCapabilitiesOf } from './instance-shape.js';

const run = (): void => undefined;

const http = { kind: 'http', endpoint: run, toBody: run, fromBody: run, toError: run };
const local = { kind: 'local', respond: run };
const responses = { get: run, set: run, delete: run, flush: run, ping: run };

/** A class's methods are on its prototype. */
class Select {
  select(): number {
    return 0;
  }
}

type Case = [title: string, contract: ContractName, made: object, problems: string[]];

/** The capabilities declared are those returned, lifecycle aside. */
const problemsOf = (contract: ContractName, made: object): string[] => {
  const declared = Object.keys(made).filter((name) => !['start', 'stop', 'health'].includes(name));
  return instanceProblems({ contract, capabilities: declared }, made);
};

describe('an instance', () => {
  it.each<Case>([
    ['an HTTP operation', 'provider/v1', { chat: http }, []],
    ['an operation with all there is', 'provider/v1', { chat: { ...http, adapt: run, decoder: run } }, []],
    ['an operation of its own', 'provider/v1', { embeddings: local, models: { list: run } }, []],
    ['a strategy', 'strategy/v1', { select: { select: run } }, []],
    ['a strategy that is a class', 'strategy/v1', { select: new Select() }, []],
    ['a cache', 'cache/v1', { responses }, []],
    ['a callback with one hook', 'callback/v1', { events: { onStreamEvent: run } }, []],
    ['a guardrail with two guards', 'guardrail/v1', { preCall: { check: run }, postCall: { check: run } }, []],
    ['a lifecycle', 'callback/v1', { events: { onSuccess: run }, start: run, stop: run, health: run }, []],
  ])('may be %s', (_title, contract, made, problems) => expect(problemsOf(contract, made)).toEqual(problems));

  it.each<Case>([
    ['a function missing', 'provider/v1', { chat: { ...http, toError: undefined } }, ["'chat.toError' is missing"]],
    [
      'an optional function that is none',
      'provider/v1',
      { chat: { ...http, decoder: true } },
      ["'chat.decoder' is a boolean, not a function"],
    ],
    ['no kind', 'provider/v1', { chat: { respond: run } }, ["'chat.kind' is 'undefined', not 'http' or 'local'"]],
    [
      'a strange kind',
      'provider/v1',
      { chat: { kind: 'toString' } },
      ["'chat.kind' is 'toString', not 'http' or 'local'"],
    ],
    [
      'the functions of another kind',
      'provider/v1',
      { chat: { ...http, kind: 'local' } },
      ["'chat.respond' is missing"],
    ],
    [
      'a list that is none',
      'provider/v1',
      { chat: http, models: { list: [] } },
      ["'models.list' is an array, not a function"],
    ],
    ['a bare function', 'strategy/v1', { select: run }, ["'select' is a function, not an object with functions"]],
    ['null', 'strategy/v1', { select: null }, ["'select' is null, not an object with functions"]],
    [
      'a name for a function',
      'strategy/v1',
      { select: { select: 'first' } },
      ["'select.select' is a string, not a function"],
    ],
    [
      'half a cache',
      'cache/v1',
      { responses: { get: run, ping: run, delete: run } },
      ["'responses.set' is missing", "'responses.flush' is missing"],
    ],
    [
      'no hook at all',
      'callback/v1',
      { events: { onSucces: run } },
      ["'events' has none of 'onBeforeCall', 'onAfterCall', 'onStreamEvent', 'onSuccess', 'onFailure', 'onAlert'"],
    ],
    ['a guard that is none', 'guardrail/v1', { duringCall: {} }, ["'duringCall.check' is missing"]],
    [
      'a lifecycle of flags',
      'callback/v1',
      { events: { onSuccess: run }, start: true, health: {} },
      ["'start' is a boolean, not a function", "'health' is an object, not a function"],
    ],
  ])('may not have %s', (_title, contract, made, problems) => expect(problemsOf(contract, made)).toEqual(problems));

  it.each([
    [undefined, "init returned undefined, not an object with 'events'"],
    ['done', "init returned a string, not an object with 'events'"],
    [Promise.resolve({}), 'init returned a promise; work that waits belongs in start'],
  ])('is an object: %p', (made, problem) => {
    expect(instanceProblems({ contract: 'callback/v1', capabilities: ['events'] }, made)).toEqual([problem]);
  });

  it('has what its manifest declares, and nothing else', () => {
    const made = { preCall: { check: run }, duringCall: { check: run }, constructor: run };
    expect(instanceProblems({ contract: 'guardrail/v1', capabilities: ['preCall', 'postCall'] }, made)).toEqual([
      "it declares 'postCall' and does not return it",
      "it returns 'duringCall' and does not declare it",
      "it returns 'constructor' and does not declare it",
    ]);
  });
});

describe('a contract', () => {
  it('is one of these', () => {
    expect(contractNames()).toEqual(['provider/v1', 'strategy/v1', 'cache/v1', 'callback/v1', 'guardrail/v1']);
  });

  it('knows its capabilities, and which of them serve calls', () => {
    expect(capabilitiesOf('provider/v1')).toEqual(['chat', 'completions', 'embeddings', 'models']);
    expect(workingCapabilitiesOf('provider/v1')).toEqual(['chat', 'completions', 'embeddings']);
    expect(workingCapabilitiesOf('guardrail/v1')).toEqual(['preCall', 'duringCall', 'postCall']);
    expect([capabilitiesOf('provider/v2'), capabilitiesOf('constructor')]).toEqual([[], []]);
  });
});
