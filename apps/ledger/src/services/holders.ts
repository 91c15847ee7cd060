// Finds whom keys belong to, and what bounds them.
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Changes } from '../repositories/changes.js';
import { DeprecatedKeyRepository } from '../repositories/deprecated-key.repository.js';
import { KeyHolderRepository, type Owners } from '../repositories/key-holder.repository.js';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import type { BalanceJson } from '../settlement/balance-book.js';
import type { KeyHolder } from './principal.js';

/** `sequence`: the change that it is as new as. */
export interface FoundHolder {
  holder: KeyHolder;
  /** Of the key and whom it belongs to. */
  balances: readonly BalanceJson[];
  sequence: number;
}

@Injectable()
export class Holders {
  constructor(
    private readonly keyHolders: KeyHolderRepository,
    private readonly deprecatedKeys: DeprecatedKeyRepository,
    private readonly changes: Changes,
  ) {}

  /** @param token also one that was replaced and goes on for its grace period. Null: there is no such key */
  async find(manager: EntityManager, token: string, now: Date): Promise<FoundHolder | null> {
    const found = await this.keyHolders.find(manager, token);
    if (!found) return await this.findSuccessor(manager, token, now);
    const { key, owners, balances, sequence } = found;
    return { holder: holderOf(key, owners), balances, sequence };
  }

  async of(manager: EntityManager, key: VirtualKeyEntity): Promise<KeyHolder> {
    return holderOf(key, await this.keyHolders.of(manager, key));
  }

  private async findSuccessor(manager: EntityManager, token: string, now: Date): Promise<FoundHolder | null> {
    // Before the rest is read: what is read may only be newer than this.
    const sequence = await this.changes.latest(manager);
    const deprecated = await this.deprecatedKeys.findActive(manager, token, now);
    const successor = deprecated && (await this.keyHolders.find(manager, deprecated.activeTokenId));
    if (!successor) return null;
    // Whoever remembers it must know when its grace is over.
    const { key, owners, balances } = successor;
    if (!key.expires || key.expires > deprecated.revokeAt) key.expires = deprecated.revokeAt;
    return { holder: holderOf(key, owners), balances, sequence };
  }
}

const holderOf = (key: VirtualKeyEntity, { budgets, accessGroups, namedGroups, ...owners }: Owners): KeyHolder => ({
  key,
  ...owners,
  budgets: new Map(budgets.map((budget) => [budget.budgetId, budget])),
  accessGroups: new Map(Object.entries(accessGroups)),
  namedGroups: new Map(Object.entries(namedGroups)),
});
