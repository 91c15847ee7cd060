// What entries add to accounts, and to the sums of their days. Pure.
import { accountsOf, type CallEntry, type NanoUsd } from '@turnpike/domain';
import { dayOfId } from './read-entry.js';

/** What one account has to bear. */
export interface Charge {
  readonly account: string;
  /** Of all its calls. */
  total: NanoUsd;
  /** Of each call, for it may have ended before the account's period began. */
  readonly parts: { readonly endedAt: number; readonly cost: NanoUsd; readonly holder: string | undefined }[];
}

/** By account. Calls that cost nothing charge nobody. */
export const chargesOf = (entries: readonly CallEntry[]): Map<string, Charge> => {
  const charges = new Map<string, Charge>();
  for (const entry of entries) {
    const { cost, endedAt, holder } = entry;
    if (cost === 0) continue;
    const part = { endedAt, cost, holder };
    for (const account of accountsOf(entry)) {
      const charge = charges.get(account);
      if (charge) {
        charge.total += cost;
        charge.parts.push(part);
      } else {
        charges.set(account, { account, total: cost, parts: [part] });
      }
    }
  }
  return charges;
};

/**
 * What the calls of a day are summed up for. Empty: all calls, by whom they were made; each call is in one such row.
 * Customers and tags have rows of their own, as there may be very many: a call is in one of each of them.
 */
export type SummedKind = '' | 'customer' | 'tag';

/** Empty: there is none. Of customers and tags the user, the team and the organization are not told apart. */
export interface DailyRow {
  readonly kind: SummedKind;
  /** Of the customer or the tag. */
  readonly id: string;
  readonly day: string;
  readonly key: string;
  readonly user: string;
  readonly team: string;
  readonly organization: string;
  /** The upstream's; empty: the call got to none. */
  readonly model: string;
  readonly group: string;
  readonly provider: string;
  /** `chat`, `embeddings` … */
  readonly operation: string;
  requests: number;
  successes: number;
  failures: number;
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens: number;
  cacheWriteTokens: number;
  /** Calls that a cache answered, and the output tokens of those. */
  cacheHits: number;
  cacheHitOutputTokens: number;
  spend: NanoUsd;
}

/**
 * The group that answered. What a cache answered got to none, and what was asked for names it: nobody makes names up there,
 * as they could with a model that does not exist.
 */
export const groupOf = ({ group, cache, model }: CallEntry): string | undefined =>
  group ?? (cache === 'hit' ? model : undefined);

/** Sorted, the same for all who add to the same rows. A call is counted under the deployment that had it last. */
export const dailyRowsOf = (entries: readonly CallEntry[]): DailyRow[] => {
  const rows = new Map<string, DailyRow>();
  for (const entry of entries) {
    const { key = '', user = '', team = '', organization = '', customer, tags, operation = '' } = entry;
    const last = entry.attempts.at(-1);
    const { model = '', provider = '' } = last ?? {};
    const group = groupOf(entry) ?? '';
    const day = dayOfId(entry.id);
    const add = (kind: SummedKind, id: string, user: string, team: string, organization: string): void => {
      const named = [kind, day, id, key, user, team, organization, model, group, provider, operation];
      // No string of an entry has a NUL.
      const name = named.join('\0');
      let row = rows.get(name);
      if (!row) {
        row = { kind, id, day, key, user, team, organization, model, group, provider, operation, ...NOTHING };
        rows.set(name, row);
      }
      count(row, entry);
    };
    add('', '', user, team, organization);
    if (customer) add('customer', customer, '', '', '');
    if (tags) for (const tag of new Set(tags)) add('tag', tag, '', '', '');
  }
  return [...rows].sort(([some], [other]) => (some < other ? -1 : 1)).map(([, row]) => row);
};

const NOTHING = {
  requests: 0,
  successes: 0,
  failures: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheHits: 0,
  cacheHitOutputTokens: 0,
  spend: 0,
};

const count = (row: DailyRow, { status, usage, cost, cache }: CallEntry): void => {
  row.requests += 1;
  if (status === 'success') row.successes += 1;
  if (status === 'failure') row.failures += 1;
  row.spend += cost;
  if (cache === 'hit') row.cacheHits += 1;
  if (!usage) return;
  row.inputTokens += usage.inputTokens;
  row.outputTokens += usage.outputTokens;
  row.cachedInputTokens += usage.cachedInputTokens ?? 0;
  row.cacheWriteTokens += usage.cacheWriteTokens ?? 0;
  if (cache === 'hit') row.cacheHitOutputTokens += usage.outputTokens;
};
