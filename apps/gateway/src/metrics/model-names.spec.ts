import { describe, expect, it } from '@jest/globals';
import { ModelNames } from './model-names.js';

describe('ModelNames', () => {
  it('shows a configured name, whatever becomes of the call', () => {
    expect(new ModelNames().labelOf('gpt-4o', 'gpt-4o', false)).toBe('gpt-4o');
  });

  it('shows the wildcard until a call to the name has succeeded', () => {
    const names = new ModelNames();
    expect(names.labelOf('openai/gpt-4o', 'openai/*', false)).toBe('openai/*');
    expect(names.labelOf('openai/gpt-4o', 'openai/*', true)).toBe('openai/gpt-4o');
    expect(names.labelOf('openai/gpt-4o', 'openai/*', false)).toBe('openai/gpt-4o');
  });

  it('shows the wildcard once there are too many names, and goes on to show those it knows', () => {
    const names = new ModelNames();
    const labels = Array.from({ length: 1_000 }, (_, index) => names.labelOf(`vllm/${index}`, 'vllm/*', true));
    expect(new Set(labels).size).toBe(201);
    expect(labels.at(-1)).toBe('vllm/*');
    expect(names.labelOf('vllm/0', 'vllm/*', true)).toBe('vllm/0');
  });
});
