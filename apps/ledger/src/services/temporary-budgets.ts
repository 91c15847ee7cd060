// Ends temporary increases of keys' budgets when their time is over.
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import { Changes } from '../repositories/changes.js';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { Keys } from './keys.js';
import { NOW, type Now } from './ledger-settings.js';

@Injectable()
export class TemporaryBudgets {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: VirtualKeyRepository,
    private readonly keys: Keys,
    private readonly bounds: BoundsKeeper,
    private readonly changes: Changes,
    @Inject(NOW) private readonly now: Now,
  ) {}

  /** @returns how many ended */
  async end(): Promise<number> {
    const widened = await this.repository.widened(this.dataSource.manager);
    const over = widened.filter((key) => this.isOver(key));
    for (const { token } of over) await inTransaction(this.dataSource, (manager) => this.endOne(manager, token));
    return over.length;
  }

  private isOver({ metadata }: VirtualKeyEntity): boolean {
    // One that is no time never began.
    return !(Date.parse(String(metadata['temp_budget_expiry'])) > this.now());
  }

  private async endOne(manager: EntityManager, token: string): Promise<void> {
    const key = await this.repository.lock(manager, token);
    if (!key || !this.isOver(key)) return;
    const { temp_budget_increase: _increase, temp_budget_expiry: _expiry, ...metadata } = key.metadata;
    const ended = await this.repository.update(manager, token, { metadata });
    await this.bounds.change(manager, [], await this.keys.boundsOf(manager, ended!, this.now()));
    await this.changes.record(manager, await this.keys.changesOf(manager, [token]));
  }
}
