import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@turnpike/errors';
import { Principal, type PartialOf } from '@turnpike/rpc';
import type { AuthorizeService } from './authorize.service.js';
import { LedgerCallers } from './callers.js';
import { hashSecret } from './key-secret.js';

const [TOKEN, MASTER] = ['gateway-token', 'sk-master-key'];

const world = (principals: Record<string, PartialOf<typeof Principal>> = {}) => {
  const asked: string[] = [];
  const clock = { now: 0 };
  const authorize = async (hash: string) => {
    asked.push(hash);
    const found = Object.entries(principals).find(([secret]) => hashSecret(secret) === hash);
    if (!found) throw new GatewayError('GW_NOT_FOUND', 'no such key');
    return { principal: Principal.fromPartial({ keyHash: hash, ...found[1] }), sequence: 1 };
  };
  const service = { authorize } as unknown as AuthorizeService;
  const callers = new LedgerCallers(service, hashSecret(TOKEN), hashSecret(MASTER), () => clock.now);
  return { callers, asked, clock };
};

const root: PartialOf<typeof Principal> = { role: 'proxy_admin', userId: 'root' };

describe('who calls', () => {
  it.each<[string, string, string | undefined, object | undefined]>([
    ['is a gateway by its token', TOKEN, undefined, { kind: 'gateway' }],
    ['is the admin by the master key', MASTER, undefined, { kind: 'admin', role: 'proxy_admin' }],
    ['is the admin for whom a gateway calls', TOKEN, MASTER, { kind: 'gateway', role: 'proxy_admin' }],
    ['is an admin by their own key', 'sk-root', undefined, { kind: 'admin', userId: 'root', role: 'proxy_admin' }],
    ['is whose key a gateway names', TOKEN, 'sk-ann', { kind: 'gateway', userId: 'ann', role: 'internal_user' }],
    ['is nobody with an unknown key', 'sk-unknown', undefined, undefined],
    ['is nobody where a gateway names an unknown key', TOKEN, 'sk-unknown', undefined],
  ])('%s', async (_title, bearer, onBehalfOf, expected) => {
    const { callers } = world({ 'sk-root': root, 'sk-ann': { role: 'internal_user', userId: 'ann' } });
    const caller = await callers.identify(bearer, onBehalfOf && hashSecret(onBehalfOf));
    if (expected) expect(caller).toMatchObject(expected);
    else expect(caller).toBeUndefined();
  });

  it.each<[string, PartialOf<typeof Principal>, RegExp]>([
    ['is no admin', { role: 'internal_user' }, /proxy admin/],
    ['is blocked', { ...root, refusal: 'Key is blocked.' }, /blocked/],
    ['may call models only', { ...root, allowedRoutes: ['llm_api_routes'] }, /management_routes/],
  ])('is refused when the key %s', async (_title, principal, message) => {
    await expect(world({ 'sk-key': principal }).callers.identify('sk-key')).rejects.toThrow(message);
  });

  it.each([
    [{ get_spend_routes: true }, true],
    [{ get_spend_routes: 'yes' }, undefined],
    [{}, undefined],
  ])('with the permissions %j sees what all spend: %s', async (permissions, expected) => {
    const { callers } = world({ 'sk-key': { role: 'internal_user', permissions } });
    expect((await callers.identify(TOKEN, hashSecret('sk-key')))?.seesAllSpend).toBe(expected);
  });

  it('is refused on behalf of others', async () => {
    await expect(world({ 'sk-root': root }).callers.identify('sk-root', hashSecret(MASTER))).rejects.toThrow(
      /Only a gateway/,
    );
  });

  it('is looked up again after a second', async () => {
    const { callers, asked, clock } = world({ 'sk-root': root });
    await callers.identify('sk-root');
    await callers.identify('sk-root');
    expect(asked).toHaveLength(1);
    clock.now = 1_000;
    await callers.identify('sk-root');
    expect(asked).toHaveLength(2);
  });
});
