import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a gateway shipped as a finished call, and was none. */
@Entity({ name: 'refused_entries' })
export class RefusedEntryEntity {
  @PrimaryColumn('bigint', { generated: 'identity' })
  id!: number;

  @Column('timestamptz', { default: () => 'now()' })
  refusedAt!: Date;

  /** SHA-256 of all its bytes. */
  @Column('bytea', { unique: true })
  digest!: Buffer;

  /** What was wrong with it. */
  @Column('text')
  reason!: string;

  /** Its beginning. */
  @Column('text')
  entry!: string;
}
