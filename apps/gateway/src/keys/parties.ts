// Whom calls name beside their key, end users and tags: what bounds them, asked of the ledger once and remembered.
import type { AuthorizeCustomerResponse, AuthorizeTagResponse, Bounded } from '@turnpike/rpc';
import { AskedCache, type AskedCacheOptions } from './asked-cache.js';
import { Bounds, UNBOUNDED } from './bounds.js';

/** What holds for calls that name one. */
export interface Party {
  readonly bounds: Bounds;
}

/** An end user. */
export interface Customer extends Party {
  readonly isBlocked: boolean;
  /** Calls go to deployments of this region only. */
  readonly region: string | undefined;
  /** Called where the model that was asked for has no deployment in the region. */
  readonly defaultModel: string | undefined;
}

const NOBODY: Customer = { bounds: UNBOUNDED, isBlocked: false, region: undefined, defaultModel: undefined };
const NO_TAG: Party = { bounds: UNBOUNDED };

export interface PartiesOptions extends Omit<AskedCacheOptions<never>, 'what' | 'ask'> {
  readonly askCustomer: (id: string) => Promise<AuthorizeCustomerResponse>;
  readonly askTag: (name: string) => Promise<AuthorizeTagResponse>;
  /** What end users cost is not counted, so that their budgets cannot hold. */
  readonly isCustomerCostIgnored: boolean;
  /** Calls go on while nobody can be asked. */
  readonly isOpenWhenAway: boolean;
}

export class Parties {
  private readonly customers: AskedCache<Customer>;
  private readonly tags: AskedCache<Party>;
  private readonly isOpenWhenAway: boolean;
  /** Until the ledger has said otherwise, somebody may be bounded. */
  private bounded: Bounded = { customers: true, tags: true };

  constructor({ askCustomer, askTag, isCustomerCostIgnored, isOpenWhenAway, ...options }: PartiesOptions) {
    this.isOpenWhenAway = isOpenWhenAway;
    this.customers = new AskedCache({
      ...options,
      what: 'end user',
      ask: async (id) => customerOf(await askCustomer(id), isCustomerCostIgnored),
    });
    this.tags = new AskedCache({
      ...options,
      what: 'tag',
      ask: async (name) => {
        const told = await askTag(name);
        const bounds = Bounds.of(told);
        return bounds === UNBOUNDED ? NO_TAG : { bounds };
      },
    });
  }

  get size(): number {
    return this.customers.size + this.tags.size;
  }

  /** The ledger said whom it is worth asking about. */
  told(bounded: Bounded): void {
    this.bounded = bounded;
  }

  /** Undefined: nothing holds for it. @throws GW_LEDGER_UNAVAILABLE */
  customer(id: string): Customer | undefined | Promise<Customer | undefined> {
    return this.bounded.customers ? this.resolve(this.customers, id) : undefined;
  }

  /** Undefined: nothing holds for it. @throws GW_LEDGER_UNAVAILABLE */
  tag(name: string): Party | undefined | Promise<Party | undefined> {
    return this.bounded.tags ? this.resolve(this.tags, name) : undefined;
  }

  private resolve<T extends Party>(cache: AskedCache<T>, id: string): T | undefined | Promise<T | undefined> {
    if (!this.isOpenWhenAway) return cache.resolve(id);
    try {
      const found = cache.resolve(id);
      return found instanceof Promise ? found.catch(() => undefined) : found;
    } catch {
      return undefined;
    }
  }

  forgetCustomer(id: string): void {
    this.customers.forget(id);
  }

  forgetTag(name: string): void {
    this.tags.forget(name);
  }

  forgetAll(): void {
    this.customers.forgetAll();
    this.tags.forgetAll();
  }
}

/** Most have nothing of their own, and are one object. */
const customerOf = (told: AuthorizeCustomerResponse, isCostIgnored: boolean): Customer => {
  const { blocked, limits, accounts, allowedModelRegion, defaultModel } = told;
  const bounds = Bounds.of({ limits, accounts: isCostIgnored ? [] : accounts });
  if (bounds === UNBOUNDED && !blocked && !allowedModelRegion && !defaultModel) return NOBODY;
  return {
    bounds,
    isBlocked: blocked,
    region: allowedModelRegion || undefined,
    defaultModel: defaultModel || undefined,
  };
};
