import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  Bounded,
  type JsonObject,
  type StoredBudgetWindow,
  type StoredMemberTerms,
  type StoredModelTerms,
  type StringMap,
} from './columns.js';

/** People who share models, limits and a budget. */
@Entity({ name: 'teams' })
export class TeamEntity extends Bounded {
  @PrimaryColumn('text')
  teamId!: string;

  @Column('text', { nullable: true })
  teamAlias!: string | null;

  @Column('text', { nullable: true })
  organizationId!: string | null;

  @Column('jsonb', { default: () => `'{}'` })
  modelTerms!: StoredModelTerms;

  @Column('jsonb', { default: () => `'[]'` })
  budgetWindows!: StoredBudgetWindow[];

  /** For members who have no terms of their own. */
  @Column('jsonb', { nullable: true })
  defaultMemberTerms!: StoredMemberTerms | null;

  @Column('text', { nullable: true })
  memberKeyDuration!: string | null;

  /** Empty: all. */
  @Column('text', { array: true, default: () => `'{}'` })
  models!: string[];

  /** Asked for → really used. */
  @Column('jsonb', { default: () => `'{}'` })
  modelAliases!: StringMap;

  @Column('text', { array: true, default: () => `'{}'` })
  accessGroupIds!: string[];

  @Column('text', { array: true, default: () => `'{}'` })
  defaultMemberModels!: string[];

  /** Routes that members may use for this team. */
  @Column('text', { array: true, default: () => `'{}'` })
  memberPermissions!: string[];

  @Column('jsonb', { nullable: true })
  objectPermission!: JsonObject | null;

  @Column('jsonb', { default: () => `'{}'` })
  routerSettings!: JsonObject;

  @Column('text', { array: true, default: () => `'{}'` })
  policies!: string[];

  @Column('boolean', { default: false })
  allowGuardrailConfig!: boolean;

  @Column('jsonb', { default: () => `'{}'` })
  metadata!: JsonObject;

  @Column('boolean', { default: false })
  blocked!: boolean;
}
