import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { JsonObject } from './columns.js';

/** A key as it was when it was deleted. What `record` holds is in the form of the row: columns by their names. */
@Entity({ name: 'deleted_keys' })
export class DeletedKeyEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('text')
  token!: string;

  @Column('text', { nullable: true })
  keyAlias!: string | null;

  @Column('text', { nullable: true })
  userId!: string | null;

  @Column('text', { nullable: true })
  teamId!: string | null;

  @Column('text', { nullable: true })
  organizationId!: string | null;

  @Column('jsonb')
  record!: JsonObject;

  @Column('timestamptz', { default: () => 'now()' })
  deletedAt!: Date;

  @Column('text', { nullable: true })
  deletedBy!: string | null;
}
