// Names → deployments: ids, aliases, groups, unions and wildcards. Built once per configuration.
import type { Deployment, RouterSettings } from '@turnpike/domain';
import type { LiveState } from './live-state.js';
import { Target, type TargetFacts } from './target.js';

/** Targets of one preference (`order`), interchangeable: where an attempt may go. */
export interface Level {
  readonly group: ResolvedGroup;
  readonly targets: readonly Target[];
}

/** Interchangeable targets under one name. */
export interface ResolvedGroup {
  /** As configured; a wildcard's pattern. */
  readonly name: string;
  /** The same for every resolution that comes to these targets: a request tries each once. */
  readonly key: string;
  readonly targets: readonly Target[];
  /** The lowest `order` first; deployments without one come last. */
  readonly levels: readonly Level[];
  /** Addressed by a deployment's id: that one is meant, in cooldown or not. */
  readonly isPinned: boolean;
}

/** What a requested name stands for: groups to try in order. Most names stand for one. */
export interface Resolution {
  /** The name the client asked for. */
  readonly requested: string;
  readonly groups: readonly ResolvedGroup[];
  /** Of all groups, in order. */
  readonly levels: readonly Level[];
}

export const groupOf = (name: string, key: string, targets: readonly Target[], isPinned = false): ResolvedGroup => {
  const levels: Level[] = [];
  const group: ResolvedGroup = { name, key, targets, levels, isPinned };
  for (const level of byOrder(targets)) levels.push({ group, targets: level });
  return group;
};

const byOrder = (targets: readonly Target[]): (readonly Target[])[] => {
  const byNumber = new Map<number, Target[]>();
  for (const target of targets) {
    const order = target.deployment.order ?? Number.POSITIVE_INFINITY;
    const same = byNumber.get(order);
    if (same) same.push(target);
    else byNumber.set(order, [target]);
  }
  return [...byNumber].sort(([left], [right]) => left - right).map(([, same]) => same);
};

interface Pattern {
  source: string;
  regex: RegExp;
  deployments: Deployment[];
}

/** More distinct wildcard names than this are resolved anew each time. */
const MAX_REMEMBERED = 5_000;

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const toRegex = (pattern: string): RegExp => new RegExp(`^${pattern.split('*').map(escape).join('(.*)')}$`);

/** Names come from clients: `constructor` is no alias. */
const ownOf = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

const wildcardsOf = ({ source }: Pattern): number => source.split('*').length - 1;

/** More text beside the wildcards first, then fewer wildcards: `x/*-mini*`, `x/*`, `*`. */
const bySpecificity = (a: Pattern, b: Pattern): number =>
  b.source.length - wildcardsOf(b) - (a.source.length - wildcardsOf(a)) || wildcardsOf(a) - wildcardsOf(b);

/** Puts what the wildcards caught into the upstream's model name, in order. */
const fill = (template: string, caught: readonly string[]): string => {
  let next = 0;
  return template.replace(/\*/g, () => caught[Math.min(next++, caught.length - 1)] ?? '');
};

/** Somebody asked for it; others exist because a fallback names them. */
const isWritten = (deployment: Deployment): boolean => deployment.info['implicit'] !== true;

const deploymentsIn = ({ targets }: ResolvedGroup): Deployment[] => targets.map(({ deployment }) => deployment);

/** A target that two members of a union share would be chosen twice as often. */
const withoutTwins = (targets: readonly Target[]): Target[] => {
  const byCall = new Map<string, Target>();
  for (const target of targets) {
    const call = JSON.stringify([target.deployment.id, target.model]);
    if (!byCall.has(call)) byCall.set(call, target);
  }
  return [...byCall.values()];
};

/** `model_info.team_id`: a deployment that only this team sees, under the name it has there. */
export const teamOf = ({ info, modelName }: Deployment): { id: string; modelName: string } | undefined => {
  const { team_id: id, team_public_model_name: name } = info;
  return typeof id === 'string' && id !== ''
    ? { id, modelName: typeof name === 'string' ? name : modelName }
    : undefined;
};

const addTo = (groups: Map<string, Target[]>, name: string, target: Target): void => {
  const targets = groups.get(name);
  if (targets) targets.push(target);
  else groups.set(name, [target]);
};

export interface ModelIndexOptions {
  deployments: readonly Deployment[];
  settings: Pick<RouterSettings, 'aliases' | 'unions'>;
  state: LiveState;
  facts: TargetFacts;
  /** Provider plugin that knows a bare model name, so that `gpt-4o` finds `openai/*`. */
  recognise?: (model: string) => string | undefined;
}

export interface ListedName {
  readonly name: string;
  readonly isPattern: boolean;
  readonly deployments: readonly Deployment[];
}

export class ModelIndex {
  private readonly byId = new Map<string, Target>();
  private readonly groups = new Map<string, ResolvedGroup>();
  /** Team → the names that only it has → groups. */
  private readonly teams = new Map<string, Map<string, ResolvedGroup>>();
  private readonly patterns: readonly Pattern[];
  private readonly remembered = new Map<string, Resolution>();

