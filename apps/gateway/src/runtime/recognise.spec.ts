import type { PluginManifest } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { recogniser } from './recognise.js';

const manifest = (id: string, ...recognises: string[]): PluginManifest =>
  ({ id, recognises }) as unknown as PluginManifest;

describe('recogniser', () => {
  const recognise = recogniser([
    manifest('provider.a', '^claude-', '^sonnet$'),
    manifest('provider.b', '^gpt-\\d'),
    manifest('provider.c', '.*-all$'),
    manifest('provider.d'),
  ]);

  it.each([
    ['claude-x', 'provider.a'],
    ['sonnet', 'provider.a'],
    ['gpt-4', 'provider.b'],
    ['claude-all', 'provider.a'],
    ['my-all', 'provider.c'],
    ['my-claude-x', undefined],
    ['gpt-x', undefined],
    ['', undefined],
  ])('%j is known to %p', (model, id) => {
    expect(recognise(model)).toBe(id);
    expect(recognise(model)).toBe(id);
  });
});
