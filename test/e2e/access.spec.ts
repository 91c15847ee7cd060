// Who may reach what, whatever their key says: addresses and routes.
import { describe, expect, it, jest } from '@jest/globals';
import { chat, jsonOf, send } from './client.js';
import { withGateway, type Gateway } from './harness.js';
import { everyModelOf } from './upstreams.js';

jest.setTimeout(60_000);

const withSettings = (general: object, check: (gateway: Gateway) => Promise<void>): Promise<void> =>
  withGateway({ config: { model_list: everyModelOf('openai'), general_settings: general } }, check);
const statusOf = async (answer: Promise<Response>): Promise<number> => {
  const response = await answer;
  await response.text();
  return response.status;
};
const called = (gateway: Gateway, headers: Record<string, string> = {}, key?: string | null): Promise<number> =>
  statusOf(chat(gateway, { model: 'openai/gpt-4o' }, { headers, ...(key !== undefined && { key }) }));

describe('allowed_ips', () => {
  it('let in who comes from there, to models and management alike; health is for everybody', () =>
    withSettings({ allowed_ips: ['10.0.0.0/8'] }, async (gateway) => {
      const refused = await chat(gateway, { model: 'openai/gpt-4o' });
      expect([refused.status, (await jsonOf(refused)).error.message]).toEqual([
        403,
        expect.stringContaining('IP address not allowed'),
      ]);
      expect(await called(gateway, { 'x-forwarded-for': '10.0.0.1' })).toBe(403);
      expect(await statusOf(send(gateway, '/v1/models'))).toBe(403);
      expect(await statusOf(send(gateway, '/plugins'))).toBe(403);
      expect(await statusOf(send(gateway, '/health/readiness'))).toBe(200);
    }));

  it('go by what trusted proxies heard, and by nothing that a client says', () =>
    withSettings(
      { allowed_ips: ['10.0.0.0/8'], use_x_forwarded_for: true, trusted_proxies: ['127.0.0.1', '192.0.2.0/24'] },
      async (gateway) => {
        expect(await called(gateway, { 'x-forwarded-for': '10.0.0.1' })).toBe(200);
        expect(await called(gateway, { 'x-forwarded-for': '10.0.0.1, 192.0.2.7' })).toBe(200);
        expect(await called(gateway, { 'x-forwarded-for': '10.0.0.1, 203.0.113.5' })).toBe(403);
        expect(await called(gateway)).toBe(403);
      },
    ));
});

it('routes are offered, for admins, or for everybody, as the operator says', () =>
  withSettings(
    { allowed_routes: ['/v1/chat/completions', '/v1/models', '/plugins'], public_routes: ['/v1/models', '/plugins'] },
    async (gateway) => {
      expect(await called(gateway)).toBe(200);
      expect(await called(gateway, {}, null)).toBe(401);
      expect(await statusOf(send(gateway, '/v1/models', { key: null }))).toBe(200);
      expect(await statusOf(send(gateway, '/plugins', { key: null }))).toBe(401);
      const body = { model: 'openai/text-embedding-3-small', input: 'x' };
      expect(await statusOf(send(gateway, '/v1/embeddings', { body }))).toBe(403);
    },
  ));

it('what is larger than the operator allows is refused', () =>
  withSettings({ max_request_size_mb: 0.001, max_response_size_mb: 0.0001 }, async (gateway) => {
    expect(await statusOf(chat(gateway, { model: 'openai/gpt-4o', user: 'x'.repeat(2_000) }))).toBe(413);
    const tooLong = await chat(gateway, { model: 'openai/gpt-4o' });
    expect([tooLong.status >= 500, (await jsonOf(tooLong)).error.message]).toEqual([
      true,
      expect.stringMatching(/larger|too large|MB|bytes/i),
    ]);
  }));
