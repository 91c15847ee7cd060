// Names → deployments: ids, aliases, groups, unions and wildcards. Built once per configuration.
import type { Deployment, RouterSettings } from '@turnpike/domain';

/** One deployment as this request would call it. */
export interface Target {
  readonly deployment: Deployment;
  /** The upstream's model name, wildcards filled in. */
  readonly model: string;
}

/** Interchangeable targets under one name. */
export interface ResolvedGroup {
  readonly name: string;
  readonly targets: readonly Target[];
}

/** What a requested name stands for: groups to try in order. Most names stand for one. */
export interface Resolution {
  /** The name the client asked for. */
  readonly requested: string;
  readonly groups: readonly ResolvedGroup[];
}

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

/** A target that two members of a union share would be chosen twice as often. */
const withoutTwins = (targets: readonly Target[]): Target[] => {
  const byCall = new Map<string, Target>();
  for (const target of targets) {
    const call = JSON.stringify([target.deployment.id, target.model]);
    if (!byCall.has(call)) byCall.set(call, target);
  }
  return [...byCall.values()];
};

export interface ModelIndexOptions {
  deployments: readonly Deployment[];
  settings: Pick<RouterSettings, 'aliases' | 'unions'>;
  /** Provider plugin that knows a bare model name, so that `gpt-4o` finds `openai/*`. */
  recognise?: (model: string) => string | undefined;
}

export class ModelIndex {
  private readonly byId = new Map<string, Deployment>();
  private readonly groups = new Map<string, ResolvedGroup>();
  private readonly patterns: readonly Pattern[];
  private readonly remembered = new Map<string, Resolution>();

  constructor(private readonly options: ModelIndexOptions) {
    const patterns = new Map<string, Pattern>();
    const groups = new Map<string, Target[]>();
    for (const deployment of options.deployments) {
      this.byId.set(deployment.id, deployment);
      const name = deployment.modelName;
      if (name.includes('*')) {
        const pattern = patterns.get(name) ?? { source: name, regex: toRegex(name), deployments: [] };
        pattern.deployments.push(deployment);
        patterns.set(name, pattern);
      } else {
        const targets = groups.get(name) ?? [];
        targets.push({ deployment, model: deployment.model });
        groups.set(name, targets);
      }
    }
    for (const [name, targets] of groups) this.groups.set(name, { name, targets });
    this.patterns = [...patterns.values()].sort(bySpecificity);
  }

  /** Undefined: no configured model has this name. */
  resolve(name: string): Resolution | undefined {
    const known = this.remembered.get(name);
    if (known) return known;
    const groups = this.lookUp(name, new Set());
    if (groups.length === 0) return undefined;
    const resolution: Resolution = { requested: name, groups };
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    this.remembered.set(name, resolution);
    return resolution;
  }

  /** Names for `/v1/models`: groups, unions and visible aliases that stand for something, then wildcards as written. */
  names(): { name: string; isPattern: boolean; deployments: readonly Deployment[] }[] {
    const listed = new Map<string, readonly Deployment[]>();
    for (const [name, group] of this.groups) {
      const deployments = group.targets.map((target) => target.deployment);
      if (deployments.some(isWritten)) listed.set(name, deployments);
    }
    const { unions, aliases } = this.options.settings;
    const visible = Object.keys(aliases).filter((name) => !aliases[name]!.hidden);
    for (const name of [...Object.keys(unions), ...visible]) {
      const deployments = this.deploymentsOf(name);
      if (deployments.length > 0) listed.set(name, deployments);
    }
    const patterns = this.patterns.filter(({ deployments }) => deployments.some(isWritten));
    return [
      ...[...listed].map(([name, deployments]) => ({ name, isPattern: false, deployments })),
      ...patterns.map(({ source, deployments }) => ({ name: source, isPattern: true, deployments })),
    ];
  }

  /** Aliases come before groups: that is what gives an old name to a new group. A cascade's own deployments come last. */
  private lookUp(name: string, seen: Set<string>): ResolvedGroup[] {
    if (seen.has(name)) return [];
    seen.add(name);
    const deployment = this.byId.get(name);
    if (deployment) return [{ name: deployment.modelName, targets: [{ deployment, model: deployment.model }] }];
    const alias = ownOf(this.options.settings.aliases, name);
    if (alias) {
      const cascade = alias.targets.flatMap((target) => this.lookUp(target, seen));
      const own = this.groups.get(name);
      return own ? [...cascade, own] : cascade;
    }
    const group = this.groups.get(name);
    const union = ownOf(this.options.settings.unions, name);
    if (union) {
      const targets = union.flatMap((member) => this.lookUp(member, new Set(seen)).flatMap((found) => found.targets));
      return [{ name, targets: withoutTwins([...targets, ...(group?.targets ?? [])]) }];
    }
    if (group) return [group];
    const matched = this.match(name);
    return matched ? [matched] : [];
  }

  private match(name: string): ResolvedGroup | undefined {
    for (const { source, regex, deployments } of this.patterns) {
      const caught = regex.exec(name)?.slice(1);
      if (caught) {
        return {
          name: source,
          targets: deployments.map((deployment) => ({ deployment, model: fill(deployment.model, caught) })),
        };
      }
    }
    // `gpt-4o` finds `openai/*` when that provider knows the name.
    const provider = name.includes('/') ? undefined : this.options.recognise?.(name);
    const pattern =
      provider &&
      this.patterns.find(({ source, deployments }) => source.endsWith('/*') && deployments[0]?.provider === provider);
    return pattern
      ? {
          name: pattern.source,
          targets: pattern.deployments.map((deployment) => ({ deployment, model: fill(deployment.model, [name]) })),
        }
      : undefined;
  }

  private deploymentsOf(name: string): Deployment[] {
    return (this.resolve(name)?.groups ?? []).flatMap((group) => group.targets.map((target) => target.deployment));
  }
}
