import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bounded, type JsonObject, type StoredModelTerms } from './columns.js';

/** Teams and people under one bound. */
@Entity({ name: 'organizations' })
export class OrganizationEntity extends Bounded {
  @PrimaryColumn('text')
  organizationId!: string;

  @Column('text', { nullable: true })
  organizationAlias!: string | null;

  /** Terms that hold where there are none of its own. */
  @Column('text', { nullable: true })
  budgetId!: string | null;

  @Column('jsonb', { default: () => `'{}'` })
  modelTerms!: StoredModelTerms;

  /** Empty: all. */
  @Column('text', { array: true, default: () => `'{}'` })
  models!: string[];

  @Column('jsonb', { nullable: true })
  objectPermission!: JsonObject | null;

  @Column('jsonb', { default: () => `'{}'` })
  metadata!: JsonObject;
}
