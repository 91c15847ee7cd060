import { aChatRequest, aChatResponseSaying, aGuardrailContext, fakeHost } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

const ask = (config: object, text: string, host = fakeHost()) =>
  plugin
    .init(plugin.config.parse(config), host)
    .postCall!.check(aChatResponseSaying(text), aChatRequest(), aGuardrailContext());

describe('a schema of the configuration', () => {
  const schema = { type: 'array' };

  it('is that of every answer', async () => {
    expect(await ask({ schema }, '{}')).toEqual({
      action: 'block',
      message: 'the answer does not fit its schema: it must be array.',
    });
    expect(await ask({ schema }, '[]')).toEqual({ action: 'pass' });
  });

  it('may only be logged, without what was said', async () => {
    const host = fakeHost();
    expect(await ask({ schema, action: 'log' }, '"my secret"', host)).toEqual({ action: 'pass' });
    expect(host.counts).toEqual({ unfit_answer: 1 });
    expect(JSON.stringify(host.logs)).toMatch(/must be array/);
    expect(JSON.stringify(host.logs)).not.toContain('secret');
  });
});
