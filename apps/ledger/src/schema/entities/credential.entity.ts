import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Authored, type JsonObject } from './columns.js';

/** What deployments authenticate with, under a name. */
@Entity({ name: 'credentials' })
export class CredentialEntity extends Authored {
  @PrimaryColumn('text')
  credentialId!: string;

  /** Unique. */
  @Column('text')
  credentialName!: string;

  /** Sealed: one JSON document; see SecretBox. */
  @Column('text')
  credentialValues!: string;

  /** Not secret. */
  @Column('jsonb', { default: () => `'{}'` })
  credentialInfo!: JsonObject;
}
