// What everything that reads or changes virtual keys has in common.
import { Injectable } from '@nestjs/common';
import { accountName } from '@turnpike/domain';
import type { VirtualKey } from '@turnpike/rpc';
import type { EntityManager } from 'typeorm';
import { BudgetRepository } from '../repositories/budget.repository.js';
import type { Change } from '../repositories/changes.js';
import { DeprecatedKeyRepository } from '../repositories/deprecated-key.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { BudgetEntity } from '../schema/entities/budget.entity.js';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { BoundsKeeper, type Spent } from './bounds-keeper.js';
import { CallbackSecrets } from './callback-secrets.js';
import { authorOf, type Caller } from './caller.js';
import { boundsOf, effectiveTerms, temporaryIncrease, type ScopedBound } from './effective-terms.js';
import { fromKeyEntity } from './key.mapper.js';
import type { KeyOwners } from './permissions.js';
import type { Trace } from './recorder.js';
import { textOf } from './stored-terms.js';

export const accountOfKey = (token: string): string => accountName('key', token);

@Injectable()
export class Keys {
  constructor(
    private readonly teams: TeamRepository,
    private readonly budgets: BudgetRepository,
    private readonly repository: VirtualKeyRepository,
    private readonly deprecatedKeys: DeprecatedKeyRepository,
    private readonly bounds: BoundsKeeper,
    private readonly callbackSecrets: CallbackSecrets,
  ) {}

  /** With what was spent. In the order of the rows. */
  async toMessages(manager: EntityManager, keys: readonly VirtualKeyEntity[]): Promise<VirtualKey[]> {
    const shared = await this.sharedBudgets(manager, keys);
    const entities = keys.map((key) => ({
      account: accountOfKey(key.token),
      terms: effectiveTerms(key, shared.get(textOf(key.budgetId))),
    }));
    const spent = await this.bounds.spentOf(manager, entities);
    return keys.map((key) => this.shown(key, spent.get(accountOfKey(key.token))));
  }

  /** As it may be told. What was spent of a deleted key is not asked for. */
  shown(key: VirtualKeyEntity, spent?: Spent): VirtualKey {
    return { ...fromKeyEntity(key, spent), metadata: this.callbackSecrets.shown(key.metadata) };
  }

  async toMessage(manager: EntityManager, key: VirtualKeyEntity): Promise<VirtualKey> {
    return (await this.toMessages(manager, [key]))[0]!;
  }

  async ownersOf(manager: EntityManager, key: VirtualKeyEntity): Promise<KeyOwners> {
    return (await this.ownersOfAll(manager, [key]))[0]!;
  }

  /** In the order of the rows. */
  async ownersOfAll(manager: EntityManager, keys: readonly VirtualKeyEntity[]): Promise<KeyOwners[]> {
    const teamIds = [...new Set(keys.map(({ teamId }) => teamId).filter((id) => id !== null))];
    const teams = await this.teams.findMany(manager, teamIds);
    const organizations = new Map(teams.map(({ teamId, organizationId }) => [teamId, organizationId]));
    return keys.map(({ token, userId, teamId, organizationId, createdBy }) => ({
      token,
      userId: textOf(userId),
      teamId: textOf(teamId),
      organizationId: textOf(organizationId ?? organizations.get(textOf(teamId))),
      createdBy: textOf(createdBy),
    }));
  }

  /** What it may spend, as balances are told. @param now epoch milliseconds */
  async boundsOf(manager: EntityManager, key: VirtualKeyEntity, now: number): Promise<ScopedBound[]> {
    const shared = await this.sharedBudgets(manager, [key]);
    const terms = effectiveTerms(key, shared.get(textOf(key.budgetId)));
    return boundsOf(accountOfKey(key.token), terms, temporaryIncrease(key.metadata, now));
  }

  /** Also of secrets that were replaced, which gateways may know them by. */
  async changesOf(manager: EntityManager, tokens: readonly string[]): Promise<Change[]> {
    const deprecated = await this.deprecatedKeys.ofKeys(manager, tokens);
    return [...tokens, ...deprecated.map(({ token }) => token)].map((id) => ({ kind: 'key', id }));
  }

  /** Deletes them, without asking whether the caller may. @returns what is to be recorded */
  async remove(manager: EntityManager, caller: Caller, keys: readonly VirtualKeyEntity[]): Promise<Trace> {
    const tokens = keys.map(({ token }) => token);
    if (tokens.length === 0) return { deeds: [], changes: [] };
    const changes = await this.changesOf(manager, tokens);
    await this.repository.moveToDeleted(manager, tokens, authorOf(caller));
    await this.bounds.close(manager, tokens.map(accountOfKey));
    return { deeds: keys.map((before) => ({ action: 'deleted', table: 'key', id: before.token, before })), changes };
  }

  private async sharedBudgets(
    manager: EntityManager,
    keys: readonly VirtualKeyEntity[],
  ): Promise<Map<string, BudgetEntity>> {
    const ids = [...new Set(keys.map(({ budgetId }) => budgetId).filter((id) => id !== null))];
    const budgets = await this.budgets.findMany(manager, ids);
    return new Map(budgets.map((budget) => [budget.budgetId, budget]));
  }
}
