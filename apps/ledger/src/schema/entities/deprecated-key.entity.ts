import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A secret that was replaced and goes on for its grace period. */
@Entity({ name: 'deprecated_keys' })
export class DeprecatedKeyEntity {
  /** SHA-256 of the old secret, hex. */
  @PrimaryColumn('text')
  token!: string;

  /** The key that it stands for; follows when that one is replaced, too. */
  @Column('text')
  activeTokenId!: string;

  /** From then on it is refused. */
  @Column('timestamptz')
  revokeAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;
}
