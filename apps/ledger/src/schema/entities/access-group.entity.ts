import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Authored } from './columns.js';

/** One name for many models. */
@Entity({ name: 'access_groups' })
export class AccessGroupEntity extends Authored {
  @PrimaryColumn('text')
  accessGroupId!: string;

  /** Unique. */
  @Column('text')
  name!: string;

  @Column('text', { nullable: true })
  description!: string | null;

  /** Names of model groups, and wildcards. */
  @Column('text', { array: true, default: () => `'{}'` })
  models!: string[];

  /** Ids of stored deployments. */
  @Column('text', { array: true, default: () => `'{}'` })
  modelIds!: string[];
}
