import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bounded, type StoredModelTerms } from './columns.js';

/** Terms that many may refer to. */
@Entity({ name: 'budgets' })
export class BudgetEntity extends Bounded {
  @PrimaryColumn('text')
  budgetId!: string;

  @Column('jsonb', { default: () => `'{}'` })
  modelTerms!: StoredModelTerms;

  /** Empty: all. */
  @Column('text', { array: true, default: () => `'{}'` })
  allowedModels!: string[];
}
