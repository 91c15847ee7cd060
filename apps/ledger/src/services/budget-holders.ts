// Those who refer to a shared budget: what they may spend, and who must hear of it.
import { Inject, Injectable } from '@nestjs/common';
import { accountName } from '@turnpike/domain';
import type { EntityManager } from 'typeorm';
import type { BudgetReference } from '../repositories/budget.repository.js';
import { BudgetRepository } from '../repositories/budget.repository.js';
import type { Change } from '../repositories/changes.js';
import { CustomerRepository } from '../repositories/customer.repository.js';
import { OrganizationRepository } from '../repositories/organization.repository.js';
import { TagRepository } from '../repositories/tag.repository.js';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import { accountOfCustomer } from './customer.service.js';
import { boundsOf, effectiveTerms, type ScopedBound, type TermsSource } from './effective-terms.js';
import { Keys } from './keys.js';
import { NOW, type Now } from './ledger-settings.js';
import { accountOfOrganization } from './organizations.js';
import { Teams } from './teams.js';

/** Rows with a budget of their own or a shared one. */
interface Holder {
  account: string;
  row: TermsSource & { budgetId: string | null };
}

@Injectable()
export class BudgetHolders {
  constructor(
    private readonly budgets: BudgetRepository,
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly organizations: OrganizationRepository,
    private readonly teamRows: TeamRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly customers: CustomerRepository,
    private readonly tags: TagRepository,
    private readonly keys: Keys,
    private readonly teams: Teams,
    @Inject(NOW) private readonly now: Now,
  ) {}

  /** As things stand within this transaction. */
  async boundsOf(manager: EntityManager, references: readonly BudgetReference[]): Promise<ScopedBound[]> {
    const bounds: ScopedBound[] = [];
    for (const key of await this.virtualKeys.findMany(manager, idsOf(references, 'key'))) {
      bounds.push(...(await this.keys.boundsOf(manager, key, this.now())));
    }
    for (const { account, row } of await this.plainHolders(manager, references)) {
      const shared = row.budgetId ? await this.budgets.find(manager, row.budgetId) : null;
      bounds.push(...boundsOf(account, effectiveTerms(row, shared)));
    }
    const members = references.filter(({ kind }) => kind === 'teamMembership');
    for (const { id } of members) {
      const [teamId = '', userId = ''] = id;
      const team = await this.teamRows.find(manager, teamId);
      const membership = await this.memberships.find(manager, teamId, userId);
      if (team && membership) bounds.push(...(await this.teams.memberBounds(manager, team, [membership])));
    }
    return bounds;
  }

  /** What gateways know these by. */
  async changesOf(manager: EntityManager, references: readonly BudgetReference[]): Promise<Change[]> {
    const ofKeys = await this.keys.changesOf(manager, idsOf(references, 'key'));
    const others = references.flatMap(({ kind, id }): Change[] => {
      const [first = '', second = ''] = id;
      switch (kind) {
        case 'organization':
          return [{ kind: 'organization', id: first }];
        case 'teamMembership':
        case 'organizationMembership':
          return [{ kind: 'user', id: second }];
        case 'customer':
          return [{ kind: 'customer', id: first }];
        case 'tag':
          return [{ kind: 'tag', id: first }];
        case 'key':
          return [];
      }
    });
    return [...ofKeys, ...others];
  }

  private async plainHolders(manager: EntityManager, references: readonly BudgetReference[]): Promise<Holder[]> {
    const organizations = await this.organizations.findMany(manager, idsOf(references, 'organization'));
    const customers = await this.customers.findMany(manager, idsOf(references, 'customer'));
    const tags = await this.tags.findMany(manager, idsOf(references, 'tag'));
    return [
      ...organizations.map((row) => ({ account: accountOfOrganization(row.organizationId), row })),
      ...customers.map((row) => ({ account: accountOfCustomer(row.customerId), row })),
      ...tags.map((row) => ({ account: accountName('tag', row.tagName), row })),
    ];
  }
}

const idsOf = (references: readonly BudgetReference[], kind: BudgetReference['kind']): string[] =>
  references.filter((reference) => reference.kind === kind).map(({ id }) => id[0]!);
