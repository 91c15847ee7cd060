import { describe, expect, it } from '@jest/globals';
import { check, fail, failuresOf, withSkipChecks } from './check.js';

const checks = [check('basic/body', 'sends it', () => {}), check('tools', 'keeps order', () => {})];

const messages = async (skips: { case: string; reason: string }[]): Promise<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(await failuresOf(withSkipChecks(checks, skips))).map(([id, error]) => [id, String(error)]),
  );

describe('a skip', () => {
  it('may name a check, or a case with all its checks', async () => {
    const reason = 'the upstream has no tools';
    expect(
      await messages([
        { case: 'tools', reason },
        { case: 'basic', reason },
        { case: 'basic/body', reason },
      ]),
    ).toEqual({});
  });

  it('fails when it matches nothing, and lists what there is', async () => {
    const { 'skips/bas': message } = await messages([{ case: 'bas', reason: 'a misspelt name' }]);
    expect(message).toContain("The skip 'bas' matches no check. Checks: basic/body, tools");
  });

  it('fails without a reason', async () => {
    expect(Object.keys(await messages([{ case: 'tools', reason: ' ' }]))).toEqual(['skips/tools']);
  });
});

it('collects what failed, the asynchronous too', async () => {
  const failures = await failuresOf([
    check('good', '', () => {}),
    check('throws', '', () => fail('no')),
    check('rejects', '', () => Promise.reject(new Error('later'))),
  ]);
  expect(Object.keys(failures)).toEqual(['throws', 'rejects']);
});
