import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Authored } from './columns.js';

/** A section of the stored configuration. */
@Entity({ name: 'settings' })
export class SettingEntity extends Authored {
  /** `general_settings`, `router_settings` … */
  @PrimaryColumn('text')
  paramName!: string;

  /** Sealed: one JSON document, since any field may be a secret; see SecretBox. */
  @Column('text')
  paramValue!: string;
}
