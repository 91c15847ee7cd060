import { GatewayError } from '@turnpike/errors';
import { AuthorizeCustomerResponse, AuthorizeTagResponse } from '@turnpike/rpc';
import { describe, expect, it, jest } from '@jest/globals';
import { Parties, type PartiesOptions } from './parties.js';

const away = (): GatewayError => new GatewayError('GW_LEDGER_UNAVAILABLE', 'away');

const someParties = (options: Partial<PartiesOptions> = {}) => {
  const askCustomer = jest.fn<PartiesOptions['askCustomer']>(async (id) =>
    AuthorizeCustomerResponse.fromPartial(
      id === 'plain' ? {} : { blocked: id === 'blocked', accounts: [{ account: `customer:${id}` }], defaultModel: 'd' },
    ),
  );
  const askTag = jest.fn<PartiesOptions['askTag']>(async (tag) =>
    AuthorizeTagResponse.fromPartial(tag === 'plain' ? {} : { accounts: [{ account: `tag:${tag}` }] }),
  );
  const parties = new Parties({
    askCustomer,
    askTag,
    isCustomerCostIgnored: false,
    isOpenWhenAway: false,
    confirmedAt: () => 0,
    max: 100,
    ttlMs: 60_000,
    staleMs: 0,
    now: () => 0,
    ...options,
  });
  return { parties, askCustomer, askTag };
};

describe('whom calls name', () => {
  it('is asked about once, those without terms too', async () => {
    const { parties, askCustomer, askTag } = someParties();
    for (const id of ['ada', 'plain']) {
      const first = await parties.customer(id);
      expect(parties.customer(id)).toBe(first);
      const tag = await parties.tag(id);
      expect(parties.tag(id)).toBe(tag);
    }
    expect([askCustomer.mock.calls.length, askTag.mock.calls.length, parties.size]).toEqual([2, 2, 4]);
  });

  it('is nobody in particular without terms: all of them are one object', async () => {
    const { parties } = someParties({ askCustomer: async () => AuthorizeCustomerResponse.fromPartial({}) });
    expect(await parties.customer('a')).toBe(await parties.customer('b'));
  });

  it('is not asked about where the ledger said that nobody is bounded', async () => {
    const { parties, askCustomer, askTag } = someParties();
    parties.told({ customers: false, tags: false });
    expect([parties.customer('ada'), parties.tag('a')]).toEqual([undefined, undefined]);
    parties.told({ customers: true, tags: false });
    expect(await parties.customer('ada')).toMatchObject({ isBlocked: false, defaultModel: 'd', region: undefined });
    expect([askCustomer.mock.calls.length, askTag.mock.calls.length]).toEqual([1, 0]);
  });

  it('is asked about again when it changed', async () => {
    const { parties, askCustomer, askTag } = someParties();
    await Promise.all([parties.customer('ada'), parties.customer('bob'), parties.tag('a')]);
    parties.forgetCustomer('ada');
    parties.forgetTag('a');
    await Promise.all([parties.customer('ada'), parties.customer('bob'), parties.tag('a')]);
    expect([askCustomer.mock.calls.length, askTag.mock.calls.length]).toEqual([3, 2]);
    parties.forgetAll();
    await parties.customer('bob');
    expect(askCustomer).toHaveBeenCalledTimes(4);
  });

  it('has no budget where costs of end users are not counted; the rest holds', async () => {
    const { parties } = someParties({ isCustomerCostIgnored: true });
    const customer = await parties.customer('blocked');
    expect([customer?.isBlocked, customer?.bounds.for('m').accounts]).toEqual([true, []]);
  });

  it('keeps a call from being made while it cannot be asked about, unless the operator wants it to go on', async () => {
    const askCustomer = (): Promise<never> => Promise.reject(away());
    const { parties } = someParties({ askCustomer });
    await expect(parties.customer('ada')).rejects.toMatchObject({ code: 'GW_LEDGER_UNAVAILABLE' });
    expect(() => parties.customer('ada')).toThrow('The end user cannot be checked right now');
    const { parties: open } = someParties({ askCustomer, isOpenWhenAway: true });
    expect(await open.customer('ada')).toBeUndefined();
    expect(open.customer('ada')).toBeUndefined();
  });
});
