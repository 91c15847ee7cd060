import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, problemOf, removeFolders } from '../test/workspace.js';
import type { GuardrailSettings } from './canonical.js';

afterEach(removeFolders);

const load = (params: string, env: Record<string, string> = {}): readonly GuardrailSettings[] =>
  loadYaml(`guardrails:\n  - guardrail_name: g\n    litellm_params: {${params}}\n`, { env }).guardrails;

describe('guardrails', () => {
  it('find their plugin by alias, and hand it the rest of their parameters', () => {
    expect(load('guardrail: words, mode: pre_call, default_on: "true", words: [x]')).toEqual([
      {
        name: 'g',
        plugin: 'guardrail.word-list',
        kind: 'words',
        modes: { default: ['pre_call'], byTag: {} },
        defaultOn: true,
        settings: { words: ['x'] },
      },
    ]);
  });

  it('name a plugin that is not installed as it is', () => {
    expect(load('guardrail: presidio, mode: [pre_call, Post_Call]')).toEqual([
      expect.objectContaining({
        plugin: 'guardrail.presidio',
        modes: { default: ['pre_call', 'post_call'], byTag: {} },
        defaultOn: false,
      }),
    ]);
  });

  it('have modes by tag', () => {
    expect(
      load('guardrail: words, mode: {default: logging_only, tags: {a: pre_call, b: [post_call, pre_call]}}')[0]!.modes,
    ).toEqual({ default: ['logging_only'], byTag: { a: ['pre_call'], b: ['post_call', 'pre_call'] } });
    expect(load('guardrail: words, mode: {tags: {a: pre_call}}')[0]!.modes.default).toEqual([]);
  });

  it('take what they need from the environment, unless it is written', () => {
    const env = { WORDS_KEY: 'from-env' };
    expect(load('guardrail: words, mode: pre_call', env)[0]!.settings).toEqual({ api_key: 'from-env' });
    expect(load('guardrail: words, mode: pre_call, api_key: own', env)[0]!.settings).toEqual({ api_key: 'own' });
  });

  it.each([
    ['', undefined],
    ['fail_on_error: true', 'closed'],
    ['fail_on_error: false', 'open'],
    ['unreachable_fallback: fail_open', 'open-when-unreachable'],
    ['unreachable_fallback: FAIL_CLOSED', 'closed'],
    ['unreachable_fallback: fail_open, fail_on_error: false', 'open'],
  ])('say what their failure does to a call: %j', (params, expected) => {
    const [settings] = load(`guardrail: words, mode: pre_call${params && `, ${params}`}`);
    expect([settings!.onFailure, settings!.settings]).toEqual([expected, {}]);
  });

  it('say how long they may take, and what they are', () => {
    expect(load('guardrail: words, mode: pre_call, timeout: "2.5"')[0]!.timeoutMs).toBe(2_500);
    const yaml =
      'guardrails:\n  - {guardrail_name: g, guardrail_info: {a: 1}, litellm_params: {guardrail: words, mode: pre_call}}\n';
    expect(loadYaml(yaml).guardrails[0]!.info).toEqual({ a: 1 });
  });

  it.each([
    ['mode: {tags: {a: 5}}', "The mode of guardrail 'g'"],
    ['mode: {default: never, tags: {a: pre_call}}', "The mode of guardrail 'g'"],
    ['mode: {}', "The mode of guardrail 'g'"],
    ['mode: pre_call, fail_on_error: perhaps', "fail_on_error of guardrail 'g' must be true or false"],
    ['mode: pre_call, unreachable_fallback: open', 'must be fail_closed or fail_open'],
    ['mode: pre_call, timeout: soon', "timeout of guardrail 'g' must be a number of seconds, 600 at most"],
    ['mode: pre_call, timeout: 0', "timeout of guardrail 'g'"],
    ['mode: pre_call, timeout: .nan', "timeout of guardrail 'g'"],
    ['mode: pre_call, timeout: 601', "timeout of guardrail 'g'"],
  ])('are refused with %j', (params, problem) => {
    expect(problemOf(() => load(`guardrail: words, ${params}`))).toContain(problem);
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
