import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { JsonObject } from './columns.js';

/** Who changed what. Without secrets. */
@Entity({ name: 'audit_log' })
export class AuditLogEntity {
  @PrimaryColumn('uuid', { default: () => 'gen_random_uuid()' })
  id!: string;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;

  @Column('text', { nullable: true })
  changedBy!: string | null;

  /** SHA-256, hex. */
  @Column('text', { nullable: true })
  changedByApiKey!: string | null;

  @Column('text')
  action!: string;

  /** As LiteLLM names its tables. */
  @Column('text')
  tableName!: string;

  @Column('text')
  objectId!: string;

  @Column('jsonb', { nullable: true })
  beforeValue!: JsonObject | null;

  @Column('jsonb', { nullable: true })
  updatedValues!: JsonObject | null;
}
