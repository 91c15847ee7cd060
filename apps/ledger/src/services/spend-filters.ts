// What callers ask of the sums of days, as a filter of them: held to what they may see.
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { DailyFilter, Dimension } from '../spend/daily-filter.js';
import type { Caller } from './caller.js';
import { tokenOf } from './key-secret.js';
import { SpendScopes } from './spend-scopes.js';

/** Each narrows the sums; absent: it does not. An empty day: from the first, or to the last. */
export type AskedSpend = Omit<DailyFilter, 'from' | 'to' | 'within' | 'of'> & {
  readonly startDate?: string;
  readonly endDate?: string;
};

/** Before and after all that is ever kept. */
const FIRST_DAY = '2020-01-01';
const LAST_DAY = '2099-12-31';

@Injectable()
export class SpendFilters {
  constructor(private readonly scopes: SpendScopes) {}

  /**
   * @param asked keys by secret or hash
   * @param by what the sums are told apart by
   * @throws GW_PERMISSION_DENIED for what the caller may not see, GW_INVALID_REQUEST for what is no key
   */
  async of(manager: EntityManager, caller: Caller, asked: AskedSpend, by: readonly Dimension[]): Promise<DailyFilter> {
    const { startDate, endDate, users, teams, organizations, ...rest } = asked;
    const keys = asked.keys?.map((key) => tokenOf(key, 'api_key'));
    const within = await this.scopes.of(manager, caller, { keys, users, teams, organizations }, '/team/daily/activity');
    const filter = { ...rest, keys, from: startDate || FIRST_DAY, to: endDate || LAST_DAY };
    const kind = kindOf(asked, by);
    if (!kind) return { ...filter, users, teams, organizations, within };
    // These are told apart by key alone: whoever asks of a user is told of the user's keys.
    let narrowed = keys;
    for (const scope of [{ users }, { teams }, { organizations }]) {
      const [ids] = Object.values(scope);
      if (ids) narrowed = among(await this.scopes.keysOf(manager, scope), narrowed);
    }
    return {
      ...filter,
      of: kind,
      keys: narrowed,
      within: within && { keys: await this.scopes.keysOf(manager, within) },
    };
  }
}

const kindOf = ({ customers, tags }: AskedSpend, by: readonly Dimension[]): DailyFilter['of'] => {
  if (customers || by.includes('customer')) return 'customer';
  return tags || by.includes('tag') ? 'tag' : undefined;
};

const among = (tokens: readonly string[], others: readonly string[] | undefined): string[] =>
  others ? tokens.filter((token) => others.includes(token)) : [...tokens];

/** For a filter: an empty text names nothing. */
export const listed = (text: string): string[] | undefined => (text ? [text] : undefined);

/** For a filter: an empty list names nothing, and so all. */
export const listOf = (texts: readonly string[]): readonly string[] | undefined =>
  texts.length > 0 ? texts : undefined;
