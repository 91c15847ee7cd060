import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from '@jest/globals';
import { forgetSecrets, registerSecret } from '@turnpike/telemetry';
import { curlOf } from './curl.js';

afterEach(forgetSecrets);

const aRequest = (changes: Partial<Parameters<typeof curlOf>[0]> = {}) => ({
  url: 'https://host/v1/chat',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"model":"m"}'),
  ...changes,
});

/** The words that a shell makes of it. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\n' ${command.replace(/^curl/, '')}`], { encoding: 'utf8' }).split('\n');

describe('an upstream request as a command', () => {
  it('tells address, headers and body', () => {
    expect(wordsOf(curlOf(aRequest()))).toEqual([
      '-X',
      'POST',
      'https://host/v1/chat',
      '-H',
      'content-type: application/json',
      '-d',
      '{"model":"m"}',
      '',
    ]);
  });

  it.each<[string, Partial<Parameters<typeof curlOf>[0]>]>([
    ['a header', { headers: { authorization: 'Bearer hunter2hunter2' } }],
    ['a header of its own name', { headers: { 'x-door': 'registered-secret' } }],
    ['the address', { url: 'https://u:hunter2hunter2@host/v1?key=hunter2hunter2' }],
    ['the body', { body: Buffer.from('{"api_key":"hunter2hunter2"}') }],
    ['a text of the body', { body: Buffer.from('{"text":"registered-secret"}') }],
  ])('masks a secret in %s', (_, changes) => {
    registerSecret('registered-secret');
    const shown = curlOf(aRequest(changes));
    expect(shown).not.toMatch(/hunter2|registered-secret/);
    expect(shown).toContain('***');
  });

  it('can do nothing else in a shell, whatever is in it', () => {
    const evil = `'; echo owned #\n$(echo owned) \`echo owned\``;
    const words = wordsOf(
      curlOf(aRequest({ headers: { 'x-a': evil }, body: Buffer.from(evil), url: `https://h/${evil}` })),
    );
    expect(words.filter((word) => word === 'owned')).toEqual([]);
  });

  it('shows the beginning of a long body, and how much is missing', () => {
    const shown = curlOf(aRequest({ body: Buffer.from('ä'.repeat(10_000)) }));
    expect(shown).toMatch(/' # and 10000 bytes more$/);
    expect(shown.length).toBeLessThan(11_000);
  });
});
