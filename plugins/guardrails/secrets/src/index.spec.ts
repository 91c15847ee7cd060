import { aChatRequestSaying, aChatResponseSaying, aGuardrailContext, fakeHost } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

const SECRET = 'password=hunter2hunter2';
const open = (config: object, host = fakeHost()) => plugin.init(plugin.config.parse(config), host);

describe('a secret', () => {
  it('is replaced by LiteLLM’s word when nothing else is said', async () => {
    const verdict = await open({}).preCall!.check(aChatRequestSaying(SECRET), aGuardrailContext());
    expect(verdict).toEqual({
      action: 'replace',
      value: aChatRequestSaying('password=[REDACTED]'),
      masked: { assignment: 1 },
    });
  });

  it('stops a call when it is told to, named by its kind alone', async () => {
    const guard = open({ action: 'block' });
    const verdict = await guard.postCall!.check(
      aChatResponseSaying(SECRET),
      aChatRequestSaying(''),
      aGuardrailContext(),
    );
    expect(verdict).toMatchObject({ action: 'block', message: expect.stringContaining('(assignment)') });
    expect(JSON.stringify(verdict)).not.toContain('hunter2');
  });

  it('is only told of, and not told, when it is told to', async () => {
    const host = fakeHost();
    const verdict = await open({ action: 'log' }, host).preCall!.check(aChatRequestSaying(SECRET), aGuardrailContext());
    expect(verdict).toEqual({ action: 'pass' });
    expect(host.logs).toHaveLength(1);
    expect(JSON.stringify(host.logs)).not.toContain('hunter2');
  });

  it('is found with LiteLLM’s settings at hand', () => {
    expect(() => open({ detect_secrets_config: { plugins_used: [{ name: 'StripeDetector' }] } })).not.toThrow();
  });
});
