// What bounds the calls of one key, end user or tag: limits and budgets, of all models or of one.
import type { LimitRule } from '@turnpike/limits';
import type { Account, LimitedScope } from '@turnpike/rpc';

/** What holds for one call. */
export interface BoundSet {
  readonly limits: readonly LimitRule[];
  /** Budgeted accounts that it is charged to. */
  readonly accounts: readonly string[];
  /** Of these, those that do not follow from whom the call is of: of models and of windows. Undefined: none. */
  readonly furtherAccounts: string[] | undefined;
}

/** Most keys have bounds for all models together, and there are many keys. */
const OF_NO_MODEL: ReadonlyMap<string, BoundSet> = new Map();

export const UNBOUNDED_SET: BoundSet = { limits: [], accounts: [], furtherAccounts: undefined };

/** Made once, and then only read: a call finds its set without making anything. */
export class Bounds {
  constructor(
    private readonly everyModel: BoundSet,
    private readonly byModel: ReadonlyMap<string, BoundSet>,
  ) {}

  static of(told: { readonly limits: readonly LimitedScope[]; readonly accounts: readonly Account[] }): Bounds {
    const models = new Set([...told.limits, ...told.accounts].map(({ model }) => model));
    models.delete('');
    if (told.limits.length === 0 && told.accounts.length === 0) return UNBOUNDED;
    const setFor = (model: string): BoundSet => {
      const isMeant = (one: { readonly model: string }): boolean => one.model === '' || one.model === model;
      return setOf(told.limits.filter(isMeant).map(ruleOf), told.accounts.filter(isMeant).map(nameOf));
    };
    const byModel = models.size === 0 ? OF_NO_MODEL : new Map([...models].map((model) => [model, setFor(model)]));
    return new Bounds(setFor(''), byModel);
  }

  /** For calls of this model. */
  for(model: string): BoundSet {
    return this.byModel.get(model) ?? this.everyModel;
  }
}

export const UNBOUNDED = new Bounds(UNBOUNDED_SET, OF_NO_MODEL);

/** All of them hold. */
export const joined = (sets: readonly BoundSet[]): BoundSet =>
  setOf(
    sets.flatMap(({ limits }) => limits),
    sets.flatMap(({ accounts }) => accounts),
  );

const setOf = (limits: readonly LimitRule[], accounts: readonly string[]): BoundSet => {
  const further = accounts.filter((account) => account.includes('|'));
  return { limits, accounts, furtherAccounts: further.length === 0 ? undefined : further };
};

const ruleOf = ({ scope, limits }: LimitedScope): LimitRule => ({
  key: scope,
  rpm: limits?.rpm,
  tpm: limits?.tpm,
  maxParallel: limits?.maxParallelRequests,
});

const nameOf = ({ account }: Account): string => account;
