import { fakeHost, findSecret, type FakeHost } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { EntraTokens } from './entra-token.js';

const principal = {
  tenantId: 'tenant/1',
  clientId: 'client-1',
  clientSecret: 'made-up-client-secret-0001',
  scope: 'https://cognitiveservices.azure.com/.default',
  authority: 'https://login.example',
};

const issued = (token: string, seconds = 3_600) => ({ body: { access_token: token, expires_in: seconds } });

const open = (): { host: FakeHost; tokens: EntraTokens; get: () => Promise<string> } => {
  const host = fakeHost();
  const tokens = new EntraTokens(principal, host, 'provider.azure');
  return { host, tokens, get: () => tokens.get(new AbortController().signal) };
};

describe('tokens of a service principal', () => {
  it('are asked for with the credentials of the client', async () => {
    const { host, get } = open();
    host.http.answer(issued('one'));
    await expect(get()).resolves.toBe('one');
    const [request] = host.http.requests;
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://login.example/tenant%2F1/oauth2/v2.0/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(Object.fromEntries(new URLSearchParams(String(request?.body)))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client-1',
      client_secret: 'made-up-client-secret-0001',
      scope: 'https://cognitiveservices.azure.com/.default',
    });
  });

  it('serve all calls that wait with one request', async () => {
    const { host, get } = open();
    host.http.answer(issued('one'));
    await expect(Promise.all([get(), get(), get()])).resolves.toEqual(['one', 'one', 'one']);
    expect(host.http.requests).toHaveLength(1);
  });

  it('are renewed 60 s before they end, not earlier', async () => {
    const { host, get } = open();
    host.http.answer(issued('one'), issued('two'));
    await get();
    host.clock.advance(3_539_999);
    await expect(get()).resolves.toBe('one');
    host.clock.advance(1);
    await expect(get()).resolves.toBe('two');
  });

  it('still come for the others when one caller leaves', async () => {
    const { host, tokens, get } = open();
    host.http.answer(issued('one'));
    const leaving = new AbortController();
    const left = tokens.get(leaving.signal);
    const stays = get();
    leaving.abort(new Error('client left'));
    await expect(left).rejects.toThrow('client left');
    await expect(stays).resolves.toBe('one');
    expect(host.http.requests).toHaveLength(1);
  });

  it('are not asked for by a caller that has left already', async () => {
    const { host, tokens } = open();
    await expect(tokens.get(AbortSignal.abort(new Error('client left')))).rejects.toThrow('client left');
    expect(host.http.requests).toHaveLength(0);
  });

  it.each<[number, string | object, string, RegExp]>([
    [
      401,
      { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1' },
      'GW_UPSTREAM_AUTHENTICATION',
      /AADSTS7000215: Invalid client secret provided\.$/,
    ],
    [400, '<html>', 'GW_UPSTREAM_AUTHENTICATION', /status 400/],
    [200, {}, 'GW_UPSTREAM_AUTHENTICATION', /status 200/],
    [503, '', 'GW_UPSTREAM_UNAVAILABLE', /status 503/],
  ])(
    'that are refused with %p are an error without the secret, and asked for again',
    async (status, body, code, words) => {
      const { host, get } = open();
      host.http.answer({ status, body }, issued('two'));
      const error: unknown = await get().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code,
        message: expect.stringMatching(words),
        facts: { provider: 'provider.azure' },
      });
      expect(findSecret(error, [principal.clientSecret])).toBeUndefined();
      await expect(get()).resolves.toBe('two');
    },
  );
});
