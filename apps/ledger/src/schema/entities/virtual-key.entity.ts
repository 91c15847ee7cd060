import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bounded, type JsonObject, type StoredBudgetWindow, type StoredModelTerms, type StringMap } from './columns.js';

/** A key that clients call with. Its secret is nowhere; `token` is the SHA-256 of it, hex. */
@Entity({ name: 'virtual_keys' })
export class VirtualKeyEntity extends Bounded {
  @PrimaryColumn('text')
  token!: string;

  /** `sk-...abcd`. */
  @Column('text')
  keyName!: string;

  /** Unique, where it is set. */
  @Column('text', { nullable: true })
  keyAlias!: string | null;

  @Column('text', { nullable: true })
  userId!: string | null;

  @Column('text', { nullable: true })
  teamId!: string | null;

  @Column('text', { nullable: true })
  organizationId!: string | null;

  @Column('text', { nullable: true })
  projectId!: string | null;

  @Column('text', { nullable: true })
  agentId!: string | null;

  /** Terms that hold where the key has none of its own. */
  @Column('text', { nullable: true })
  budgetId!: string | null;

  @Column('jsonb', { default: () => `'{}'` })
  modelTerms!: StoredModelTerms;

  @Column('jsonb', { default: () => `'[]'` })
  budgetWindows!: StoredBudgetWindow[];

  /** Empty: all. */
  @Column('text', { array: true, default: () => `'{}'` })
  models!: string[];

  /** Asked for → really used. */
  @Column('jsonb', { default: () => `'{}'` })
  aliases!: StringMap;

  @Column('text', { array: true, default: () => `'{}'` })
  accessGroupIds!: string[];

  @Column('text', { array: true, default: () => `'{}'` })
  allowedRoutes!: string[];

  @Column('text', { array: true, default: () => `'{}'` })
  allowedCacheControls!: string[];

  @Column('jsonb', { default: () => `'{}'` })
  permissions!: JsonObject;

  @Column('jsonb', { nullable: true })
  objectPermission!: JsonObject | null;

  @Column('jsonb', { default: () => `'{}'` })
  config!: JsonObject;

  @Column('jsonb', { default: () => `'{}'` })
  routerSettings!: JsonObject;

  @Column('jsonb', { default: () => `'{}'` })
  metadata!: JsonObject;

  @Column('boolean', { default: false })
  blocked!: boolean;

  /** Null: never. */
  @Column('timestamptz', { nullable: true })
  expires!: Date | null;

  @Column('timestamptz', { nullable: true })
  lastActive!: Date | null;

  @Column('integer', { default: 0 })
  rotationCount!: number;

  @Column('boolean', { default: false })
  autoRotate!: boolean;

  @Column('text', { nullable: true })
  rotationInterval!: string | null;

  @Column('timestamptz', { nullable: true })
  lastRotationAt!: Date | null;

  /** When it is due. */
  @Column('timestamptz', { nullable: true })
  keyRotationAt!: Date | null;
}
