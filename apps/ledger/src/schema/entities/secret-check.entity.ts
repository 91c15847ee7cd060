import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Text that is known, sealed with the key that secrets here are sealed with. */
@Entity({ name: 'secret_check' })
export class SecretCheckEntity {
  @PrimaryColumn('text')
  name!: string;

  @Column('text')
  sealed!: string;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;
}
