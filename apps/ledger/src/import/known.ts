// Finds out what rows refer to: whether it is here, and in a dry run whether it would be.
import type { EntityManager, EntityTarget } from 'typeorm';
import { BudgetEntity } from '../schema/entities/budget.entity.js';
import { OrganizationEntity } from '../schema/entities/organization.entity.js';
import { TeamEntity } from '../schema/entities/team.entity.js';
import { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { isStorable } from '../storage/storable.js';
import type { Known, References } from './noun.js';

type Kind = keyof Known;

/** Where they are kept, and what an error calls one of them. */
const KINDS = {
  budgets: { entity: BudgetEntity, id: 'budgetId', name: 'budget' },
  teams: { entity: TeamEntity, id: 'teamId', name: 'team' },
  organizations: { entity: OrganizationEntity, id: 'organizationId', name: 'organization' },
  keys: { entity: VirtualKeyEntity, id: 'token', name: 'key' },
} as const satisfies Record<Kind, { entity: unknown; id: string; name: string }>;

const kinds = Object.keys(KINDS) as Kind[];

/** The first thing that is referred to and is not known: "budget b-1". */
export const missingIn = (known: Known, references: References): string | undefined => {
  for (const kind of kinds) {
    const missing = references[kind]?.find((id) => id !== '' && !known[kind].has(id));
    if (missing !== undefined) return `${KINDS[kind].name} ${missing}`;
  }
  return undefined;
};

export class Acquaintance {
  private readonly planned: Record<Kind, Map<string, object>> = {
    budgets: new Map(),
    teams: new Map(),
    organizations: new Map(),
    keys: new Map(),
  };

  /** @param all of a batch, so that each table is asked once */
  async with(manager: EntityManager, all: readonly References[]): Promise<Known> {
    const found: Partial<Record<Kind, Map<string, object>>> = {};
    for (const kind of kinds) {
      const ids = [...new Set(all.flatMap((references) => references[kind] ?? []))].filter((id) => id !== '');
      found[kind] = await this.find(manager, kind, ids);
    }
    const { budgets, teams, organizations, keys } = found as Record<Kind, Map<string, object>>;
    return {
      budgets: budgets as Map<string, BudgetEntity>,
      teams: teams as Map<string, TeamEntity>,
      organizations: new Set(organizations.keys()),
      keys: new Set(keys.keys()),
    };
  }

  /** In a dry run: others may refer to it as if it had been made. */
  plan(entity: EntityTarget<object>, row: object): void {
    const kind = kinds.find((one) => KINDS[one].entity === entity);
    if (kind) this.planned[kind].set((row as Record<string, string>)[KINDS[kind].id]!, row);
  }

  private async find(manager: EntityManager, kind: Kind, ids: readonly string[]): Promise<Map<string, object>> {
    const { entity, id } = KINDS[kind];
    const planned = ids.flatMap((one): [string, object][] => {
      const row = this.planned[kind].get(one);
      return row ? [[one, row]] : [];
    });
    const storable = ids.filter((one) => isStorable(one));
    if (storable.length === 0) return new Map(planned);
    const rows = await manager
      .createQueryBuilder<object>(entity, 't')
      .where(`t.${id} = ANY(:ids)`, { ids: storable })
      .getMany();
    const here = rows.map((row): [string, object] => [(row as Record<string, string>)[id]!, row]);
    return new Map([...planned, ...here]);
  }
}
