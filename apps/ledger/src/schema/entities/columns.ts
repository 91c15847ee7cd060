// What many tables have alike: who wrote a row, and what may be spent and asked for.
import type { JsonObject } from '@turnpike/domain';
import { Column } from 'typeorm';

/** Spending and rates of one model, or of members of a team. Absent: no bound. */
export interface StoredTerms {
  maxBudgetNano?: number;
  softBudgetNano?: number;
  /** "30d"; absent: what is spent is never counted anew. */
  budgetDuration?: string;
  maxParallelRequests?: number;
  tpmLimit?: number;
  rpmLimit?: number;
}

/** By model or access group. */
export type StoredModelTerms = Record<string, StoredTerms>;

export interface StoredBudgetWindow {
  duration: string;
  maxBudgetNano: number;
}

/** `models` empty or absent: all of the team's. */
export interface StoredMemberTerms extends StoredTerms {
  models?: string[];
}

export type StringMap = Record<string, string>;
export type { JsonObject };

export abstract class Authored {
  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('text', { nullable: true })
  createdBy!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;

  @Column('text', { nullable: true })
  updatedBy!: string | null;
}

/** Null: no bound. Amounts in nano-dollars. When a period began and what was spent in it stands in `balances`. */
export abstract class Bounded extends Authored {
  @Column('bigint', { nullable: true })
  maxBudgetNano!: number | null;

  /** Reaching it is told, and stops nobody. */
  @Column('bigint', { nullable: true })
  softBudgetNano!: number | null;

  @Column('text', { nullable: true })
  budgetDuration!: string | null;

  @Column('integer', { nullable: true })
  maxParallelRequests!: number | null;

  @Column('bigint', { nullable: true })
  tpmLimit!: number | null;

  @Column('bigint', { nullable: true })
  rpmLimit!: number | null;
}
