// What the lists of models of keys and teams may mean by a name: aliases, access groups, the provider's name before it.
import type { GatewayConfig } from '@turnpike/config';
import type { Deployment, ModelCatalog } from '@turnpike/domain';
import { teamOf } from '@turnpike/router';

const NONE: readonly string[] = [];

type Names = Omit<ModelCatalog, 'version'>;

/** Of the configuration in use: what callers are allowed follows it without anybody being asked again. */
export class LiveModelCatalog implements ModelCatalog {
  version = 0;

  /** Before the first configuration, nothing has a name. */
  private names: Names = namesIn({ deployments: [], router: { aliases: {} } });

  use(config: Named): void {
    this.names = namesIn(config);
    this.version += 1;
  }

  aliasTargets(name: string): readonly string[] {
    return this.names.aliasTargets(name);
  }

  accessGroups(name: string): readonly string[] {
    return this.names.accessGroups(name);
  }

  prefixedForms(name: string): readonly string[] {
    return this.names.prefixedForms(name);
  }

  isOfTeam(name: string, teamId: string): boolean {
    return this.names.isOfTeam(name, teamId);
  }
}

interface Named {
  readonly deployments: GatewayConfig['deployments'];
  readonly router: Pick<GatewayConfig['router'], 'aliases'>;
}

const namesIn = ({ deployments, router }: Named): Names => {
  const groups = new Map<string, Set<string>>();
  const prefixed = new Map<string, Set<string>>();
  const ofTeams = new Map<string, Set<string>>();
  for (const deployment of deployments) {
    const { modelName } = deployment;
    const team = teamOf(deployment);
    if (team) {
      // What it has is said by its team, and says nothing of models of the same name that all have.
      for (const name of [team.modelName, deployment.id]) addTo(ofTeams, team.id, name);
      continue;
    }
    for (const group of accessGroupsOf(deployment)) addTo(groups, modelName, group);
    addTo(prefixed, modelName, `${deployment.provider.slice('provider.'.length)}/${deployment.model}`);
  }
  const aliases = new Map(Object.entries(router.aliases).map(([name, { targets }]) => [name, targets]));
  return {
    aliasTargets: (name) => aliases.get(name) ?? NONE,
    accessGroups: (name) => [...(groups.get(name) ?? NONE)],
    prefixedForms: (name) => [...(prefixed.get(name) ?? NONE)],
    isOfTeam: (name, teamId) => ofTeams.get(teamId)?.has(name) === true,
  };
};

const accessGroupsOf = ({ info }: Deployment): string[] => {
  const groups = info['access_groups'];
  return Array.isArray(groups) ? groups.filter((group): group is string => typeof group === 'string') : [];
};

const addTo = (sets: Map<string, Set<string>>, name: string, value: string): void => {
  const set = sets.get(name);
  if (set) set.add(value);
  else sets.set(name, new Set([value]));
};