  constructor(private readonly options: ModelIndexOptions) {
    const patterns = new Map<string, Pattern>();
    const groups = new Map<string, Target[]>();
    const teams = new Map<string, Map<string, Target[]>>();
    const pinned: { id: string; modelName: string; target: Target }[] = [];
    for (const deployment of options.deployments) {
      const target = this.target(deployment, deployment.model);
      const name = deployment.modelName;
      const team = teamOf(deployment);
      if (!team) this.byId.set(deployment.id, target);
      if (team) {
        const own = teams.get(team.id) ?? new Map<string, Target[]>();
        teams.set(team.id, own);
        addTo(own, team.modelName, target);
        // Its id, too, means something to this team only.
        pinned.push({ ...team, target });
      } else if (name.includes('*')) {
        const pattern = patterns.get(name) ?? { source: name, regex: toRegex(name), deployments: [] };
        pattern.deployments.push(deployment);
        patterns.set(name, pattern);
      } else {
        addTo(groups, name, target);
      }
    }
    for (const [name, targets] of groups) this.groups.set(name, groupOf(name, name, targets));
    for (const [team, own] of teams) {
      const named = [...own].map(([name, targets]) => [name, groupOf(name, `${team} ${name}`, targets)] as const);
      this.teams.set(team, new Map(named));
    }
    for (const { id: team, modelName, target } of pinned) {
      const { id } = target.deployment;
      const own = this.teams.get(team)!;
      if (!own.has(id)) own.set(id, groupOf(modelName, `${team} ${id}`, [target], true));
    }
    this.patterns = [...patterns.values()].sort(bySpecificity);
  }

  /** Undefined: no configured model has this name. */
  resolve(name: string, teamId?: string): Resolution | undefined {
    const own = teamId ? this.teams.get(teamId)?.get(name) : undefined;
    if (own) return { requested: name, groups: [own], levels: own.levels };
    const known = this.remembered.get(name);
    if (known) return known;
    const groups = this.lookUp(name, new Set());
    if (groups.length === 0) return undefined;
    const resolution: Resolution = { requested: name, groups, levels: groups.flatMap((group) => group.levels) };
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    this.remembered.set(name, resolution);
    return resolution;
  }

  /**
   * Names for `/v1/models`: a team's own, groups, unions and visible aliases that stand for something, then wildcards as
   * written.
   */
  names(teamId?: string): ListedName[] {
    const listed = new Map<string, readonly Deployment[]>();
    for (const [name, group] of (teamId ? this.teams.get(teamId) : undefined) ?? []) {
      if (!group.isPinned) listed.set(name, deploymentsIn(group));
    }
    for (const [name, group] of this.groups) {
      const deployments = deploymentsIn(group);
      if (deployments.some(isWritten) && !listed.has(name)) listed.set(name, deployments);
    }
    const { unions, aliases } = this.options.settings;
    const visible = Object.keys(aliases).filter((name) => !aliases[name]!.hidden);
    for (const name of [...Object.keys(unions), ...visible]) {
      const deployments = this.deploymentsOf(name);
      if (deployments.length > 0 && !listed.has(name)) listed.set(name, deployments);
    }
    const patterns = this.patterns.filter(({ deployments }) => deployments.some(isWritten));
    return [
      ...[...listed].map(([name, deployments]) => ({ name, isPattern: false, deployments })),
      ...patterns.map(({ source, deployments }) => ({ name: source, isPattern: true, deployments })),
    ];
  }

  /**
   * Aliases come before groups: that is what gives an old name to a new group. The deployments of a cascade's own name
   * come where it names them, else last.
   */
  private lookUp(name: string, seen: Set<string>): ResolvedGroup[] {
    if (seen.has(name)) return [];
    seen.add(name);
    const pinned = this.byId.get(name);
    if (pinned) return [groupOf(pinned.deployment.modelName, name, [pinned], true)];
    const alias = ownOf(this.options.settings.aliases, name);
    if (alias) {
      const own = this.groups.get(name);
      const cascade = alias.targets.flatMap((target) => (own && target === name ? [own] : this.lookUp(target, seen)));
      return own && !alias.targets.includes(name) ? [...cascade, own] : cascade;
    }
    const group = this.groups.get(name);
    const union = ownOf(this.options.settings.unions, name);
    if (union) {
      const targets = union.flatMap((member) => this.lookUp(member, new Set(seen)).flatMap((found) => found.targets));
      return [groupOf(name, name, withoutTwins([...targets, ...(group?.targets ?? [])]))];
    }
    if (group) return [group];
    const matched = this.match(name);
    return matched ? [matched] : [];
  }

  private match(name: string): ResolvedGroup | undefined {
    for (const { source, regex, deployments } of this.patterns) {
      const caught = regex.exec(name)?.slice(1);
      if (caught) {
        return this.wildcard(source, name, deployments, caught);
      }
    }
    // `gpt-4o` finds `openai/*` when that provider knows the name.
    const provider = name.includes('/') ? undefined : this.options.recognise?.(name);
    const pattern =
      provider &&
      this.patterns.find(({ source, deployments }) => source.endsWith('/*') && deployments[0]?.provider === provider);
    if (!pattern) return undefined;
    return this.wildcard(pattern.source, `${pattern.source.slice(0, -1)}${name}`, pattern.deployments, [name]);
  }

  private wildcard(
    source: string,
    name: string,
    deployments: readonly Deployment[],
    caught: readonly string[],
  ): ResolvedGroup {
    const targets = deployments.map((deployment) => this.target(deployment, fill(deployment.model, caught)));
    return groupOf(source, name, targets);
  }

  private target(deployment: Deployment, model: string): Target {
    const { state, facts } = this.options;
    return new Target(deployment, model, state.of(deployment), facts);
  }

  private deploymentsOf(name: string): Deployment[] {
    return (this.resolve(name)?.groups ?? []).flatMap(deploymentsIn);
  }
}
