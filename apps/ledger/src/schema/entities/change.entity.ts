import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What gateways know of and has changed. In the order of `sequence`, which is that of commits. */
@Entity({ name: 'changes' })
export class ChangeEntity {
  @PrimaryColumn('bigint')
  sequence!: number;

  @Column('text')
  kind!: string;

  @Column('text')
  id!: string;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;
}
