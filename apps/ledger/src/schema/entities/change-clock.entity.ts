import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row. Whoever records a change holds its lock until the commit. */
@Entity({ name: 'change_clock' })
export class ChangeClockEntity {
  @PrimaryColumn('boolean', { default: true })
  single!: boolean;

  /** Of the last change. */
  @Column('bigint')
  sequence!: number;

  /** Of the last change that is not kept any more. */
  @Column('bigint')
  prunedThrough!: number;
}
