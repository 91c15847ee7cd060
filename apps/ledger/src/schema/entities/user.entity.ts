import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bounded, type JsonObject, type StoredModelTerms } from './columns.js';

/** Somebody who has keys, and who may log in. */
@Entity({ name: 'users' })
export class UserEntity extends Bounded {
  @PrimaryColumn('text')
  userId!: string;

  @Column('text', { nullable: true })
  userAlias!: string | null;

  @Column('text', { nullable: true })
  userEmail!: string | null;

  @Column('text', { nullable: true })
  userRole!: string | null;

  /** Unique, where it is set. */
  @Column('text', { nullable: true })
  ssoUserId!: string | null;

  /** As the dashboard hashes it. */
  @Column('text', { nullable: true })
  password!: string | null;

  @Column('text', { nullable: true })
  organizationId!: string | null;

  @Column('jsonb', { default: () => `'{}'` })
  modelTerms!: StoredModelTerms;

  /** For keys without a team. Empty: all. */
  @Column('text', { array: true, default: () => `'{}'` })
  models!: string[];

  @Column('text', { array: true, default: () => `'{}'` })
  allowedCacheControls!: string[];

  @Column('jsonb', { nullable: true })
  objectPermission!: JsonObject | null;

  @Column('text', { array: true, default: () => `'{}'` })
  policies!: string[];

  @Column('jsonb', { default: () => `'{}'` })
  metadata!: JsonObject;
}
