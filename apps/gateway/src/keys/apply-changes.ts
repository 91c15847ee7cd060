// What the ledger's changes mean for what this worker remembers.
import { Change_Kind, type Change } from '@turnpike/rpc';
import type { Budgets } from '@turnpike/limits';
import type { KeyCache } from './key-cache.js';

export const applyChanges = (changes: readonly Change[], keys: KeyCache, budgets: Budgets): void => {
  for (const { kind, id } of changes) {
    switch (kind) {
      case Change_Kind.KEY:
        keys.forget(id);
        break;
      case Change_Kind.TEAM:
        keys.forgetWhere(({ teamId }) => teamId === id);
        break;
      case Change_Kind.USER:
        keys.forgetWhere(({ userId }) => userId === id);
        break;
      case Change_Kind.ORGANIZATION:
        keys.forgetWhere(({ organizationId }) => organizationId === id);
        break;
      case Change_Kind.ACCOUNT:
        budgets.renewed(id);
        break;
      case Change_Kind.CUSTOMER:
      case Change_Kind.MODEL:
      case Change_Kind.CREDENTIAL:
      case Change_Kind.SETTING:
        // Nothing of these is in what is remembered of keys.
        break;
      // A budget or a tag may be linked from any key, and a kind that is not known yet may mean anything.
      default:
        keys.forgetAll();
    }
  }
};
