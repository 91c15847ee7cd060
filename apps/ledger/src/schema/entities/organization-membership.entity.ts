import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Authored } from './columns.js';

/** A member of an organisation. */
@Entity({ name: 'organization_memberships' })
export class OrganizationMembershipEntity extends Authored {
  @PrimaryColumn('text')
  organizationId!: string;

  @PrimaryColumn('text')
  userId!: string;

  /** `org_admin`, `internal_user`, `internal_user_viewer`. */
  @Column('text')
  role!: string;

  @Column('text', { nullable: true })
  budgetId!: string | null;
}
