import { describe, expect, it } from '@jest/globals';
import { BudgetEvent as ToldEvent, BudgetEvent_Kind } from '@turnpike/rpc';
import type { Logger } from '@turnpike/plugin-sdk';
import { budgetAlert, BudgetEvents, type BudgetEvent } from './budget-events.js';

const listening = () => {
  const heard: BudgetEvent[] = [];
  const logged: string[] = [];
  const counted: string[] = [];
  const log = { warn: (text: string) => void logged.push(text), error: (text: string) => void logged.push(text) };
  const events = new BudgetEvents(log as unknown as Logger, (event, owner) => void counted.push(`${event} ${owner}`));
  const stop = events.listen((event) => void heard.push(event));
  const tell = (...told: Parameters<typeof ToldEvent.fromPartial>[0][]): void =>
    events.told(told.map((one) => ToldEvent.fromPartial(one)));
  return { events, heard, logged, counted, stop, tell };
};

const SOFT = { kind: BudgetEvent_Kind.SOFT_BUDGET, account: 'team:red', spentNanoUsd: 2e9, softNanoUsd: 15e8 };

describe('a budget that reached a mark', () => {
  it('is told to whoever listens, with all that is known', () => {
    const { heard, tell } = listening();
    tell(
      { ...SOFT, resetAt: new Date(5) },
      { kind: BudgetEvent_Kind.THRESHOLD, account: 'key:h|model:m', spentNanoUsd: 9, maxNanoUsd: 10, percent: 85 },
      { kind: BudgetEvent_Kind.MAX_BUDGET, account: 'installation', spentNanoUsd: 10, maxNanoUsd: 10 },
    );
    expect(heard).toEqual([
      {
        event: 'soft_budget_crossed',
        account: 'team:red',
        ownerKind: 'team',
        ownerId: 'red',
        spentNanoUsd: 2e9,
        softNanoUsd: 15e8,
        resetAt: 5,
      },
      {
        event: 'threshold_crossed',
        account: 'key:h|model:m',
        ownerKind: 'key',
        ownerId: 'h',
        model: 'm',
        spentNanoUsd: 9,
        maxNanoUsd: 10,
        percent: 85,
      },
      {
        event: 'budget_crossed',
        account: 'installation',
        ownerKind: 'installation',
        ownerId: '',
        spentNanoUsd: 10,
        maxNanoUsd: 10,
      },
    ]);
  });

  it('is a line of the log, and counted', () => {
    const { logged, counted, tell } = listening();
    tell(SOFT);
    expect(logged).toEqual(['team:red has spent 2 USD, and reached its soft budget of 1.5 USD; its calls go on']);
    expect(counted).toEqual(['soft_budget_crossed team']);
  });

  it('of a kind that is not known is passed over', () => {
    const { heard, logged, tell } = listening();
    tell({ ...SOFT, kind: BudgetEvent_Kind.UNSPECIFIED });
    expect([heard, logged]).toEqual([[], []]);
  });

  it('is told to the others when one of them fails, and to none who has gone', () => {
    const { events, heard, logged, stop, tell } = listening();
    const others: string[] = [];
    events.listen(() => {
      throw new Error('broken');
    });
    events.listen(({ account }) => void others.push(account));
    stop();
    tell(SOFT);
    expect([heard, others, logged.at(-1)]).toEqual([[], ['team:red'], 'a listener of budgets failed']);
  });

  it.each([
    ['key', 'h', 'alias of key h'],
    ['team', 'red', 'alias of team red'],
    ['organization', 'acme', 'alias of organization acme'],
    ['user', 'u', undefined],
    ['installation', '', undefined],
  ] as const)('of a %s is told to callbacks with its name, where it has one', (ownerKind, ownerId, alias) => {
    const names = {
      keyAliasOf: (id: string) => `alias of key ${id}`,
      teamAliasOf: (id: string) => `alias of team ${id}`,
      organizationAliasOf: (id: string) => `alias of organization ${id}`,
    };
    const event: BudgetEvent = { event: 'budget_crossed', account: '', ownerKind, ownerId, spentNanoUsd: 1 };
    expect(budgetAlert(event, 7, names)).toMatchObject({ scope: ownerKind, id: ownerId, at: 7, alias });
    const unnamed = { keyAliasOf: () => '', teamAliasOf: () => '', organizationAliasOf: () => '' };
    expect(budgetAlert(event, 7, unnamed)).toMatchObject({ alias: undefined });
  });
});
