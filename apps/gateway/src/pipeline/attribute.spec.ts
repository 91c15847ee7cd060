import { describe, expect, it } from '@jest/globals';
import { aRecalled, aRuntime, aSnapshot } from '../../test/road.js';
import { Bounds, UNBOUNDED } from '../keys/bounds.js';
import type { Customer, Party } from '../keys/parties.js';
import { attribute } from './attribute.js';
import type { Exchange } from './exchange.js';

const bounds = new Bounds({ limits: [], accounts: ['x'], furtherAccounts: undefined }, new Map());
const aCustomer = (changes: Partial<Customer> = {}): Customer => ({
  bounds,
  isBlocked: false,
  region: undefined,
  defaultModel: undefined,
  ...changes,
});

type Knows<T> = (id: string) => T | undefined | Promise<T | undefined>;

const attributed = (
  filled: Partial<Exchange>,
  knows: { customer?: Knows<Customer>; tag?: Knows<Party> } = {},
): unknown => {
  const none = (): undefined => undefined;
  const { runtime } = aRuntime({ parties: { customer: none, tag: none, ...knows } });
  return attribute(runtime).run(aRecalled(aSnapshot(), filled));
};

describe('a call', () => {
  it('that names nobody asks nobody', () => {
    const never = (): never => {
      throw new Error('asked');
    };
    expect(attributed({}, { customer: never, tag: never })).toMatchObject({ parties: [] });
  });

  it('goes on at once where all whom it names are known', () => {
    const filled = { customer: 'ada', tags: ['a', 'b'] };
    const tag: Knows<Party> = (name) => (name === 'a' ? { bounds } : { bounds: UNBOUNDED });
    expect(attributed(filled, { customer: () => aCustomer(), tag })).toMatchObject({ parties: [bounds, bounds] });
  });

  it.each<[string, Parameters<typeof attributed>[1]]>([
    ['its end user', { customer: async () => aCustomer(), tag: () => undefined }],
    ['one of its tags', { tag: async (name) => (name === 'b' ? { bounds } : undefined) }],
  ])('waits where %s must be asked about', async (_what, knows) => {
    const waiting = attributed({ customer: 'ada', tags: ['a', 'b'] }, knows);
    expect(waiting).toBeInstanceOf(Promise);
    expect(await waiting).toMatchObject({ parties: [bounds] });
  });

  it('of a blocked end user is refused', () => {
    expect(() => attributed({ customer: 'ada' }, { customer: () => aCustomer({ isBlocked: true }) })).toThrow(
      expect.objectContaining({ code: 'GW_CUSTOMER_BLOCKED', message: expect.stringContaining('User=ada') }),
    );
  });

  it('keeps to the region of its end user, whatever it asks for itself', () => {
    const customer = (): Customer => aCustomer({ region: 'eu', defaultModel: 'd' });
    const exchange = attributed({ customer: 'ada', wishes: { region: 'us', priority: 1 } }, { customer });
    expect(exchange).toMatchObject({ wishes: { region: 'eu', priority: 1 }, regionalDefault: 'd' });
  });
});
