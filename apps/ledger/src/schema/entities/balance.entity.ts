import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What was spent of an account, and what may be. Changed by `BalanceBook` alone, which locks before it changes. */
@Entity({ name: 'balances' })
export class BalanceEntity {
  /** `key:<hash>`, `team:<id>` … */
  @PrimaryColumn('text')
  account!: string;

  /** In the period under way; a period that is over by the clock may not be written down as ended yet. */
  @Column('bigint', { default: 0 })
  spentNano!: number;

  /** Ever. */
  @Column('bigint', { default: 0 })
  totalNano!: number;

  /** Null: no bound. */
  @Column('bigint', { nullable: true })
  maxNano!: number | null;

  /** Null: nobody wants to hear before the bound is near. */
  @Column('bigint', { nullable: true })
  softNano!: number | null;

  /** "30d"; null: what is spent is never counted anew. */
  @Column('text', { nullable: true })
  duration!: string | null;

  @Column('timestamptz', { nullable: true })
  periodStart!: Date | null;

  @Column('timestamptz', { nullable: true })
  resetAt!: Date | null;
}
