import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { check, fail } from './check.js';
import { declareChecks, specPath } from './declare.js';

interface Declared {
  title: string;
  isSkipped: boolean;
  run: () => unknown;
  timeoutMs?: number;
}

/** Stands in for the runner's own globals while a suite is declared. */
const globals = globalThis as unknown as Record<'describe' | 'it', unknown>;
const own = { describe: globals.describe, it: globals.it };
let declared: Declared[] = [];

beforeEach(() => {
  declared = [];
  const note =
    (isSkipped: boolean) =>
    (title: string, run: () => unknown, timeoutMs?: number): void => {
      declared.push({ title, isSkipped, run, timeoutMs });
    };
  globals.describe = (_title: string, body: () => void) => body();
  globals.it = Object.assign(note(false), { skip: note(true) });
});

afterEach(() => {
  Object.assign(globals, own);
});

describe('declaring a suite', () => {
  const checks = [
    check('basic/body', 'sends the body', () => fail('wrong body'), 9_000),
    check('tools/order', 'keeps order', () => {}),
  ];

  it('makes a test of each check, with its time', async () => {
    declareChecks('a plugin', checks);
    expect(declared.map(({ title, timeoutMs }) => [title, timeoutMs])).toEqual([
      ['basic/body: sends the body', 9_000],
      ['tools/order: keeps order', 5_000],
    ]);
    await expect(declared[0]!.run()).rejects.toThrow('wrong body');
  });

  it('skips with the reason in the title, and checks the skips themselves', () => {
    declareChecks('a plugin', checks, [{ case: 'basic', reason: 'the upstream takes no body' }]);
    expect(declared.map(({ title, isSkipped }) => [title, isSkipped])).toEqual([
      ['basic/body: sends the body (skipped: the upstream takes no body)', true],
      ['tools/order: keeps order', false],
      ['skips/basic: names a check of this plugin and gives a reason', false],
    ]);
  });

  it('needs a test runner', () => {
    globals.describe = undefined;
    expect(() => declareChecks('a plugin', checks)).toThrow('under a test runner');
  });
});

it('knows the spec that runs', () => {
  expect(specPath()).toMatch(/declare\.spec\.ts$/);
});
