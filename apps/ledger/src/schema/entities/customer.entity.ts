import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bounded, type JsonObject } from './columns.js';

/** An end user, as requests name them. */
@Entity({ name: 'customers' })
export class CustomerEntity extends Bounded {
  @PrimaryColumn('text')
  customerId!: string;

  @Column('text', { nullable: true })
  alias!: string | null;

  /** Terms that hold where there are none of its own. */
  @Column('text', { nullable: true })
  budgetId!: string | null;

  /** `eu`, `us`; null: any. */
  @Column('text', { nullable: true })
  allowedModelRegion!: string | null;

  @Column('text', { nullable: true })
  defaultModel!: string | null;

  @Column('jsonb', { nullable: true })
  objectPermission!: JsonObject | null;

  @Column('boolean', { default: false })
  blocked!: boolean;
}
