import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bounded, type JsonObject, type StoredModelTerms } from './columns.js';

/** A name that requests carry, with terms. */
@Entity({ name: 'tags' })
export class TagEntity extends Bounded {
  @PrimaryColumn('text')
  tagName!: string;

  @Column('text', { nullable: true })
  description!: string | null;

  /** Ids of deployments. Empty: as the deployments say. */
  @Column('text', { array: true, default: () => `'{}'` })
  models!: string[];

  @Column('jsonb', { default: () => `'{}'` })
  modelInfo!: JsonObject;

  @Column('text', { nullable: true })
  budgetId!: string | null;

  @Column('jsonb', { default: () => `'{}'` })
  modelTerms!: StoredModelTerms;
}
