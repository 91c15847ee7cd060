import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Authored, type JsonObject } from './columns.js';

/** A deployment that was made over the API. */
@Entity({ name: 'models' })
export class ModelEntity extends Authored {
  @PrimaryColumn('text')
  modelId!: string;

  /** The model group that it belongs to. */
  @Column('text')
  modelName!: string;

  /** Sealed: one JSON document; see SecretBox. */
  @Column('text')
  litellmParams!: string;

  @Column('jsonb', { default: () => `'{}'` })
  modelInfo!: JsonObject;

  @Column('text', { nullable: true })
  teamId!: string | null;

  @Column('text', { nullable: true })
  teamPublicModelName!: string | null;

  @Column('boolean', { default: false })
  blocked!: boolean;
}
