import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expectedFailure, isCallCase, loadFixtures } from './fixtures.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fixtures-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const load = (files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return loadFixtures(pathToFileURL(folder));
};

it('gathers the files of a case, and tells the operation by its name', () => {
  const cases = load({
    'basic.request.json': '{"model":"m"}',
    'basic.body.json': '{"model":"m"}',
    'basic.raw-body.json': '{}',
    'basic.chunks.txt': 'data: ✓\n\n',
    'basic.expected.json': '{"id":"x"}',
    'embeddings-two.error.json': '{"status":400,"body":"","expected":{"code":"GW_INVALID_REQUEST"}}',
    'completions-one.error.json': '{"status":400,"body":"","expected":{"code":"GW_INVALID_REQUEST"}}',
    'models-all.upstream.json': '[]',
    'models-all.expected.json': '[]',
    'README.md': 'where they come from',
  });
  expect(cases.map(({ name, operation }) => [name, operation])).toEqual([
    ['basic', 'chat'],
    ['completions-one', 'completions'],
    ['embeddings-two', 'embeddings'],
    ['models-all', 'models'],
  ]);
  expect(cases[0]).toMatchObject({ rawBody: {}, expected: { id: 'x' }, options: {} });
  expect(Buffer.from(cases[0]!.chunks!).toString('utf8')).toBe('data: ✓\n\n');
  expect(cases.filter(isCallCase)).toHaveLength(3);
});

describe('a fixture folder is refused', () => {
  it.each<[string, Record<string, string>, string]>([
    ['with a misspelt part', { 'basic.reqest.json': '{}' }, "'basic.reqest.json' is not named <case>.<part>"],
    ['with a file that has no case', { 'notes.txt': '' }, 'is not named <case>.<part>'],
    ['with JSON that is none', { 'basic.request.json': '{' }, "'basic.request.json' is not JSON"],
    ['with an answer that nothing is expected of', { 'basic.upstream.json': '{}' }, 'no expected.json'],
    ['with a body without its request', { 'basic.body.json': '{}' }, 'no request.json'],
    ['with a request that is no object', { 'basic.request.json': '[]', 'basic.body.json': '{}' }, 'not an object'],
    ['with a request that nothing is expected of', { 'basic.request.json': '{}' }, 'nothing to check'],
    [
      'with two streams of a case',
      { 'basic.chunks.bin': '', 'basic.chunks.txt': '', 'basic.expected.json': '{}' },
      'two streams',
    ],
  ])('%s', (_title, files, message) => {
    expect(() => load(files)).toThrow(message);
  });
});

it('tells a stream that must fail from one that must not', () => {
  expect(expectedFailure({ expected: { error: { code: 'GW_STREAM_CUT' } } })).toEqual({
    error: { code: 'GW_STREAM_CUT' },
  });
  expect(expectedFailure({ expected: { id: 'x', choices: [] } })).toBeUndefined();
});
