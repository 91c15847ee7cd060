import type { JsonObject, ProviderV1 } from '@turnpike/plugin-sdk';
import { fakeHost } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { plugin } from './plugin.js';

const open = (settings: JsonObject) => {
  const host = fakeHost();
  const config = plugin.config.parse({ api_base: 'https://acme.openai.azure.com', ...settings });
  return { host, provider: plugin.init(config, host) as ProviderV1 };
};

const PRINCIPAL = { tenant_id: 't', client_id: 'c', client_secret: 'made-up-client-secret-0001' };
const ISSUED = { body: { access_token: 'issued', expires_in: 3_600 } };
const LIST = { body: { data: [{ id: 'gpt-4o' }] } };

describe('a key', () => {
  it('makes calls wait for nothing, and comes before a service principal', () => {
    const { provider } = open({ ...PRINCIPAL, api_key: 'made-up-azure-key-0001' });
    expect(provider.chat).not.toHaveProperty('authorize');
  });
});

describe('a service principal', () => {
  it('lets in every operation with one token', async () => {
    const { host, provider } = open(PRINCIPAL);
    host.http.answer(ISSUED, LIST);
    const { signal } = new AbortController();
    for (const operation of [provider.chat, provider.completions, provider.embeddings]) {
      if (operation?.kind !== 'http' || !operation.authorize) throw new Error('An operation is not authorized.');
      const request = { url: 'https://x.example', headers: { a: 'b' }, body: Buffer.from('{}') };
      const authorized = await operation.authorize(request, {} as never, signal);
      expect(authorized).toEqual({ ...request, headers: { a: 'b', authorization: 'Bearer issued' } });
    }
    await expect(provider.models?.list(signal)).resolves.toEqual(['gpt-4o']);
    expect(host.http.requests.map(({ url }) => url)).toEqual([
      'https://login.microsoftonline.com/t/oauth2/v2.0/token',
      'https://acme.openai.azure.com/openai/models?api-version=2024-10-21',
    ]);
    expect(host.http.requests[1]?.headers).toEqual({ authorization: 'Bearer issued' });
  });
});

describe('the list of models', () => {
  it.each<[JsonObject, string]>([
    [{ api_base: 'https://acme.openai.azure.com/openai/v1' }, 'https://acme.openai.azure.com/openai/v1/models'],
    [
      {
        api_base:
          'https://acme.openai.azure.com/openai/deployments/blue/chat/completions?api-version=2025-01-01-preview',
      },
      'https://acme.openai.azure.com/openai/models?api-version=2025-01-01-preview',
    ],
  ])('of %j is found', async (settings, url) => {
    const { host, provider } = open({ ...settings, api_key: 'made-up-azure-key-0001' });
    host.http.answer(LIST);
    await provider.models?.list(new AbortController().signal);
    expect(host.http.requests[0]?.url).toBe(url);
  });
});
