import { describe, expect, it } from '@jest/globals';
import { isHarmlessDefault, OPENAI_CHAT_EXTRAS } from './parameters.js';

describe('isHarmlessDefault', () => {
  it.each<[string, unknown]>([
    ['anything', null],
    ['anything', undefined],
    ['best_of', 1],
    ['frequency_penalty', 0],
    ['function_call', 'auto'],
    ['logit_bias', {}],
    ['logprobs', false],
    ['metadata', {}],
    ['modalities', ['text']],
    ['n', 1],
    ['parallel_tool_calls', true],
    ['presence_penalty', 0],
    ['response_format', { type: 'text' }],
    ['service_tier', 'auto'],
    ['service_tier', 'default'],
    ['stop', []],
    ['store', false],
    ['tool_choice', 'auto'],
    ['tools', []],
    ['top_logprobs', 0],
    ['top_p', 1],
    ['verbosity', 'medium'],
  ])('%s: %j asks for nothing', (name, value) => expect(isHarmlessDefault(name, value)).toBe(true));

  it.each<[string, unknown]>([
    ['anything', 0],
    ['logit_bias', { 1: 2 }],
    ['logit_bias', 'x'],
    ['logprobs', true],
    ['modalities', ['text', 'audio']],
    ['n', 2],
    ['response_format', { type: 'json_object' }],
    ['response_format', 5],
    ['stop', 'x'],
    ['temperature', 1],
    ['constructor', {}],
    ['toString', 'x'],
    ['__proto__', {}],
  ])('%s: %j asks for something', (name, value) => expect(isHarmlessDefault(name, value)).toBe(false));
});

it('lists the fields of OpenAI that travel as extras, and none that is modelled', () => {
  for (const name of ['temperature', 'messages', 'stop', 'tools', 'reasoning_effort', 'user']) {
    expect(OPENAI_CHAT_EXTRAS.has(name)).toBe(false);
  }
  for (const name of ['store', 'service_tier', 'prediction', 'logit_bias'])
    expect(OPENAI_CHAT_EXTRAS.has(name)).toBe(true);
});
