import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, problemOf, removeFolders } from '../test/workspace.js';
import type { GuardrailSettings } from './canonical.js';

afterEach(removeFolders);

const load = (params: string): readonly GuardrailSettings[] =>
  loadYaml(`guardrails:\n  - guardrail_name: g\n    litellm_params: {${params}}\n`).guardrails;

describe('guardrails', () => {
  it('find their plugin by alias, and hand it the rest of their parameters', () => {
    expect(load('guardrail: words, mode: pre_call, default_on: "true", words: [x]')).toEqual([
      { name: 'g', plugin: 'guardrail.word-list', modes: ['pre_call'], defaultOn: true, settings: { words: ['x'] } },
    ]);
  });

  it('name a plugin that is not installed as it is', () => {
    expect(load('guardrail: presidio, mode: [pre_call, post_call]')).toEqual([
      { name: 'g', plugin: 'guardrail.presidio', modes: ['pre_call', 'post_call'], defaultOn: false, settings: {} },
    ]);
  });

  it('with modes by tag run in all of them', () => {
    expect(
      load('guardrail: words, mode: {default: logging_only, tags: {a: pre_call, b: [post_call, pre_call]}}')[0]!.modes,
    ).toEqual(['logging_only', 'pre_call', 'post_call']);
  });

  it.each([
    ['guardrails: {a: 1}\n', 'litellm_config.yaml:1: guardrails must be a list.'],
    [
      'guardrails:\n  - {guardrail_name: g}\n',
      'litellm_config.yaml:2: A guardrail needs guardrail_name, and litellm_params',
    ],
    [
      'guardrails:\n  - {guardrail_name: g, litellm_params: {guardrail: words, mode: sometimes}}\n',
      "The mode of guardrail 'g' must be one of pre_call",
    ],
    [
      'guardrails:\n  - {guardrail_name: g, litellm_params: {guardrail: words}}\n',
      "The mode of guardrail 'g' must be one of pre_call",
    ],
    [
      'guardrails:\n  - {guardrail_name: g, litellm_params: {guardrail: words, mode: pre_call, default_on: maybe}}\n',
      "default_on of guardrail 'g'",
    ],
    [
      'litellm_settings:\n  guardrails: []\n',
      'litellm_config.yaml:2: guardrails must stand at the top level of the file',
    ],
  ])('are refused rather than passed over: %p', (yaml, problem) => {
    expect(problemOf(() => loadYaml(yaml))).toContain(problem);
  });
});
