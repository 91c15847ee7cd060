// The reference page names everything that the reader of configurations knows.
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GATEWAY_KEYS } from '../src/deployment-keys.js';
import { CACHE_KEYS, CACHE_PLUGIN_KEYS, SETTING_KEYS, TOP_KEYS } from '../src/setting-keys.js';

const page = readFileSync(fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url)), 'utf8');
const examples = /```\w*\n[\s\S]*?```/g;
const named = new Set([...page.replace(examples, '').matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code!.split(/\W+/)));
const missing = (names: Iterable<string>): string[] => [...names].filter((name) => !named.has(name));

describe('docs/configuration.md', () => {
  it.each([
    ['settings', SETTING_KEYS.keys()],
    ['variables', [...SETTING_KEYS.values()].flatMap(({ env }) => env)],
    ['top-level keys', Object.keys(TOP_KEYS)],
    ['parameters of deployments', Object.keys(GATEWAY_KEYS)],
    ['parameters of caches', [...Object.keys(CACHE_KEYS), ...Object.keys(CACHE_PLUGIN_KEYS)]],
  ])('names all %s', (_what, names) => expect(missing(names)).toEqual([]));
});
