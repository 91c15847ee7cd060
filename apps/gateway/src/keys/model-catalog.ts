// What the lists of models of keys and teams may mean by a name: aliases, access groups, the provider's name before it.
import type { GatewayConfig } from '@turnpike/config';
import type { Deployment, ModelCatalog } from '@turnpike/domain';

const NONE: readonly string[] = [];

/** Of one configuration. */
export const modelCatalogOf = ({
  deployments,
  router,
}: Pick<GatewayConfig, 'deployments' | 'router'>): ModelCatalog => {
  const groups = new Map<string, Set<string>>();
  const prefixed = new Map<string, Set<string>>();
  for (const deployment of deployments) {
    const { modelName } = deployment;
    for (const group of accessGroupsOf(deployment)) addTo(groups, modelName, group);
    addTo(prefixed, modelName, `${deployment.provider.slice('provider.'.length)}/${deployment.model}`);
  }
  const aliases = new Map(Object.entries(router.aliases).map(([name, { targets }]) => [name, targets]));
  return {
    aliasTargets: (name) => aliases.get(name) ?? NONE,
    accessGroups: (name) => [...(groups.get(name) ?? NONE)],
    prefixedForms: (name) => [...(prefixed.get(name) ?? NONE)],
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
