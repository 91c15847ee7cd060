import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bounded } from './columns.js';

/** A member of a team, with what they may do there. */
@Entity({ name: 'team_memberships' })
export class TeamMembershipEntity extends Bounded {
  @PrimaryColumn('text')
  teamId!: string;

  @PrimaryColumn('text')
  userId!: string;

  /** `admin` or `user`. */
  @Column('text')
  role!: string;

  @Column('text', { nullable: true })
  budgetId!: string | null;

  /** Empty: all of the team's. */
  @Column('text', { array: true, default: () => `'{}'` })
  models!: string[];
}
