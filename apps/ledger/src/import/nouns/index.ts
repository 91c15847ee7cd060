// All that is taken over, in an order in which whatever is referred to comes first.
import type { AnyNoun } from '../noun.js';
import { accessGroups } from './access-groups.js';
import { budgets } from './budgets.js';
import { customers } from './customers.js';
import { deprecatedKeys } from './deprecated-keys.js';
import { keys } from './keys.js';
import { organizationMemberships } from './organization-memberships.js';
import { organizations } from './organizations.js';
import { credentials, models } from './stored-models.js';
import { tags } from './tags.js';
import { teamMemberships } from './team-memberships.js';
import { teams } from './teams.js';
import { users } from './users.js';

export const NOUNS: readonly AnyNoun[] = [
  budgets,
  organizations,
  accessGroups,
  teams,
  users,
  organizationMemberships,
  teamMemberships,
  keys,
  deprecatedKeys,
  customers,
  tags,
  credentials,
  models,
];
