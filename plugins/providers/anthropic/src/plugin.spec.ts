import { describe, expect, it } from '@jest/globals';
import { fromOpenAiRequest, type Call, type HttpOperation, type ProviderV1 } from '@turnpike/plugin-sdk';
import { fakeHost } from '@turnpike/plugin-testkit';
import { plugin } from './plugin.js';

const aCall = (changes: Partial<Call> = {}): Call => ({
  model: 'claude-sonnet-4-5',
  stream: false,
  deploymentId: 'd',
  policy: { provider: plugin.id, drop: false, allowed: new Set(), dropped: [] },
  headers: {},
  info: {},
  ...changes,
});

const open = (config: object) => {
  const instance: ProviderV1 = plugin.init(plugin.config.parse(config), fakeHost());
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the three types of an operation do not matter here
  return instance.chat as HttpOperation<any, any, any>;
};

describe('the Anthropic provider', () => {
  it('names the variable that is missing', () =>
    expect(plugin.config.safeParse({}).error?.issues).toEqual([
      expect.objectContaining({ path: ['api_key'], message: expect.stringContaining('ANTHROPIC_API_KEY') as unknown }),
    ]));

  it('needs no key for a host of the operator’s own', () =>
    expect(open({ api_base: 'http://localhost:8080' }).endpoint(aCall())).toEqual({
      url: 'http://localhost:8080/v1/messages',
      headers: { 'anthropic-version': '2023-06-01' },
    }));

  it('sends the betas that a translated request turns out to need', () => {
    const chat = open({ api_key: 'key', beta: ['own-beta'] });
    const call = aCall({ headers: { 'anthropic-beta': 'client-beta' } });
    const body = chat.toBody(
      fromOpenAiRequest({ model: 'm', messages: [], betas: ['body-beta'], mcp_servers: [{ url: 'u' }] }),
      call,
    );
    expect(body).not.toHaveProperty('betas');
    expect(body).toHaveProperty('mcp_servers');
    expect(chat.endpoint(call).headers['anthropic-beta']).toBe('own-beta,client-beta,body-beta,mcp-client-2025-04-04');
    expect(chat.endpoint(aCall()).headers['anthropic-beta']).toBe('own-beta');
  });

  it('reads the usage of an answer that nobody translated', () =>
    expect(open({ api_key: 'key' }).usage?.({ usage: { input_tokens: 1, output_tokens: 2 } })).toEqual({
      inputTokens: 1,
      outputTokens: 2,
      totalTokens: 3,
    }));

  it('tells when to come back by the host’s clock', () => {
    const chat = open({ api_key: 'key' });
    const error = chat.toError(
      { status: 429, headers: { 'retry-after': 'Thu, 15 Jan 2026 12:00:30 GMT' }, body: '{}' },
      aCall(),
    );
    expect(error.facts.retryAfterMs).toBe(30_000);
  });
});
