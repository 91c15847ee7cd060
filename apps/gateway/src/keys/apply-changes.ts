// What the ledger's changes mean for what this worker remembers.
import { Change_Kind, type Change } from '@turnpike/rpc';
import type { Budgets } from '@turnpike/limits';
import type { Principal } from '../pipeline/exchange.js';
import type { AskedCache } from './asked-cache.js';
import type { Parties } from './parties.js';

export interface Remembered {
  readonly keys: AskedCache<Principal>;
  /** Teams and users that tokens name. */
  readonly subjects: AskedCache<Principal>;
  readonly parties: Parties;
  readonly budgets: Budgets;
}

export const applyChanges = (changes: readonly Change[], { keys, subjects, parties, budgets }: Remembered): void => {
  for (const { kind, id } of changes) {
    switch (kind) {
      case Change_Kind.KEY:
        keys.forget(id);
        break;
      case Change_Kind.TEAM:
        for (const cache of [keys, subjects]) cache.forgetWhere(({ teamId }) => teamId === id);
        subjects.forgetUnknown();
        break;
      case Change_Kind.USER:
        for (const cache of [keys, subjects]) cache.forgetWhere(({ userId }) => userId === id);
        subjects.forgetUnknown();
        break;
      case Change_Kind.ORGANIZATION:
        for (const cache of [keys, subjects]) cache.forgetWhere(({ organizationId }) => organizationId === id);
        break;
      case Change_Kind.ACCOUNT:
        budgets.renewed(id);
        break;
      case Change_Kind.CUSTOMER:
        parties.forgetCustomer(id);
        break;
      case Change_Kind.TAG:
        parties.forgetTag(id);
        break;
      case Change_Kind.MODEL:
      case Change_Kind.CREDENTIAL:
      case Change_Kind.SETTING:
        // Nothing of these is in what is remembered.
        break;
      // A budget may be linked from anything, and a kind that is not known yet may mean anything.
      default:
        keys.forgetAll();
        subjects.forgetAll();
        parties.forgetAll();
    }
  }
};
