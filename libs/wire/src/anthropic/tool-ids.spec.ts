import { describe, expect, it } from '@jest/globals';
import { ToolIds } from './tool-ids.js';

describe('ToolIds', () => {
  it('keeps ids that Anthropic takes', () => {
    const ids = new ToolIds();
    expect([ids.call('toolu_01-A'), ids.result('toolu_01-A')]).toEqual(['toolu_01-A', 'toolu_01-A']);
  });

  it('replaces characters it refuses, for call and result alike', () => {
    const ids = new ToolIds();
    expect([ids.call('functions.get:0'), ids.result('functions.get:0')]).toEqual([
      'functions_get_0',
      'functions_get_0',
    ]);
  });

  it('tells calls apart whose ids become the same', () => {
    const ids = new ToolIds();
    expect([ids.call('a.b'), ids.call('a:b')]).toEqual(['a_b', 'a_b_2']);
    expect([ids.result('a.b'), ids.result('a:b')]).toEqual(['a_b', 'a_b_2']);
  });

  it('gives a repeated id a new one each time, and its result the latest', () => {
    const ids = new ToolIds();
    expect([ids.call('call_f'), ids.result('call_f')]).toEqual(['call_f', 'call_f']);
    expect([ids.call('call_f'), ids.result('call_f')]).toEqual(['call_f_2', 'call_f_2']);
  });

  it('makes an id where there is none', () => {
    const ids = new ToolIds();
    expect([ids.call(''), ids.result('')]).toEqual(['toolu', 'toolu']);
  });
});
